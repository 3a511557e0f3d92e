"""Mutual information: values derived by hand, and the laws that it obeys."""

from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import mutual_info_score

from src.features.mutual_information import mutual_information

pairs = st.integers(1, 60).flatmap(
    lambda n: st.tuples(
        arrays(np.int64, n, elements=st.integers(0, 6)), arrays(np.int64, n, elements=st.integers(0, 3))
    )
)
# More distinct values than cells, ties among them.
continuous = st.integers(8, 60).flatmap(
    lambda n: st.tuples(
        arrays(np.float64, n, elements=st.integers(-1_000, 1_000).map(lambda value: value / 8)),
        arrays(np.int64, n, elements=st.integers(0, 2)),
    )
)


def score(x: object, y: object, **options: int) -> float:
    (found,) = mutual_information(np.asarray(x)[:, None], np.asarray(y), **options)
    return float(found)


def from_table(table: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Values and classes with these counts, values in rows and classes in columns."""
    x, y = np.indices(np.shape(table)).reshape(2, -1)
    return np.repeat(x, np.ravel(table)), np.repeat(y, np.ravel(table))


@pytest.mark.parametrize(
    ("table", "nats"),
    [
        ([[1, 1], [1, 1]], 0),
        ([[2, 4, 6], [1, 2, 3]], 0),  # independent: the rows are in proportion
        ([[5, 0], [0, 5]], log(2)),
        ([[1, 0, 0], [0, 1, 0], [0, 0, 2]], 1.5 * log(2)),  # identical: the entropy of 1/4, 1/4, 1/2
        ([[3, 1], [1, 3]], 0.75 * log(1.5) - 0.25 * log(2)),  # 0.1308
        ([[2, 0], [1, 1]], 0.5 * log(4 / 3) + 0.25 * log(2 / 3) + 0.25 * log(2)),  # 0.2158
        ([[7, 3]], 0),  # a constant column
        ([[7], [3]], 0),  # a single class
    ],
)
def test_a_table_of_counts_has_the_value_derived_by_hand(table: list[list[int]], nats: float) -> None:
    assert score(*from_table(table)) == pytest.approx(nats, abs=1e-12)


@given(pair=pairs)
@settings(deadline=None)
def test_discrete_columns_score_as_scikit_learn_has_it(pair: tuple[np.ndarray, np.ndarray]) -> None:
    assert score(*pair) == pytest.approx(mutual_info_score(*pair), abs=1e-12)


@given(pair=pairs)
@settings(deadline=None)
def test_feature_and_class_may_change_places(pair: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = pair
    assert score(x, y) == pytest.approx(score(y, x), abs=1e-12)


@given(pair=pairs | continuous)
@settings(deadline=None)
def test_scores_are_not_negative_and_at_most_the_entropy_of_the_class(pair: tuple[np.ndarray, np.ndarray]) -> None:
    shares = np.unique(pair[1], return_counts=True)[1] / len(pair[1])
    assert 0 <= score(*pair, bins=4) <= -(shares * np.log(shares)).sum() + 1e-12


@given(pair=pairs | continuous, bins=st.integers(2, 10), order=st.randoms(use_true_random=False))
@settings(deadline=None)
def test_strictly_increasing_transforms_and_row_order_change_nothing(
    pair: tuple[np.ndarray, np.ndarray], bins: int, order: np.random.Generator
) -> None:
    x, y = pair
    expected = score(x, y, bins=bins)
    for transformed in (3.0 * x + 7, np.exp(x / 50), np.unique(x, return_inverse=True)[1]):
        assert score(transformed, y, bins=bins) == expected
    rows = list(range(len(x)))
    order.shuffle(rows)
    assert score(x[rows], y[rows], bins=bins) == expected


@given(pair=pairs)
@settings(deadline=None)
def test_other_names_for_values_and_classes_change_nothing(pair: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = pair
    assert score(-x, np.array(["d", "a", "c", "b"])[y]) == pytest.approx(score(x, y), abs=1e-12)


@pytest.mark.parametrize(
    ("bins", "halves", "alternating"),
    [
        (2, log(2), 0),  # cells 0-3 and 4-7: each of them half one class, half the other where classes alternate
        (4, log(2), 0),  # cells of two values
        (8, log(2), log(2)),  # 8 distinct values fit into 8 cells: used as they are
    ],
)
def test_a_column_of_more_values_than_bins_is_cut_at_quantiles(bins: int, halves: float, alternating: float) -> None:
    x = np.arange(8) / 3
    assert score(x, [0, 0, 0, 0, 1, 1, 1, 1], bins=bins) == pytest.approx(halves, abs=1e-12)
    assert score(x, [0, 1] * 4, bins=bins) == pytest.approx(alternating, abs=1e-12)


@pytest.mark.parametrize(("bins", "nats"), [(3, 2 * log(2) - 0.75 * log(3)), (2, 0)])
def test_a_column_of_as_many_values_as_bins_is_used_as_it_is(bins: int, nats: float) -> None:
    # both quantiles of three cells, and the one of two, fall on 0
    assert score([0, 0, 0, 0, 0, 0, 1, 2], [0, 0, 0, 0, 0, 0, 1, 1], bins=bins) == pytest.approx(nats, abs=1e-12)


def test_bins_hold_as_many_records_each_and_not_as_much_of_the_range() -> None:
    x = np.array([0, 0.1, 0.2, 0.3, 10, 100, 1_000, 10_000])
    assert score(x, [0, 0, 0, 0, 1, 1, 1, 1], bins=2) == pytest.approx(log(2))


def test_a_continuous_column_has_256_bins_by_default() -> None:
    x = np.random.default_rng(0).normal(size=2_560)
    ranks = np.argsort(np.argsort(x))
    assert score(x, ranks) == pytest.approx(log(256))  # each record a class: all information of the bins
    assert score(x, ranks, bins=16) == pytest.approx(log(16))


def test_columns_are_scored_one_by_one() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(500, 4)).astype(np.float32), rng.integers(0, 3, 500)
    X[:, 1] = y
    scores = mutual_information(np.asfortranarray(X), y)
    assert scores.dtype == np.float64
    assert scores.tolist() == [score(column, y) for column in X.T]
