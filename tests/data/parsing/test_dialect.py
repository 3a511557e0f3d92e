"""Values as exporters write them, read by both readers, and the notes on them."""

from typing import Any

import pytest

from src.data.parsing import line_reader
from src.data.parsing.dialect import expected
from src.data.parsing.reading import Reading
from src.data.parsing.records import BadRecordError
from tests.data.parsing.test_records import NAMES, RECORD, read, record
from tests.kdd import COLUMNS, KDD, LABELS, VOCABULARIES

WORDS = ("protocol_type", "service", "flag", "label")
SEVERAL = [record(), record(protocol_type="udp", service="IRC", flag="S0", label="smurf."), record(service="https")]
PLAIN = read(b"\n".join(SEVERAL))[0]


def written(write: object, columns: tuple[str, ...]) -> bytes:
    """The same records with some columns written another way."""
    lines = [dict(zip(NAMES, line.decode().split(","), strict=True)) for line in SEVERAL]
    change: dict[str, Any] = dict.fromkeys(columns, write)
    return "\n".join(",".join(change.get(name, str)(text) for name, text in line.items()) for line in lines).encode()


@pytest.mark.parametrize("slowly", [False, True], ids=["fast", "slow"])
@pytest.mark.parametrize(
    ("write", "columns"),
    [
        ("b'{}'".format, WORDS), ('b"{}"'.format, WORDS), ('"{}"'.format, WORDS), ("'{}'".format, WORDS),
        ('" {} "'.format, WORDS), ('"b\'{}\'"'.format, WORDS), ("'{}'".format, NAMES), ('"{}"'.format, NAMES),
        (str.upper, ("protocol_type", "flag", "label")), (str.title, ("protocol_type", "label")),
        (str.lower, ("flag",)),
    ],
)  # fmt: skip
def test_words_written_another_way_are_read_as_what_they_mean(write: object, columns: object, slowly: bool) -> None:
    text = written(write, tuple(columns))  # type: ignore[arg-type]
    if slowly:
        text += b"\n" + record(duration="0.0")  # which Arrow reads no count from
    rows, _, bad = read(text, on_bad_record="quarantine")
    assert rows[: len(PLAIN)] == PLAIN
    assert bad == []


def test_every_known_word_is_found_in_any_letter_case() -> None:
    for name, words in (*VOCABULARIES.items(), ("label", LABELS)):
        assert len({word.lower() for word in words}) == len(words)
        for change in (str.upper, str.lower, str.title):
            text = b"\n".join(record(**{name: change(word)}) for word in words)
            assert [row[name] for row in read(text)[0]] == list(words)


@pytest.mark.parametrize("block_bytes", [1, 1 << 20])
def test_words_written_another_way_are_counted_and_said_once(block_bytes: int) -> None:
    reading = Reading()
    text = b"\n".join([record(protocol_type="b'tcp'", service="HTTP")] * 3 + [record(service="quic", label="SMURF.")])
    read(text, reading=reading, block_bytes=block_bytes)
    (note,) = reading.notes()
    assert note == "7 words are written another way, read: b'tcp' as tcp, HTTP as http, SMURF. as smurf"


def test_a_word_of_two_columns_is_counted_in_each() -> None:
    reading = Reading()
    read(b"\n".join([record(protocol_type="ICMP"), record(protocol_type="ICMP", service="'ICMP'")]), reading=reading)
    read(record(protocol_type="'ICMP'", service="'ICMP'"), reading=reading)
    assert reading.notes() == ["5 words are written another way, read: ICMP as icmp, 'ICMP' as ICMP"]


def test_plain_records_and_quotes_of_csv_have_no_note() -> None:
    for text in (b"\n".join(SEVERAL), written('"{}"'.format, WORDS), written('"{}"'.format, NAMES)):
        reading = Reading()
        read(text, reading=reading)
        assert reading == Reading()


def test_quotes_that_are_part_of_a_word_stay() -> None:
    (row,), _, bad = read(record(protocol_type='"""tcpX"'), label="ignored")
    assert (row["protocol_type"], bad) == ('"tcpX', [])


def test_a_note_shows_the_start_of_a_long_word() -> None:
    reading = Reading()
    read(record(service=f"'{'x' * 5_000}'"), reading=reading)
    assert len(reading.notes()[0]) < 200


