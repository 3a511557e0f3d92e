"""Counts of like records before each record of a file, against a double loop."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.data.history import ALIKE, History, short_histories, with_history
from src.data.schema import FEATURES

PLACE = {name: place for place, name in enumerate(FEATURES)}
# what two records differ in: service, flag (an indicator), bytes sent, bytes received, duration (which matters nowhere)
TOLD = ("service", "flag_SF", "src_bytes", "dst_bytes", "duration")
MATTER = {
    "service": (0,),
    "service_flag": (0, 1),
    "service_src_bytes": (0, 2),
    "service_dst_bytes": (0, 3),
    "service_flag_bytes": (0, 1, 2, 3),
}


def records(told: list[tuple[int, ...]]) -> np.ndarray:
    """Encoded records that have these values of TOLD and are 0 elsewhere."""
    X = np.zeros((len(told), len(FEATURES)), dtype=np.float32)
    for row, values in enumerate(told):
        X[row, [PLACE[name] for name in TOLD]] = values
    return X


def double_loop(told: list[tuple[int, ...]], lengths: list[int]) -> np.ndarray:
    found = np.zeros((len(told), len(lengths), len(MATTER)))
    for row, own in enumerate(told):
        for place, length in enumerate(lengths):
            for way, columns in enumerate(MATTER.values()):
                before = told[max(0, row - length) : row]
                count = sum(all(other[at] == own[at] for at in columns) for other in before)
                found[row, place, way] = np.log(1 + count) / np.log(1 + length)
    return found.reshape(len(told), len(lengths) * len(MATTER))


RECORDS = st.lists(st.tuples(*[st.integers(0, 1)] * len(TOLD)), max_size=30)
LENGTHS = st.lists(st.integers(1, 12), min_size=1, max_size=3)


def test_the_ways_are_those_of_the_loop() -> None:
    assert list(ALIKE) == list(MATTER)


@settings(deadline=None)
@given(RECORDS, LENGTHS)
def test_the_counts_are_those_of_a_double_loop(told: list[tuple[int, ...]], lengths: list[int]) -> None:
    found = History(lengths)(records(told))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, double_loop(told, lengths), atol=1e-6)


@settings(deadline=None)
@given(RECORDS, LENGTHS, st.lists(st.integers(0, 30), max_size=6))
def test_a_file_that_comes_in_blocks_has_the_counts_of_the_whole(
    told: list[tuple[int, ...]], lengths: list[int], cuts: list[int]
) -> None:
    X, stream = records(told), History(lengths)
    bounds = [0, *sorted(min(cut, len(X)) for cut in cuts), len(X)]
    blocks = [stream(X[start:end]) for start, end in pairwise(bounds)]
    np.testing.assert_array_equal(np.concatenate(blocks), History(lengths)(X))


def test_another_feature_changes_no_count() -> None:
    X = records([(1, 0, 0, 0, 0)] * 6)
    X[:, PLACE["count"]] = np.arange(6)
    np.testing.assert_array_equal(History([4])(X), History([4])(records([(1, 0, 0, 0, 0)] * 6)))


@pytest.mark.parametrize("flag", ["flag_S0", "flag_SH", "flag_OTH"])
def test_every_flag_is_distinguished(flag: str) -> None:
    X = records([(1, 0, 0, 0, 0)] * 2)
    X[1, PLACE[flag]] = 1
    service, service_flag, *_ = History([1])(X)[1]
    assert (service, service_flag) == (1, 0)


def test_what_a_model_reads_has_the_counts_behind_the_values() -> None:
    both = with_history(np.ones((2, 3), dtype=np.float32), np.zeros((2, 5), dtype=np.float32))
    assert (both.dtype, both.tolist()) == (np.float32, [[1] * 3 + [0] * 5] * 2)


@settings(deadline=None)
@given(RECORDS, LENGTHS, st.data())
def test_only_visible_records_are_counted(told: list[tuple[int, ...]], lengths: list[int], data: st.DataObject) -> None:
    visible = data.draw(st.lists(st.integers(0, 30), min_size=len(told), max_size=len(told)))
    block = data.draw(st.integers(0, len(told)))
    history, X, limit = History(lengths), records(told), np.array(visible, dtype=np.int64)
    found = np.concatenate([history(X[:block], limit[:block]), history(X[block:], limit[block:])])
    for row, few in enumerate(visible):
        alone = double_loop(told[max(0, row - few) : row + 1], lengths)[-1]
        np.testing.assert_allclose(found[row], alone, atol=1e-6)


def test_a_share_of_short_histories_is_half_empty_and_half_short() -> None:
    found = short_histories(10_000, 0.4, 1_000, seed=0)
    assert np.mean(found == 0) == pytest.approx(0.2, abs=0.02)
    few = found[(found > 0) & (found < 1_000)]
    assert len(few) == pytest.approx(2_000, abs=200)
    assert np.median(few) == pytest.approx(1_000**0.5, rel=0.25)  # as many below 32 as above
    assert (short_histories(50, 0.0, 1_000, seed=0) == 1_000).all()
    assert found.tolist() == short_histories(10_000, 0.4, 1_000, seed=0).tolist()
