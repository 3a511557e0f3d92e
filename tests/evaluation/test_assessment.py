"""Assessment of a detector on one test part: 12 records with made-up probabilities."""

from dataclasses import replace

import numpy as np
import pytest

from src.data.sampling import Task
from src.data.schema import N_FEATURES
from src.data.tables import LabeledTable
from src.detector.decision import Decision
from src.evaluation.assessment import AS_FITTED, Assessment, assess
from src.evaluation.config import EvaluationProtocol
from src.evaluation.leakage import Background

ATTACK = np.array([0.1, 0.2, 0.3, 0.6, 0.1, 0.1, 0.9, 0.8, 0.4, 0.45, 0.7, 0.05])
TARGET = np.array([0] * 6 + [1] * 6, dtype=np.int32)
TASK = Task(
    "binary",
    {"normal": {"attacks": ["normal"], "count": 1}, "attack": {"attacks": "others", "count": 1}},  # type: ignore[dict-item]
    [[0, 1], [3, 0]],
)


def table() -> LabeledTable:
    """Each record a vector of its own, but for the last, which is the first one's copy; 4 kinds of label."""
    X = np.zeros((12, N_FEATURES), dtype=np.float32, order="F")
    X[:, 4] = [*range(11), 0]
    codes = np.array([0] * 6 + [1, 1, 1, 2, 2, 2], dtype=np.int32)
    return LabeledTable(X, codes, ("normal", "smurf", "mailbomb"), np.arange(12, 0, -1), TARGET)


def assessed(decision: Decision, *, bootstrap: int = 0) -> Assessment:
    test = table()
    background = Background.of(test.take(np.array([0, 1, 2, 6])))
    protocol = EvaluationProtocol(bootstrap, 1_000_000, True)
    probability = np.stack([1 - ATTACK, ATTACK], axis=1).astype(np.float32)
    return assess(probability, decision, test, background, TASK, protocol, seed=0)


def test_all_metrics_follow_from_the_verdicts_of_the_decision() -> None:
    found = assessed(Decision(threshold=0.35))
    metrics = found.metrics
    assert metrics["accuracy"] == 10 / 12  # one false alarm at 0.6, one missed at 0.05
    assert metrics["mean_cost"] == (1 + 3) / 12
    assert metrics["false_alarm_rate"] == pytest.approx(1 / 6)
    assert metrics["recall_known_attacks"] == 1
    assert metrics["recall_unknown_attacks"] == pytest.approx(2 / 3)
    assert metrics["share_seen_in_training"] == 5 / 12
    assert metrics["accuracy_unseen"] == 6 / 7
    assert metrics["ceiling_accuracy"] == 11 / 12
    assert metrics["share_ambiguous"] == 2 / 12
    assert metrics["ceiling_mean_cost"] == 1 / 12
    assert found.evaluation.per_attack.set_index("attack")["in_training"].to_dict() == {
        "normal": True, "smurf": True, "mailbomb": False,
    }  # fmt: skip
    assert assessed(Decision()).metrics["recall"] == 3 / 6


def test_the_verdicts_are_stored_record_by_record() -> None:
    kept = assessed(Decision(threshold=0.35)).verdicts
    assert kept.row.tolist() == list(range(12, 0, -1))
    assert kept.predicted.tolist() == [0, 0, 0, 1, 0, 0, 1, 1, 1, 1, 1, 0]
    assert kept.target.tolist() == TARGET.tolist()
    np.testing.assert_allclose(kept.attack, ATTACK, atol=1e-7)
    assert len(np.unique(kept.vector)) == 11
    assert kept.vector[0] == kept.vector[11]
    assert (kept.classes, kept.cost) == (("normal", "attack"), [[0, 1], [3, 0]])


def test_calibration_is_reported_before_and_after_the_temperature() -> None:
    plain = assessed(Decision())
    assert plain.reliability["probabilities"].unique().tolist() == [AS_FITTED]
    assert "calibration_error_as_fitted" not in plain.metrics
    scaled = assessed(Decision(2.0))
    assert scaled.reliability["probabilities"].unique().tolist() == [AS_FITTED, "at temperature 2"]
    assert list(scaled.reliability.columns) == ["probabilities", "records", "confidence", "accuracy"]
    assert scaled.metrics["calibration_error_as_fitted"] == plain.metrics["calibration_error"]
    assert scaled.metrics["calibration_error"] != plain.metrics["calibration_error"]
    assert scaled.metrics["accuracy"] == plain.metrics["accuracy"]


def test_intervals_are_reported_beside_their_scores() -> None:
    found = assessed(Decision(), bootstrap=200).metrics
    for name in ("accuracy", "macro_f1", "f1", "recall", "precision", "false_alarm_rate", "mean_cost"):
        assert found[f"{name}_low"] <= found[name] <= found[f"{name}_high"]
    assert not [name for name in assessed(Decision()).metrics if name.endswith(("_low", "_high"))]


def test_a_temperature_does_not_change_the_area_under_the_curve() -> None:
    """Records with the same probability 0 of a class keep their tie: a temperature would order them by the others."""
    certain = np.array([[1, 0, 0], [0.9, 0.1, 0], [0.5, 0.5, 0], [0.2, 0.8, 0]] * 3, dtype=np.float32)
    task = Task(
        "three",
        {"normal": {"attacks": ["normal"], "count": 1}, "smurf": {"attacks": ["smurf"], "count": 1},
         "others": {"attacks": "others", "count": 1}},  # type: ignore[dict-item]
    )  # fmt: skip
    test = replace(table(), target=np.repeat([0, 1, 2], [6, 3, 3]).astype(np.int32))
    areas = [
        assess(certain, Decision(temperature), test, Background.of(test), task, EvaluationProtocol(0, 1, True), seed=0)
        for temperature in (1.0, 3.0)
    ]
    assert areas[0].metrics["roc_auc"] == areas[1].metrics["roc_auc"]
    assert areas[0].metrics["calibration_error"] != areas[1].metrics["calibration_error"]
