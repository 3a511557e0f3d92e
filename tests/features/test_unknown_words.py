"""Words that the encoding does not know: counted, and refused above a share of the records."""

from io import BytesIO

import pyarrow as pa
import pytest

from src.features.unknown_words import UnknownWords, UnknownWordsError
from tests.data.parsing.test_records import record
from tests.kdd import KDD, encode, read_blocks, unknown_per_record

KNOWN = record()
SERVICE = record(service="https")


def columns(*lines: bytes) -> pa.Table:
    (block,) = read_blocks(BytesIO(b"".join(line + b"\n" for line in lines)), "some.csv")
    return block.columns


def added(words: UnknownWords, *lines: bytes) -> UnknownWords:
    table = columns(*lines)
    words.add(table, encode(table)[1], KDD)
    return words


def test_the_unknown_words_of_each_record_are_counted() -> None:
    lines = [KNOWN, SERVICE, record(service="quic", flag="SX", protocol_type="sctp"), KNOWN]
    table = columns(*lines)
    assert unknown_per_record(table).tolist() == [0, 1, 3, 0]
    assert unknown_per_record(table.slice(2)).tolist() == [3, 0]
    assert unknown_per_record(pa.concat_tables([table, columns(KNOWN), table])).tolist() == [0, 1, 3, 0, 0, 0, 1, 3, 0]
    assert unknown_per_record(table.slice(0, 0)).tolist() == []


def test_a_share_of_records_up_to_the_limit_is_counted_and_told() -> None:
    words = added(UnknownWords(0.01, "some.csv", "the limit"), *[KNOWN] * 199, record(service="quic", flag="SX"))
    added(words, *[KNOWN] * 99, SERVICE)
    assert words.counts == {"service": {"quic": 1, "https": 1}, "flag": {"SX": 1}}
    assert str(words) == (
        "found words that no published file has in 2 of 300 records (0.67 %), such as flag 'SX', service 'https', "
        "service 'quic'"
    )


def test_more_records_are_refused_with_three_of_the_words() -> None:
    words = added(UnknownWords(0.01, "some.csv", "the limit"), *[KNOWN] * 198, SERVICE)
    lines = [record(service=f"w{number}") for number in range(3)]
    message = (
        r"^some\.csv: found words that no published file has in 5 of 203 records \(2\.46 %\), such as service 'https', "
        r"service 'w0', service 'w1', expected at most 1\.00 %; write the words as the published files do, or raise "
        "the limit$"
    )
    with pytest.raises(UnknownWordsError, match=message):
        added(words, SERVICE, *lines)


@pytest.mark.parametrize("records", [1, 2, 20, 99])
def test_a_new_word_is_no_reason_to_refuse_a_short_file(records: int) -> None:
    words = added(UnknownWords(0.01, "some.csv", ""), SERVICE, *[KNOWN] * (records - 1))
    assert f"in 1 of {records} records" in str(words)
    added(words, SERVICE)
    with pytest.raises(UnknownWordsError, match=f"in 3 of {records + 2} records"):
        added(words, SERVICE)


def test_words_that_are_all_unknown_are_refused_in_a_short_file_too() -> None:
    misquoted = record(protocol_type="<tcp>", service="<http>", flag="<SF>")
    for lines in ([misquoted], [record(flag="<SF>")] * 5):
        with pytest.raises(UnknownWordsError, match=r"\(100\.00 %\)"):
            added(UnknownWords(0.01, "some.csv", ""), *lines)


def test_a_share_of_zero_allows_no_word() -> None:
    with pytest.raises(UnknownWordsError, match="in 1 of 2 records"):
        added(UnknownWords(0, "some.csv", ""), KNOWN, SERVICE)


@pytest.mark.parametrize(("share", "allowed"), [(0.0, 0), (0.5, 2), (1.0, 4)])
def test_the_limit_is_the_share_of_records(share: float, allowed: int) -> None:
    added(UnknownWords(share, "some.csv", ""), *[KNOWN] * (4 - allowed), *[SERVICE] * allowed)
    if allowed < 4:
        with pytest.raises(UnknownWordsError, match=f"in {allowed + 1} of 4 records"):
            added(UnknownWords(share, "some.csv", ""), *[KNOWN] * (3 - allowed), *[SERVICE] * (allowed + 1))


def test_many_different_words_take_bounded_memory() -> None:
    words = added(UnknownWords(1, "some.csv", ""), *(record(service=f"w{number}") for number in range(1_500)))
    added(words, record(service="w0"), record(service="new"))
    assert words.counts["service"].total() == 1_502
    assert len(words.counts["service"]) == 1_001
    assert words.counts["service"]["w0"] == 2


def test_a_message_shows_the_start_of_a_long_word() -> None:
    assert len(str(added(UnknownWords(1, "some.csv", ""), record(service="x" * 5_000)))) < 200


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_limit_that_is_no_share_is_refused(share: float) -> None:
    with pytest.raises(
        ValueError, match=rf"found {share} in --max-unknown, expected a share of the records from 0 to 1"
    ):
        UnknownWords(share, "some.csv", "--max-unknown")
