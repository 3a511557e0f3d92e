"""Scores at equal false alarms: derived by hand, equal to a detector with that threshold, and bands by brute force."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from src.detector.decision import Decision, attack_probability
from src.evaluation import outputs, plots
from src.evaluation.operating_points import (
    ON_TEST,
    Labels,
    OperatingPoints,
    Scored,
    TrainingThresholds,
    operating_points,
)
from src.evaluation.operating_tables import operating_tables
from src.evaluation.thresholds import FALSE_ALARM_RATES, training_thresholds
from src.utils.sections import as_markdown
from tests.kdd import KDD
from tests.pictures import texts_inside

NAMES = ("normal", "smurf", "mailbomb", "nmap")
# 100 normal records at 0.005, 0.015, ... 0.995: one in a hundred lies above 0.985, five above 0.945
NORMAL = np.arange(100) / 100 + 0.005
ATTACKS = np.array([0.99, 0.97, 0.96, 0.95, 0.5, 0.5, 0.999, 0.2, 0.93, 0.1])
CODES = np.array([0] * 100 + [1] * 5 + [2] * 3 + [3] * 2, dtype=np.int32)
COST = [[0, 1, 2], [1, 0, 2], [4, 2, 0]]


def two_classes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    attack = np.concatenate([NORMAL, ATTACKS])
    return np.stack([1 - attack, attack], axis=1), (CODES > 0).astype(np.int32), np.arange(110).astype(np.uint64)


def found(chosen: TrainingThresholds | None = None, resamples: int = 0, traffic: int = 1_000_000) -> OperatingPoints:
    probability, target, vector = two_classes()
    labels = Labels(NAMES, CODES, frozenset({"normal", "smurf"}), KDD)
    scored = Scored.of(probability, target, vector, [[0, 1], [3, 0]])
    result = operating_points(scored, labels, chosen, resamples=resamples, seed=0, records_a_day=traffic)
    assert result is not None
    return result


def at(result: OperatingPoints, rate: float, chosen_on: str = ON_TEST) -> pd.Series:
    rows = result.table.set_index(["allowed", "threshold_from"])
    return rows.loc[(rate, chosen_on)]


def test_detection_and_cost_at_each_rate_are_those_of_the_lowest_threshold_within_it() -> None:
    result = found()
    one, five = at(result, 0.01), at(result, 0.05)
    assert (one["false_alarm_rate"], one["detection"]) == (0.01, pytest.approx(2 / 10))  # 0.99 and 0.999
    assert one["mean_cost"] == pytest.approx((1 + 8 * 3) / 110)
    assert (five["false_alarm_rate"], five["detection"]) == (0.05, pytest.approx(5 / 10))
    assert five["mean_cost"] == pytest.approx((5 + 5 * 3) / 110)
    # below one record in a hundred only what lies above all normal records raises an alarm
    assert (at(result, 0.001)["false_alarm_rate"], at(result, 0.001)["detection"]) == (0, pytest.approx(1 / 10))
    assert (five["detection_dos"], five["detection_probe"]) == (pytest.approx(5 / 8), 0)
    assert (five["detection_known_attacks"], five["detection_unknown_attacks"]) == (4 / 5, pytest.approx(1 / 5))
    assert result.metrics["detection_at_5_percent"] == pytest.approx(0.5)
    assert result.metrics["detection_unknown_attacks_at_5_percent"] == pytest.approx(0.2)
    by_type = result.attacks.set_index("attack")
    assert by_type.index.tolist() == ["smurf", "mailbomb", "nmap"]
    assert by_type["in_training"].tolist() == [True, False, False]
    assert by_type["detected_at_5_percent"].tolist() == pytest.approx([4 / 5, 1 / 3, 0])


def test_a_detector_with_that_threshold_gives_the_same_verdicts() -> None:
    rng = np.random.default_rng(0)
    probability = rng.dirichlet([0.5, 0.5, 0.5], 400).astype(np.float32)
    target = rng.integers(0, 3, 400).astype(np.int32)
    scored = Scored.of(probability, target, np.arange(400).astype(np.uint64), COST)
    labels = Labels(NAMES[:3], target, frozenset(NAMES[:3]), KDD)
    result = operating_points(scored, labels, None, resamples=0, seed=0, records_a_day=1)
    assert result is not None
    for rate in FALSE_ALARM_RATES:
        row = at(result, rate)
        verdict = Decision(threshold=float(min(row["threshold"], 1)), cost=tuple(map(tuple, COST))).verdict(probability)
        normal = target == 0
        assert row["false_alarm_rate"] == pytest.approx(np.mean(verdict[normal] != 0))
        assert row["detection"] == pytest.approx(np.mean(verdict[~normal] != 0))
        assert row["mean_cost"] == pytest.approx(np.mean(np.array(COST)[target, verdict]))
    no_cost = Scored.of(probability, target, scored.vector, None)
    assert no_cost.alarm_class.tolist() == Decision(threshold=0.0).verdict(probability).tolist()


def test_a_threshold_of_training_stays_and_one_that_is_missing_gives_no_alarm() -> None:
    result = found(TrainingThresholds("validation", {0.01: 0.94}))
    one = at(result, 0.01, "validation")
    assert (one["false_alarm_rate"], one["detection"]) == (pytest.approx(0.06), pytest.approx(0.5))
    none = at(result, 0.05, "validation")
    assert (none["threshold"], none["false_alarm_rate"], none["detection"]) == (np.inf, 0, 0)
    assert result.metrics["false_alarm_rate_set_for_1_percent"] == pytest.approx(0.06)
    assert result.metrics["detection_set_for_1_percent"] == pytest.approx(0.5)
    assert not any("set_for" in name for name in found().metrics)


def test_training_chooses_on_validation_or_in_each_block() -> None:
    probability, target, _ = two_classes()
    probability = probability.astype(np.float32)
    chosen = training_thresholds(probability, target, Decision())
    assert chosen == pytest.approx({0.001: 0.997, 0.005: 0.997, 0.01: 0.9875, 0.05: 0.9475})
    blocks = [probability[:50], probability[50:100]]  # the second block alone has the loud half of the records
    in_blocks = training_thresholds(probability, target, Decision(), blocks)
    assert in_blocks == pytest.approx({0.05: 0.98})  # two of its fifty records; within 1 % it has no alarm at all
    assert training_thresholds(probability[target == 1], target[target == 1], Decision()) == {}


def test_precision_and_alarms_a_day_follow_from_base_rate_and_traffic() -> None:
    row = at(found(traffic=10_000), 0.05)
    right, false = 0.5 / 100, 0.05 * 0.99
    assert row["precision_1_in_100"] == pytest.approx(right / (right + false))
    assert row["alarms_a_day_1_in_100"] == pytest.approx(10_000 * (right + false))
    assert row["false_alarms_a_day_1_in_1000"] == pytest.approx(10_000 * 0.05 * 0.999)
    assert np.isnan(at(found(TrainingThresholds("validation", {})), 0.05, "validation")["precision_1_in_100"])


def test_bands_are_those_of_resampled_vectors() -> None:
    rng = np.random.default_rng(1)
    vector = rng.integers(0, 60, 600).astype(np.uint64)
    target = (vector % 2).astype(np.int32)
    attack = rng.beta(2, 2, 600) / 2 + 0.3 * target
    probability = np.stack([1 - attack, attack], axis=1)
    scored = Scored.of(probability, target, vector, None)
    labels = Labels(("normal", "smurf"), target, frozenset({"smurf"}), KDD)
    result = operating_points(scored, labels, TrainingThresholds("validation", {0.05: 0.5}), resamples=500, seed=0,
                              records_a_day=1)  # fmt: skip
    assert result is not None
    fixed, read = [], []
    for _ in range(500):
        rows = np.concatenate([np.flatnonzero(vector == one) for one in rng.choice(np.unique(vector), 60)])
        scores, normal = attack_probability(probability)[rows], target[rows] == 0
        fixed.append(np.mean(scores[~normal] >= 0.5))
        silent = np.sort(scores[normal])[::-1][int(0.05 * normal.sum())]
        read.append(np.mean(scores[~normal] > silent))
    for chosen_on, values in (("validation", fixed), (ON_TEST, read)):
        row = at(result, 0.05, chosen_on)
        np.testing.assert_allclose(
            [row["detection_low"], row["detection_high"]], np.percentile(values, [2.5, 97.5]), atol=0.03
        )
        assert row["detection_low"] <= row["detection"] <= row["detection_high"]


def test_a_resampled_test_uses_the_alarms_that_are_allowed() -> None:
    """Its threshold is one of a grid. On a coarse one it used 97 % of them, so that the band lay too low."""
    rng = np.random.default_rng(0)
    target = np.repeat([0, 1], [24_000, 16_000]).astype(np.int32)
    attack = 1 / (1 + np.exp(-rng.normal(2.0 * target)))
    probability = np.stack([1 - attack, attack], axis=1).astype(np.float32)
    scored = Scored.of(probability, target, np.arange(len(target), dtype=np.uint64), None)
    labels = Labels(("normal", "smurf"), target, frozenset({"smurf"}), KDD)
    made = operating_points(scored, labels, None, resamples=300, seed=0, records_a_day=1_000)
    assert made
    for rate in (0.01, 0.05):
        point = at(made, rate)
        assert (point["false_alarm_rate_low"] + point["false_alarm_rate_high"]) / 2 > 0.985 * rate
        assert (point["detection_low"] + point["detection_high"]) / 2 == pytest.approx(point["detection"], abs=0.006)


def test_the_curve_rises_from_silence_to_alarms_for_all() -> None:
    curve = found(resamples=50).curve
    assert (curve["false_alarm_rate"] <= curve["allowed"] + 1e-9).all()
    assert (np.diff(curve["detection"]) >= 0).all()
    assert curve["detection"].iloc[-1] == 1
    assert set(curve) >= {"detection_low", "detection_high", "mean_cost_low", "mean_cost_high"}


def test_a_part_without_normal_records_has_no_false_alarms_to_compare_at() -> None:
    probability, target, vector = two_classes()
    scored = Scored.of(probability[100:], target[100:], vector[100:], None)
    labels = Labels(NAMES, CODES[100:], frozenset(), KDD)
    assert operating_points(scored, labels, None, resamples=10, seed=0, records_a_day=1) is None


def test_tables_and_picture_show_each_point(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result = found(TrainingThresholds("validation", {0.01: 0.94}), resamples=50)
    outputs.write_operating_points(result, tmp_path, "caption")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "operating_attacks.csv", "operating_curve.csv", "operating_curve.png", "operating_points.csv",
        "operating_points.md",
    ]  # fmt: skip
    text = (tmp_path / "operating_points.md").read_text()
    assert text == as_markdown(operating_tables(result.table)) + "\n"
    assert "| 5 | validation | none | 0.00 | 0.00 [0.00, 0.00] |" in text
    assert "no alarm" in text
    others = operating_tables(result.table.assign(detection_fuzzers=0.25, detection_worms=0.5))[0]
    assert others.titles[-2:] == ("fuzzers", "worms")
    assert [row[-2:] for row in others.rows] == [("25.00", "50.00")] * len(result.table)
    words = texts_inside(plots.alarm_curves({"one": result.curve, "other": result.curve}, "caption"), monkeypatch)
    assert {"one", "other", "missed attacks (DET)", "share of attacks with an alarm (ROC)"} <= set(words)
