"""Weights of classes, by hand."""

import numpy as np
import pytest

from src.models.balance import balance

WEIGHT = np.array([2, 1, 0.5, 0.5], dtype=np.float32)  # 3 records' worth of class 0, 1 of class 2
Y = np.array([0, 0, 2, 2], dtype=np.int32)


def test_without_balance_the_weights_are_left_as_they_are() -> None:
    assert balance(WEIGHT, Y, 0.0) is WEIGHT


@pytest.mark.parametrize(("power", "ratio"), [(1.0, 1.0), (0.5, 3**0.5), (1e-9, 3.0)])
def test_a_class_weighs_its_records_to_a_power(power: float, ratio: float) -> None:
    found = balance(WEIGHT, Y, power)
    assert found.mean() == pytest.approx(1)
    assert found.dtype == np.float32
    assert found[:2].sum() / found[2:].sum() == pytest.approx(ratio)
    assert found[0] / found[1] == pytest.approx(2)  # within a class nothing changes
