"""Weights of classes and of attack types, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.models.networks.row_weights import balance, balance_types, limit_types

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


@pytest.mark.parametrize(
    ("power", "expected"),
    [
        # 8 records of class 0: 6, 1 and 1 of its types; 2 of class 1, of one type, whose share is 1
        (1.0, [1 / (6 / 8)] * 6 + [8, 8] + [1, 1]),
        (0.5, [(8 / 6) ** 0.5] * 6 + [8**0.5] * 2 + [1, 1]),
    ],
)
def test_a_type_weighs_its_share_of_its_class_to_a_power(power: float, expected: list[float]) -> None:
    y = np.array([0] * 8 + [1, 1], dtype=np.int32)
    kind = np.array([7] * 6 + [2, 4] + [9, 9], dtype=np.int32)
    found = balance_types(np.ones(10, dtype=np.float32), y, kind, power)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.array(expected) / np.mean(expected), rtol=1e-6)
    # a factor for each class, as from `balance`, changes no share within a class
    of_class = np.where(y == 0, 3, 5).astype(np.float32)
    weighed = np.array(expected) * of_class
    np.testing.assert_allclose(balance_types(of_class, y, kind, power), weighed / weighed.mean(), rtol=1e-6)


@given(st.lists(st.integers(0, 4), max_size=40), st.integers(1, 12), st.integers(0, 3))
def test_no_type_has_more_rows_than_its_limit_nor_fewer_than_it_may(kinds: list[int], limit: int, seed: int) -> None:
    kind = np.array(kinds, dtype=np.int32)
    kept = limit_types(kind, limit, seed)
    assert kept.tolist() == sorted(set(kept.tolist()))
    expected = np.minimum(np.bincount(kind, minlength=5), limit)
    np.testing.assert_array_equal(np.bincount(kind[kept], minlength=5), expected)


def test_the_rows_of_a_limit_are_drawn_by_the_seed_from_all() -> None:
    kind = np.zeros(100, dtype=np.int32)
    one, again, other = (limit_types(kind, 10, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    assert len({place for seed in range(100) for place in limit_types(kind, 10, seed)}) > 95


def test_rows_that_represent_several_records_count_as_many() -> None:
    weight, y = np.array([6, 1, 1], dtype=np.float32), np.zeros(3, dtype=np.int32)
    found = balance_types(weight, y, np.array([0, 1, 1], dtype=np.int32), 1.0)
    np.testing.assert_allclose(found, [8 * 3 / 16, 4 * 3 / 16, 4 * 3 / 16])  # 6 / (6/8), 1 / (2/8), and their mean 16/3
