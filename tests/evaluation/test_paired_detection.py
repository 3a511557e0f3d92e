"""Differences in detection at equal false alarms, against a search of all thresholds."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from src.evaluation.comparison import check_pairs
from src.evaluation.intervals import MeanTest
from src.evaluation.paired_detection import resampled_detection, resampled_differences
from src.evaluation.verdicts import Verdicts

RATES = (0.01, 0.05, 0.3)


def run(seed: int, *, lift: float = 0.3, n: int = 400) -> Verdicts:
    """A run whose attacks have higher scores by `lift`; scores are tenths, so that many are equal."""
    rng = np.random.default_rng(seed)
    line = np.arange(n)
    target = (line % 3 == 0).astype(np.int32)
    attack = np.clip(rng.random(n) + lift * target, 0, 1).round(1).astype(np.float32)
    return Verdicts(line + 1, (line // 2).astype(np.uint64), target, target, attack, ("normal", "attack"))


def detection_differences(
    first: Sequence[Verdicts], second: Sequence[Verdicts], rates: Sequence[float], **options: int
) -> dict[float, MeanTest]:
    """Differences of two configurations whose detection is not kept."""
    check_pairs(first, second)
    return resampled_differences(*(resampled_detection(runs, rates, **options) for runs in (first, second)), rates)


def best(one: Verdicts, rate: float) -> float:
    """Highest detection of any threshold with at most this share of false alarms."""
    normal, attacks = one.attack[one.target == 0], one.attack[one.target == 1]
    kept = [at for at in np.append(np.unique(one.attack), np.inf) if np.mean(normal >= at) <= rate]
    return max(float(np.mean(attacks >= at)) for at in kept)


def test_a_difference_is_that_of_the_lowest_thresholds_that_keep_the_rate() -> None:
    first, second = [run(1), run(2)], [run(3, lift=0.1), run(4, lift=0.1)]
    found = detection_differences(first, second, RATES, resamples=50)
    for rate in RATES:
        pairs = zip(first, second, strict=True)
        assert found[rate].interval.mean == pytest.approx(
            np.mean([best(one, rate) - best(other, rate) for one, other in pairs])
        )
    assert found[0.3].interval.low < found[0.3].interval.mean < found[0.3].interval.high


def test_other_lines_first_change_nothing() -> None:
    first, second = run(1), run(2)
    order = np.random.default_rng(0).permutation(len(first))
    names = ("row", "vector", "target", "predicted", "attack")
    turned = replace(first, **{name: getattr(first, name)[order] for name in names})
    assert detection_differences([turned], [second], RATES, resamples=20) == detection_differences(
        [first], [second], RATES, resamples=20
    )


def test_a_run_does_not_differ_from_itself() -> None:
    for test in detection_differences([run(1)], [run(1)], RATES, resamples=20).values():
        assert (test.interval.mean, test.interval.low, test.interval.high, test.p) == (0, 0, 0, 1)


def test_a_clear_difference_is_found() -> None:
    (test,) = detection_differences([run(1, lift=0.8)], [run(2, lift=0.0)], (0.3,), resamples=200).values()
    assert test.interval.low > 0
    assert test.p == pytest.approx(2 / 201)


def test_copies_of_a_vector_are_drawn_together() -> None:
    """All records as one vector leave one test to draw: no width, whatever the scores are."""
    first, second = (replace(one, vector=np.zeros(len(one), dtype=np.uint64)) for one in (run(1), run(2)))
    (test,) = detection_differences([first], [second], (0.05,), resamples=20).values()
    assert test.interval.low == test.interval.high == pytest.approx(test.interval.mean)


def test_runs_on_other_records_are_no_pair() -> None:
    with pytest.raises(ValueError, match="expected pairs of runs on the same records"):
        detection_differences([run(1)], [run(1, n=300)], RATES)


def test_each_pair_has_test_records_of_its_own() -> None:
    """Seeds that draw their test: a record of one is not that of the other at the same place."""
    first, second = [run(1), run(2, n=300)], [run(3, lift=0.1), run(4, lift=0.1, n=300)]
    (both,) = detection_differences(first, second, (0.3,), resamples=400).values()
    other = [replace(one, vector=one.vector + np.uint64(10_000)) for one in (first[1], second[1])]
    apart = detection_differences([first[0], other[0]], [second[0], other[1]], (0.3,), resamples=400)[0.3]
    assert (
        both.interval.mean
        == apart.interval.mean
        == pytest.approx(np.mean([best(one, 0.3) - best(two, 0.3) for one, two in zip(first, second, strict=True)]))
    )
    assert apart.interval.low < both.interval.mean < apart.interval.high


def test_without_attacks_nothing_is_told_apart() -> None:
    first, second = (replace(one, target=np.zeros(len(one), dtype=np.int32)) for one in (run(1), run(2)))
    (test,) = detection_differences([first], [second], (0.3,), resamples=20).values()
    assert (test.interval.mean, test.p) == (0, 1)
