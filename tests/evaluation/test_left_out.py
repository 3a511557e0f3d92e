"""Scores on attack types that training lacks, by hand."""

import numpy as np
import pytest

from src.evaluation.left_out import left_out_scores

# 200 normal records, of which two may raise an alarm; three attack types of different sizes, and one with few records
ATTACK = np.array(["normal"] * 200 + ["smurf"] * 30 + ["perl"] * 20 + ["ipsweep"] * 40 + ["spy"] * 19)
TARGET = np.array([0] * 200 + [1] * 109)
SCORE = np.concatenate(
    [np.linspace(0, 0.5, 200), [0.9] * 30, [0.495, 0.9] * 10, [0.499, 0.9, 0.9, 0.0] * 10, [0.0] * 19]
)
PROBABILITY = np.stack([1 - SCORE, SCORE], axis=1)


def test_each_type_has_the_same_weight_at_one_false_alarm_in_a_hundred() -> None:
    predicted = (SCORE > 0.8).astype(np.int64)
    cost = [[0, 1], [4, 0]]
    found = left_out_scores(PROBABILITY, predicted, TARGET, ATTACK, frozenset({"normal", "smurf"}), cost)
    # the third highest score of normal traffic, 0.49497, raises none
    assert found["unknown_types_at_1_percent"] == pytest.approx((2 / 2 + 3 / 4) / 2)
    assert found["known_types_at_1_percent"] == 1.0
    # half of 0 for normal records, a quarter of 0 for smurf, a quarter of the mean of 4 / 2 and 4 * 2 / 4
    assert found["balanced_cost"] == pytest.approx(0.25 * 2)
    # the same without costs: half of each unknown type is missed
    assert found["balanced_error"] == pytest.approx(0.25 * 0.5)
    assert "balanced_cost" not in left_out_scores(PROBABILITY, predicted, TARGET, ATTACK, frozenset({"normal"}))


def test_records_with_the_score_of_the_threshold_raise_no_alarm() -> None:
    flat = np.full((309, 2), 0.5)
    found = left_out_scores(flat, TARGET, TARGET, ATTACK, frozenset({"normal"}))
    assert found == {"unknown_types_at_1_percent": 0.0, "balanced_error": 0.0}


def test_without_types_that_training_lacks_there_are_no_scores() -> None:
    known = frozenset(np.unique(ATTACK).tolist())
    assert left_out_scores(PROBABILITY, TARGET, TARGET, ATTACK, known) == {}
    attacks = TARGET == 1
    assert left_out_scores(PROBABILITY[attacks], TARGET[attacks], TARGET[attacks], ATTACK[attacks], frozenset()) == {}
