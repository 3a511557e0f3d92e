"""Equal feature vectors have equal ids, others do not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from src.data.duplicates import overlap, vector_ids

small_integers = st.integers(-2, 2).map(float)
any_value = st.floats(width=32, allow_nan=False)
matrices = st.integers(1, 5).flatmap(
    lambda width: arrays(np.float32, st.tuples(st.integers(1, 20), st.just(width)), elements=small_integers | any_value)
)


@given(X=matrices, again=st.integers(1, 3))
@settings(deadline=None)
def test_ids_are_equal_where_all_values_are_and_nowhere_else(X: np.ndarray, again: int) -> None:
    X = np.tile(X, (again, 1))
    ids = vector_ids(X)
    assert (ids.dtype, ids.shape) == (np.uint64, (len(X),))
    equal = (X[:, None, :] == X[None, :, :]).all(axis=2)
    assert (equal == (ids[:, None] == ids[None, :])).all()


def test_minus_zero_is_zero() -> None:
    ids = vector_ids(np.array([[-0.0, 1], [0.0, 1], [0.0, -1]], dtype=np.float32))
    assert ids[0] == ids[1] != ids[2]


def test_the_same_values_in_other_columns_are_another_vector() -> None:
    values = np.eye(53, dtype=np.float32)
    assert len(np.unique(vector_ids(values))) == 53


def test_neighboring_values_differ() -> None:
    counts = np.arange(512, dtype=np.float32)
    rates = np.arange(101, dtype=np.float32) / 100
    X = np.array([[count, rate] for count in counts for rate in rates], dtype=np.float32)
    assert len(np.unique(vector_ids(X))) == len(X) == 51_712


def test_an_id_depends_on_the_vector_alone() -> None:
    X = np.random.default_rng(0).integers(0, 3, size=(100, 53)).astype(np.float32)
    ids = vector_ids(X)
    assert (vector_ids(np.asfortranarray(X)) == ids).all()
    assert (vector_ids(X[40:]) == ids[40:]).all()


@pytest.mark.parametrize(
    ("train", "test", "share"), [([1, 2, 2], [2, 2, 3, 1], 0.75), ([1], [2], 0), ([], [1, 2], 0), ([1], [], 0)]
)
def test_overlap_is_the_share_of_test_records_seen_in_training(train: list[int], test: list[int], share: float) -> None:
    assert overlap(np.array(train, dtype=np.uint64), np.array(test, dtype=np.uint64)) == share
