"""Reliability by hand, and how ties share a bin."""

import numpy as np
import pytest

from src.evaluation.calibration import calibration_error, reliability


def certain(confidence: list[float]) -> np.ndarray:
    """Probabilities of two classes, the second the most probable."""
    return np.array([[1 - one, one] for one in confidence], dtype=np.float64)


def test_certainty_and_accuracy_by_bin() -> None:
    probability = certain([0.6, 0.7, 0.8, 0.9])
    table = reliability(probability, np.array([0, 1, 1, 1]), bins=2)
    assert table["records"].tolist() == [2, 2]
    assert table["confidence"].tolist() == pytest.approx([0.65, 0.85])
    assert table["accuracy"].tolist() == [0.5, 1.0]
    assert calibration_error(table) == pytest.approx((0.15 + 0.15) / 2)


def test_the_error_weighs_bins_by_their_records() -> None:
    # three in four are 90 % certain and right two times in three, one is 60 % certain and wrong
    table = reliability(certain([0.9, 0.9, 0.9, 0.6]), np.array([1, 1, 0, 0]), bins=4)
    assert table["records"].tolist() == [1, 3]
    assert calibration_error(table) == pytest.approx((1 * 0.6 + 3 * (0.9 - 2 / 3)) / 4)


def test_equal_certainties_are_in_one_bin_in_whatever_order_they_come() -> None:
    probability, target = certain([1.0] * 90 + [0.7] * 10), np.array([1] * 85 + [0] * 5 + [1] * 10)
    table = reliability(probability, target)
    assert table["records"].tolist() == [10, 90]
    order = np.random.default_rng(0).permutation(100)
    again = reliability(probability[order], target[order])
    np.testing.assert_allclose(again.to_numpy(), table.to_numpy())


def test_a_certainty_that_fills_a_bin_leaves_the_other_bins_to_the_rest() -> None:
    # of 100 records 70 are certain; 15 bins less that one, for the 30 others, all of them different
    confidence = np.append(np.linspace(0.5, 0.99, 30), [1.0] * 70)
    table = reliability(certain(confidence.tolist()), np.ones(100, dtype=int))
    assert table["records"].iloc[-1] == 70
    assert table["records"].iloc[:-1].between(2, 3).all()
    assert len(table) == 15
    # and one in the middle parts the rest
    confidence = np.append(np.linspace(0.5, 0.99, 30), [0.7] * 70)
    table = reliability(certain(confidence.tolist()), np.ones(100, dtype=int))
    assert table["confidence"].is_monotonic_increasing
    assert table["records"].max() == 70
    assert table["records"].sum() == 100


def test_bins_have_about_as_many_records() -> None:
    rng = np.random.default_rng(0)
    table = reliability(certain((0.5 + rng.random(1500) / 2).tolist()), rng.integers(0, 2, 1500))
    assert len(table) == 15
    assert table["records"].between(98, 102).all()
    assert table["confidence"].is_monotonic_increasing


def test_one_record_is_one_bin() -> None:
    table = reliability(certain([0.75]), np.array([1]))
    assert table.to_numpy().tolist() == [[1, 0.75, 1.0]]
