"""Windows of records: the records of each, against a double loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from src.data.layout import HISTORY_STEP, Layout, Windows, in_order
from tests.kdd import FEATURES, KDD, SERVICES

ROWS = np.array([[1, 10], [2, 20], [3, 30], [4, 40]], dtype=np.float32)


def test_a_window_ends_with_its_newest_record_and_repeats_the_first_record_before_itself() -> None:
    windows = Windows(ROWS, np.array([3, 0, 1]), 3)
    assert (len(windows), windows.shape) == (3, (3, 3, 2))
    assert np.asarray(windows).tolist() == [
        [[2, 20], [3, 30], [4, 40]],
        [[1, 10], [1, 10], [1, 10]],
        [[1, 10], [1, 10], [2, 20]],
    ]
    assert np.asarray(windows).dtype == np.float32
    assert windows.newest.tolist() == [[4, 40], [1, 10], [2, 20]]


def test_a_window_of_one_is_the_record_itself() -> None:
    assert np.asarray(Windows(ROWS, np.array([2]), 1)).tolist() == [[[3, 30]]]


def test_some_windows_are_taken_without_copying_the_records() -> None:
    windows = Windows(ROWS, np.arange(4), 2)
    for some in (windows[np.array([3, 3])], windows[3:]):
        assert some.rows is ROWS
        assert np.asarray(some)[0].tolist() == [[3, 30], [4, 40]]
    assert len(windows[:0]) == 0
    assert np.asarray(windows[:0]).shape == (0, 2, 2)


@given(st.lists(st.integers(0, 11), max_size=20), st.integers(1, 15))
def test_windows_are_those_of_a_double_loop(last: list[int], window: int) -> None:
    rows = np.arange(24, dtype=np.float32).reshape(12, 2)
    expected = np.empty((len(last), window, 2))
    for n, newest in enumerate(last):
        for step in range(window):
            expected[n, step] = rows[max(0, newest - (window - 1 - step))]
    np.testing.assert_array_equal(np.asarray(Windows(rows, np.array(last, dtype=np.int64), window)), expected)


def test_a_layout_of_one_record_has_no_longer_window() -> None:
    assert Layout("record", 1) == Layout(name="record", window=1)
    with pytest.raises(ValidationError, match="window=8: expected 1 where a model reads one record; add layout=window"):
        Layout("record", 8)
    with pytest.raises(ValidationError, match=r"window\n.*greater than or equal to 1"):
        Layout(name="window", window=0)
    with pytest.raises(ValidationError, match="window=2: expected 1 where a model reads one record"):
        Layout("groups", 2)
    with pytest.raises(ValidationError, match="window=2: expected 1 where a model reads one record"):
        Layout("history", 2, [10])
    with pytest.raises(ValidationError, match=r"name\n.*'record', 'groups', 'history' or 'window'"):
        Layout(name="frame", window=1)  # type: ignore[arg-type]


# --- groups ----------------------------------------------------------------------------------------------------------

WITH_INDICATORS = (*(name for name in FEATURES if name != "service"), *(f"service_{name}" for name in SERVICES))


@pytest.mark.parametrize(("features", "basic"), [(FEATURES, 8 - 1 + 3 + 11), (WITH_INDICATORS, 8 - 2 + 3 + 11 + 70)])
def test_the_groups_partition_the_features(features: tuple[str, ...], basic: int) -> None:
    steps = Layout("groups", 1).steps(features, KDD)
    assert steps is not None
    assert (steps.dtype, steps.shape) == (np.int64, (len(features),))
    # of the 9 basic columns, protocol and flag are indicators (and service may be), behind all other columns
    assert np.bincount(steps).tolist() == [basic, 13, 9, 10]
    of = dict(zip(features, steps.tolist(), strict=True))
    chosen = ("duration", "urgent", "flag_SH", "hot", "is_guest_login", "count", "srv_diff_host_rate", "dst_host_count")
    assert [of[name] for name in chosen] == [0, 0, 0, 1, 1, 2, 2, 3]


def test_the_counts_of_the_past_are_a_fifth_step_behind_the_groups() -> None:
    groups, history = Layout("groups", 1).steps(FEATURES, KDD), Layout("history", 1, [100, 1000]).steps(FEATURES, KDD)
    assert groups is not None
    assert history is not None
    assert history.tolist() == [*groups.tolist(), *[HISTORY_STEP] * 10]
    assert in_order(history).tolist() == [*groups.tolist(), *[4] * 10]


@pytest.mark.parametrize(
    ("name", "history"), [("history", []), ("record", [100]), ("groups", [100]), ("window", [100])]
)
def test_lengths_belong_to_the_past_alone(name: str, history: list[int]) -> None:
    with pytest.raises(
        ValidationError, match=r"history=.*: expected one length or more with layout=history, and none else"
    ):
        Layout(name, 1, history)  # type: ignore[arg-type]


def test_a_length_is_one_record_or_more() -> None:
    with pytest.raises(ValidationError, match=r"0\n.*greater than or equal to 1"):
        Layout("history", 1, [0])


def test_windows_and_the_past_follow_the_file() -> None:
    layouts = [Layout("record", 1), Layout("groups", 1), Layout("history", 1, [10]), Layout("window", 8)]
    assert [one.follows_file for one in layouts] == [False, False, True, True]


def test_other_layouts_have_no_groups() -> None:
    assert Layout("record", 1).steps(FEATURES, KDD) is None
    assert Layout("window", 8).steps(FEATURES, KDD) is None
