"""Intervals: by hand where there is a hand, else against the plain way of doing it."""

import numpy as np
import pytest
from scipy import stats

from src.evaluation.intervals import bootstrap, resampled, student
from src.evaluation.metrics import confusion_matrix, scores

COST = [[0, 1, 2], [1, 0, 2], [4, 2, 0]]


@pytest.fixture(scope="module")
def classified() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors, verdicts and targets of 3,000 records, 300 vectors, one of which has a third of the records."""
    rng = np.random.default_rng(0)
    vectors = np.where(rng.random(3000) < 1 / 3, 0, rng.integers(0, 300, 3000)).astype(np.uint64) * np.uint64(2**55)
    target = rng.integers(0, 3, 3000).astype(np.int32)
    predicted = np.where(rng.random(3000) < 0.8, target, rng.integers(0, 3, 3000)).astype(np.int64)
    return vectors, predicted, target


def test_students_interval_of_five_seeds() -> None:
    # standard deviation sqrt(2.5), 2.7764 of which by sqrt(5) is 1.9632
    found = student([1, 2, 3, 4, 5])
    assert (found.mean, found.low, found.high) == pytest.approx((3, 3 - 1.96324, 3 + 1.96324), abs=1e-5)


def test_resampling_draws_as_many_vectors_each_with_all_its_records() -> None:
    # one vector with 100 records in cell 0, 99 with one record in cell 3
    vectors = np.append(np.zeros(100), np.arange(1, 100)).astype(np.uint64)
    cell = np.repeat([0, 3], [100, 99])
    found = resampled(vectors, cell, 5, resamples=500, seed=0)
    assert found.shape == (500, 5)
    assert (found[:, [1, 2, 4]] == 0).all()
    assert (found[:, 0] % 100 == 0).all()
    np.testing.assert_array_equal(found[:, 0] / 100 + found[:, 3], 100)  # draws
    assert found[:, 0].mean() / 100 == pytest.approx(1, abs=0.15)
    assert found[:, 0].std() / 100 == pytest.approx(np.sqrt(0.99), abs=0.15)  # binomial, 100 draws of a hundredth


def test_the_bootstrap_is_that_of_drawing_vectors_one_by_one(classified: tuple[np.ndarray, ...]) -> None:
    vectors, predicted, target = classified
    cells = resampled(vectors, predicted * 3 + target, 9, resamples=2000, seed=0).reshape(-1, 3, 3)
    found = scores(cells, COST)
    distinct, group = np.unique(vectors, return_inverse=True)
    of_vector = [np.flatnonzero(group == one) for one in range(len(distinct))]
    rng = np.random.default_rng(1)
    plain = []
    for _ in range(2000):
        some = np.concatenate([of_vector[one] for one in rng.integers(0, len(distinct), len(distinct))])
        plain.append(scores(confusion_matrix(predicted[some], target[some], 3), COST))
    for name, values in found.items():
        alike = stats.ks_2samp(values, np.array([one[name] for one in plain]))
        assert alike.pvalue > 0.01, name


def test_copies_of_a_record_make_no_score_surer() -> None:
    rng = np.random.default_rng(0)
    vectors, target = np.arange(200).astype(np.uint64), rng.integers(0, 2, 200).astype(np.int32)
    predicted = np.where(rng.random(200) < 0.9, target, 1 - target).astype(np.int64)
    once = bootstrap(vectors, predicted, target, 2, resamples=300, seed=0)
    copied = bootstrap(*(np.tile(one, 50) for one in (vectors, predicted, target)), 2, resamples=300, seed=0)
    assert copied == once


def test_the_same_seed_gives_the_same_interval(classified: tuple[np.ndarray, ...]) -> None:
    vectors, predicted, target = classified
    one, again, other = (bootstrap(vectors, predicted, target, 3, resamples=50, seed=seed) for seed in (0, 0, 1))
    assert one == again != other
    assert "mean_cost" not in one


def test_the_order_of_records_does_not_matter(classified: tuple[np.ndarray, ...]) -> None:
    order = np.random.default_rng(0).permutation(3000)
    assert bootstrap(*classified, 3, resamples=50, seed=0) == bootstrap(
        *(one[order] for one in classified), 3, resamples=50, seed=0
    )
