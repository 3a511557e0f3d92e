from collections import Counter

import numpy as np
import pytest

from src.evaluation.interchangeable import interchangeable
from src.evaluation.intervals import resampled


def records(n: int, n_vectors: int, n_cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Vectors and cells, some of both far more frequent than others."""
    rng = np.random.default_rng(n)
    ids = rng.integers(0, 2**64 - 1, size=n_vectors, dtype=np.uint64)
    return ids[rng.zipf(1.3, size=n) % n_vectors], (rng.zipf(1.5, size=n) % n_cells).astype(np.int64)


@pytest.mark.parametrize("shape", [(1, 1, 1), (60, 15, 3), (900, 250, 25), (400, 400, 2)])
def test_vectors_of_a_group_have_as_many_records_in_each_cell(shape: tuple[int, int, int]) -> None:
    vectors, cell = records(*shape)
    sizes, group = interchangeable(vectors, cell)
    counts = {one: tuple(sorted(Counter(cell[vectors == one].tolist()).items())) for one in np.unique(vectors)}
    expected = Counter(counts.values())
    assert len(sizes) == len(expected)
    for at, size in enumerate(sizes):
        (stands_for,) = np.unique(vectors[group == at])
        assert (group[vectors == stands_for] == at).all()
        assert size == expected[counts[stands_for]]


@pytest.mark.parametrize("shape", [(60, 15, 3), (900, 250, 25), (400, 400, 2)])
def test_draws_are_those_of_groups_in_the_order_of_their_counts(shape: tuple[int, int, int]) -> None:
    """Reports and runs state the numbers of these draws, so that another order of the groups would change them."""
    vectors, cell = records(*shape)
    distinct, vector = np.unique(vectors, return_inverse=True)
    counts = np.zeros((len(distinct), shape[2]), dtype=np.int64)
    np.add.at(counts, (vector, cell), 1)
    groups, sizes = np.unique(counts, axis=0, return_counts=True)
    draws = np.random.default_rng([3, 2]).multinomial(len(distinct), sizes / len(distinct), size=20)
    assert (resampled(vectors, cell, shape[2], resamples=20, seed=3) == draws @ groups).all()
