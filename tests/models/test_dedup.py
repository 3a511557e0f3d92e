"""Duplicate rows: merged into fewer rows of the same total weight."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.data.layout import Windows
from src.models.dedup import distinct, merge_copies

X = np.array([[1, 2], [1, 2], [3, 4], [1, 2], [1, 2], [1, 2], [1, 2]], dtype=np.float32)
Y = np.array([0, 0, 1, 0, 0, 0, 1], dtype=np.int32)


def test_equal_rows_of_a_class_share_rows_and_weight() -> None:
    # (1, 2) of class 0 five times: with at most 2 copies a row, 3 rows of 5/3; the mean weight is 7/5
    rows, classes, weight = merge_copies(X, Y, 2)
    found = sorted(zip(rows[:, 0], classes, (weight * 7 / 5).round(6), strict=True))
    assert found == [(1, 0, 1.666667)] * 3 + [(1, 1, 1), (3, 1, 1)]
    assert (rows.dtype, classes.dtype, weight.dtype) == (np.float32, np.int32, np.float32)


def test_one_copy_a_row_changes_nothing() -> None:
    rows, classes, weight = merge_copies(X, Y, 1)
    assert rows is X
    assert classes is Y
    assert weight.tolist() == [1] * 7


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1)), min_size=1, max_size=60), st.integers(1, 70)
)  # fmt: skip
def test_every_row_keeps_its_share_of_the_weight(found: list[tuple[int, int]], most: int) -> None:
    X = np.array([[x] for x, _ in found], dtype=np.float32)
    y = np.array([y for _, y in found], dtype=np.int32)
    rows, classes, weight = merge_copies(X, y, most)
    assert weight.mean() == pytest.approx(1, rel=1e-5)
    for x, c in set(found):
        share = weight[(rows[:, 0] == x) & (classes == c)].sum() / weight.sum()
        assert share == pytest.approx(found.count((x, c)) / len(found), rel=1e-5)


# --- windows ---------------------------------------------------------------------------------------------------------

few = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=40)


@given(few, st.integers(1, 4), st.booleans())
def test_windows_are_the_same_where_all_their_records_are(
    records: list[tuple[int, int]], window: int, with_class: bool
) -> None:
    X = Windows(np.array(records, dtype=np.float32)[:, :1], np.arange(len(records)), window)
    y = np.array([y for _, y in records], dtype=np.int32)
    first, row, count = distinct(X, y if with_class else None)
    seen = [(*one.ravel(), y[place] * with_class) for place, one in enumerate(np.asarray(X))]
    assert len(first) == len(set(seen))
    assert [seen[first[one]] for one in row] == seen
    assert [seen.index(seen[one]) for one in first] == first.tolist()
    assert count.tolist() == [seen.count(seen[one]) for one in first]


@given(few, st.integers(1, 3), st.integers(2, 50))
def test_every_window_keeps_its_share_of_the_weight(records: list[tuple[int, int]], window: int, most: int) -> None:
    X = Windows(np.array(records, dtype=np.float32)[:, :1], np.arange(len(records)), window)
    y = np.array([y for _, y in records], dtype=np.int32)
    kept, classes, weight = merge_copies(X, y, most)
    assert weight.mean() == pytest.approx(1, rel=1e-5)
    before = [(*one.ravel(), c) for one, c in zip(np.asarray(X), y, strict=True)]
    after = [(*one.ravel(), c) for one, c in zip(np.asarray(kept), classes, strict=True)]
    for kind in set(before):
        share = sum(w for one, w in zip(after, weight, strict=True) if one == kind) / weight.sum()
        assert share == pytest.approx(before.count(kind) / len(before), rel=1e-5)


def test_no_window_and_no_row_is_distinct_where_there_is_none() -> None:
    for X in (np.zeros((0, 2), dtype=np.float32), Windows(np.ones((3, 2), dtype=np.float32), np.arange(0), 2)):
        assert [len(one) for one in distinct(X)] == [0, 0, 0]


def test_what_is_no_number_equals_nothing_and_is_left_as_it_is() -> None:
    X = np.array([[np.nan], [np.nan], [1], [1]], dtype=np.float32)
    assert [one.tolist() for one in distinct(X)] == [[0, 1, 2, 3], [0, 1, 2, 3], [1, 1, 1, 1]]