@pytest.mark.parametrize("label", ["required", "ignored"])
@pytest.mark.parametrize("line", [record(service='"a,b"'), record(service='"a,b"').replace(b"181", b"181.0")])
def test_a_comma_within_quotes_is_part_of_the_value(line: bytes, label: str) -> None:
    rows, _, bad = read(line, label=label)
    assert (rows[0]["service"], rows[0]["src_bytes"], bad) == ("a,b", 181, [])


def test_a_line_with_a_quoted_comma_and_a_field_too_few_is_malformed() -> None:
    line = record(service='"a,b"').replace(b"181,", b"", 1)  # as many commas as a record has
    _, lines, bad = read(b"\n".join([record(), line]), on_bad_record="quarantine")
    assert (lines, [(one.line, one.value) for one in bad]) == ([1], [(2, "41 fields")])


@pytest.mark.parametrize("code", ["1", "24", "9.0", "'1'", "b'1'"])
@pytest.mark.parametrize("name", VOCABULARIES)
def test_label_encoded_words_are_refused_by_name(name: str, code: str) -> None:
    expected = (
        "expected a word such as .*; a label-encoded word cannot be read, since the order of its list is not known"
    )
    with pytest.raises(BadRecordError, match=rf"line 2, column {name}: found .*, {expected}"):
        read(b"\n".join([record(), record(**{name: code}), record()]))


def test_whole_floats_are_counts_and_rates_stay_what_they_are() -> None:
    numbers = [name for name, kind in COLUMNS.items() if kind != "category"]
    values = dict(zip(NAMES, RECORD.split(","), strict=True))
    plain = read(RECORD.encode())[0]
    for write in ("{:.1f}".format, "{:.18e}".format, "{:e}".format):
        floats = record(**{name: write(float(values[name])) for name in numbers if COLUMNS[name] != "rate"})
        assert read(floats)[0] == plain
        assert read(floats, label="ignored")[0][0]["src_bytes"] == 181
    with pytest.raises(BadRecordError, match=r"column src_bytes: found '181\.5', expected a whole number, 0 or more"):
        read(record(src_bytes="181.5"))


def test_a_file_of_floats_keeps_whole_numbers_to_the_last_digit() -> None:
    """Arrow reads such a file at once, where float64 has every whole number."""
    floats = [record(src_bytes=f"{size}.0", dst_bytes="5450.0") for size in (0, 181, 2**53 - 1)]
    large = [record(src_bytes=size) for size in ("9007199254740993", "9223372036854775807")]
    for lines, sizes in ((floats, [0, 181, 2**53 - 1]), (floats[:1] + large, [0, 2**53 + 1, 2**63 - 1])):
        rows, _, bad = read(b"\n".join([*lines, b""]))
        assert ([row["src_bytes"] for row in rows], bad) == (sizes, [])
    wrong = [record(src_bytes=size) for size in ("0.5", "nan", "-1.0", "1e19", "inf")]
    _, lines_read, bad = read(b"\n".join([*floats, *wrong]), on_bad_record="quarantine")
    assert (lines_read, [one.line for one in bad]) == ([1, 2, 3], [4, 5, 6, 7, 8])
    for one in wrong:  # alone, so that nothing else in the block is wrong
        assert read(b"\n".join([*floats, one]), on_bad_record="quarantine")[1] == [1, 2, 3]


def test_many_different_values_are_read_as_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow reader remembers values by their text, but not without end."""
    monkeypatch.setattr(line_reader, "_KEPT_VALUES", 3)
    sizes = range(100)
    text = b"\n".join([record(duration="0.0"), *(record(src_bytes=str(size)) for size in sizes)])
    assert [row["src_bytes"] for row in read(text)[0]] == [181, *sizes]


@pytest.mark.parametrize("quotes", ["'" * 60_000, "b'" * 20_000 + "'" * 20_000])
def test_a_value_of_quotes_alone_is_refused_at_once(quotes: str) -> None:
    _, lines, bad = read(b"\n".join([record(duration=quotes), record(service=quotes)]), on_bad_record="quarantine")
    assert (lines, [one.column for one in bad]) == ([2], ["duration"])


def test_a_separator_of_thousands_is_not_taken_for_a_decimal_comma() -> None:
    wanted = "a whole number, 0 or more, without separators of thousands"
    assert expected(KDD, "src_bytes", "count", "1,000,000") == wanted
    assert expected(KDD, "src_bytes", "count", "1,5").endswith("with a point instead of the comma")
    assert expected(KDD, "serror_rate", "rate", "0,125").endswith("with a point instead of the comma")
