"""Parsing: what a record is, how a bad one is reported, and two readers that agree."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from threading import Event, Timer
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.data.parsing import records
from src.data.parsing.line_reader import LineReader
from src.data.parsing.lines import LONGEST_LINE
from src.data.parsing.reading import Reading
from src.data.parsing.records import PIECE_BYTES, SHOWN, BadRecord, BadRecordError, Block, ahead
from tests.kdd import COLUMNS, KDD, NSL, read_blocks

NAMES = (*COLUMNS, "label")
NSL: dict[str, Any] = {"schema": NSL}
RECORD = (
    "0,tcp,http,SF,181,5450,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,8,8,0.00,0.00,0.00,0.00,1.00,0.00,0.00,"
    "9,9,1.00,0.00,0.11,0.00,0.00,0.00,0.00,0.00,normal."
)
FIELDS = RECORD.encode().split(b",")
BOM = b"\xef\xbb\xbf"
ODD = [
    b"", b" 5", b"5\t", b"5 5", b"0x1F", b"0X1", b"1_0", b"+1", b"+0.5", b"nan", b"NaN", b"inf", b"-inf", b"infinity",
    b"1e3", b"1E0", b"1e", b"-0", b"-1", b"--1", b"-", b".5", b"5.", b".", b"1.5", b"1.01", b"007", b"0" * 5_000,
    b"9" * 5_000, b"9223372036854775807", b"9223372036854775808", b"5e-400", b"1e999", b'"0"', b"\xff", b"\xed\xa0\x80",
    b"a\0b", b"a\rb", b"\x0b1", "٣".encode(), "é".encode(), BOM + b"0", b"smurf", b"smurf.", b"smurf..", b"true",
    b"'tcp'", b"b'tcp'", b'"tcp"', b'"tcp', b'tc"p', b'"a""b"', b'"', b"TCP", b"215.0", b"2.15e+02", b"24",
]  # fmt: skip


def record(**values: str) -> bytes:
    """A legal record with other values in some columns."""
    assert set(values) <= set(NAMES)
    return ",".join((dict(zip(NAMES, RECORD.split(","), strict=True)) | values).values()).encode()


def read(text: bytes, **options: Any) -> tuple[list[dict[str, Any]], list[int], list[BadRecord]]:
    """All records by column (with their label where it is read), their lines, and the bad lines."""
    rows, lines, bad = [], [], []
    for block in read_blocks(BytesIO(text), "some.csv", **options):
        labels = block.label.to_pylist() if block.label is not None else [None] * len(block.line)
        rows += [row | {"label": label} for row, label in zip(block.columns.to_pylist(), labels, strict=True)]
        lines += block.line.tolist()
        bad += block.bad
    return rows, lines, bad


def is_legal(line: bytes) -> bool:
    return read(b"\n".join([RECORD.encode(), line, b""]), on_bad_record="quarantine")[1] == [1, 2]


# What a record is


def test_a_record_is_read_with_the_type_of_each_column() -> None:
    rows, lines, bad = read(record(duration="12", service="smtp", serror_rate="0.25", logged_in="1", label="smurf."))
    assert (lines, bad) == ([1], [])
    row = rows[0]
    assert [*row] == [*NAMES]
    assert (row["duration"], row["service"], row["serror_rate"], row["logged_in"]) == (12, "smtp", 0.25, 1)
    assert row["label"] == "smurf"  # the final dot is no part of the name
    kinds = {"count": int, "binary": int, "rate": float, "category": str}
    assert {name: type(row[name]) for name in COLUMNS} == {name: kinds[kind] for name, kind in COLUMNS.items()}


@pytest.mark.parametrize(
    ("column", "legal", "wrong"),
    [
        ("duration", ["0", "007", "-0", " 5", "5\t", "0" * 5_000, "9223372036854775807", "215.0", "5.", "2.43e+02",
                      "1e3", "0.0", "-0.0", '"5"', "'5'", "b'5'", '" 5 "', "True", "false"],
         ["", "-1", "+1", "1.5", ".5", "1e-3", "1_0", "0x1F", "nan", "inf", "5 5", "9" * 5_000, "٣", "1e999", "-5.0",
          "9223372036854775808", "9223372036854775808.0", '""', "b''", '"5', "b'5", "yes"]),
        ("land", ["0", "1", "01", "1.0", "1e0", "true", "False"], ["", "2", "-1", "0.5", "nan", "2.0"]),
        ("serror_rate", ["0", "1", "1.00", ".5", "1.", "-0", "1e-1", "1E0", "5e-400", " 0.5 ", '"0.5"', "b'1.00'"],
         ["", ".", "true", "1.01", "-0.01", "5", "5.", "1e3", "1e", "nan", "inf", "-inf", "+0.5", "0_1", "0x1", "0 .5",
          "9" * 5_000]),
        ("service", ["http", "gopher2", "0x1F", "+1", "nan", "é", 'a"b', '"a,b"', '"a""b"', "b'", "'"],
         ["", " ", "a\0b", "a\rb", '"', '"http', '"a"b', '""', "''", "b''", "24", "9.0", "'1'", "b'1'", "1e3"]),
        ("label", ["normal", "normal.", "snmpguess.", "Normal.", "NORMAL", "b'normal.'", '"normal."', "'normal'"],
         ["", ".", "normal..", "neptun.", "bac\N{KELVIN SIGN}", "b'normal"]),
    ],
)  # fmt: skip
def test_each_kind_takes_what_it_should_and_nothing_else(column: str, legal: list[str], wrong: list[str]) -> None:
    assert [value for value in legal if not is_legal(record(**{column: value}))] == []
    assert [value for value in wrong if is_legal(record(**{column: value}))] == []


def test_symbols_outside_the_vocabulary_are_no_error() -> None:
    rows, _, _ = read(record(protocol_type="sctp", service="quic", flag="SX"))
    assert [rows[0][name] for name in ("protocol_type", "service", "flag")] == ["sctp", "quic", "SX"]


# Lines


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b" \n", b"\t\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_do_not_matter(end: bytes, last: bool) -> None:
    text = end.join([record(), record(duration="7"), record(label="smurf.")]) + (end if last else b"")
    rows, lines, bad = read(text)
    assert (rows, lines, bad) == (read(RECORD.encode())[0] + rows[1:], [1, 2, 3], [])
    assert [row["label"] for row in rows] == ["normal", "normal", "smurf"]


@pytest.mark.parametrize("block_bytes", [1, 1 << 20])
def test_blank_lines_are_passed_over_counted_and_count_as_lines(block_bytes: int) -> None:
    reading = Reading()
    text = b"\n".join([b"", record(), b"", b" \t", record(), b"\r", record(), b"", b""])
    _, lines, bad = read(text, block_bytes=block_bytes, reading=reading)
    assert (lines, bad) == ([2, 5, 7], [])
    assert reading.notes() == ["5 blank lines passed over"]
    reading = Reading()
    assert read(b"\n".join([b"", b"x", b"", record()]), on_bad_record="quarantine", reading=reading)[1] == [4]
    assert reading.blank_lines == 2


def test_an_empty_stream_holds_no_block() -> None:
    assert list(read_blocks(BytesIO(b""), "some.csv")) == []


def test_every_byte_is_reported_once_read() -> None:
    sizes: list[int] = []
    text = b" " + b"\r\n".join([record()] * 5)
    read(text, block_bytes=300, on_bytes=sizes.append)
    assert sum(sizes) == len(text)
    assert len(sizes) > 1


@pytest.mark.parametrize("fields", [41, 42, 43])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("block_bytes", [1, 400, 1 << 20])
def test_ignored_labels_may_be_there_or_not_below_a_header_or_none(fields: int, header: bool, block_bytes: int) -> None:
    names = (*NAMES, "difficulty")
    lines = [names[:fields]] * header + [RECORD.replace("normal.", "weird,99").split(",")[:fields]] * 2
    text = "\n".join(",".join(line) for line in lines).encode()
    rows, places, bad = read(text, label="ignored", block_bytes=block_bytes, on_bad_record="quarantine")
    wanted = {name: value for name, value in read(RECORD.encode())[0][0].items() if name in COLUMNS}
    assert [{name: row[name] for name in COLUMNS} for row in rows] == [wanted] * 2
    assert (places, bad) == ([1 + header, 2 + header], [])


def test_a_header_alone_holds_no_record() -> None:
    assert read(",".join(NAMES).encode(), label="ignored") == ([], [], [])


def test_a_header_is_read_where_labels_are_read_too() -> None:
    assert read(",".join(NAMES).encode()) == ([], [], [])
    rows, lines, bad = read(",".join(NAMES).encode() + b"\n" + RECORD.encode())
    assert (rows, lines, bad) == (read(RECORD.encode())[0], [2], [])


def test_a_byte_order_mark_before_the_first_value_is_no_part_of_it() -> None:
    assert read(BOM + RECORD.encode()) == read(RECORD.encode())
    assert read(BOM + ",".join(NAMES).encode() + b"\n" + RECORD.encode(), label="ignored")[1] == [2]


# Bad records

BAD = [
    (record() + b",0", "(record)", "43 fields", "42 fields"),
    (RECORD.partition(",")[2].encode(), "(record)", "41 fields", "42 fields"),
    (record(src_bytes="many"), "src_bytes", "many", "a whole number, 0 or more"),
    (record(dst_bytes="1.5"), "dst_bytes", "1.5", "a whole number, 0 or more"),
    (record(count="-1"), "count", "-1", "a whole number, 0 or more"),
    (record(hot="nan"), "hot", "nan", "a whole number, 0 or more"),
    (record(hot="9" * 5_000), "hot", "9" * 5_000, "a whole number, 0 or more"),
    (record(rerror_rate="NaN"), "rerror_rate", "NaN", "a number from 0 to 1"),
    (record(rerror_rate="1.01"), "rerror_rate", "1.01", "a number from 0 to 1"),
    (record(dst_host_serror_rate="-0.5"), "dst_host_serror_rate", "-0.5", "a number from 0 to 1"),
    (record(land="2"), "land", "2", "0 or 1"),
    (record(is_guest_login="-1"), "is_guest_login", "-1", "0 or 1"),
    (record(flag=""), "flag", "", "a word in UTF-8"),
    (record(label="martian."), "label", "martian.", "one of normal, apache2, back, "),
    (record().replace(b"http", b"h\xffp"), "(record)", "h\\xffp", "text in UTF-8 without control characters"),
    (record().replace(b"http", b"h\0p"), "(record)", "h\0p", "text in UTF-8 without control characters"),
]  # fmt: skip
bad_lines = pytest.mark.parametrize(
    ("line", "column", "value", "expected"), BAD, ids=[f"{b}-{c[:9]}" for _, b, c, _ in BAD]
)


@bad_lines
def test_a_bad_record_stops_with_file_line_column_value_and_expectation(
    line: bytes, column: str, value: str, expected: str
) -> None:
    text = b"\n".join([record(), record(), line, record()])
    with pytest.raises(BadRecordError, match=r"^some\.csv: line 3, column ") as caught:
        read(text, block_bytes=300)
    message = str(caught.value)
    assert f"column {column}: found " in message
    assert repr(value[:SHOWN])[1:-1] in message  # a long value is cut
    assert f", expected {expected}" in message
    assert "preprocess.on_bad_record=quarantine" in message  # the way on


@bad_lines
@pytest.mark.parametrize("block_bytes", [300, 1 << 20])
def test_a_bad_record_is_left_out_and_listed(
    line: bytes, column: str, value: str, expected: str, block_bytes: int
) -> None:
    text = b"\n".join([record(), line, record(label="smurf."), line])
    rows, lines, bad = read(text, block_bytes=block_bytes, on_bad_record="quarantine")
    assert [row["label"] for row in rows] == ["normal", "smurf"]
    assert lines == [1, 3]
    assert [(one.line, one.column) for one in bad] == [(2, column), (4, column)]
    assert value in bad[0].value
    assert bad[0].expected.startswith(expected)
    assert bad[0].raw == line


@pytest.mark.parametrize("label", ["", ",normal."])
def test_a_quoted_decimal_comma_is_named_with_its_column(label: str) -> None:
    line = record(serror_rate='"0,5"', diff_srv_rate='"1,00"').rpartition(b",")[0] + label.encode()
    for lines in ([line] * 5, [line.replace(b'"0,5"', b"0.5").replace(b'"1,00"', b"1.00")] * 5 + [line]):
        blocks = read_blocks(BytesIO(b"\n".join(lines)), "", label="ignored", on_bad_record="quarantine")
        bad = next(one for block in blocks for one in block.bad)
        expected = "a number from 0 to 1, with a point instead of the comma"
        assert (bad.column, bad.value, bad.expected) == ("serror_rate", "0,5", expected)


@pytest.mark.parametrize("where", [0, 3])
@pytest.mark.parametrize(
    "header",
    [
        ",".join(f"f{number}" for number in range(42)),
        ",".join(str(float(number)) for number in range(42)),
        "a,b,duration,flag",
        ",".join(f'"x {number}"' for number in range(30)),
    ],
)
def test_a_header_that_is_taken_as_a_record_is_suspected(header: str, where: int) -> None:
    if where == 0 and header.startswith(("f0,", "a,b")):
        return  # a header that numbers the columns, and one that names two of them: both are read as headers
    lines = [record()] * 3
    lines.insert(where, header.encode())
    (bad,) = read(b"\n".join(lines), on_bad_record="quarantine")[2]
    assert bad.expected.endswith("; the line may be a header, which must have the names of the 41 columns")
    for damaged in (b"x", record(protocol_type="1"), record(duration="x")):
        (bad,) = read(b"\n".join([record(), damaged]), on_bad_record="quarantine")[2]
        assert "header" not in bad.expected


def test_the_first_of_several_wrong_values_is_the_one_reported() -> None:
    _, _, bad = read(record(duration="x", land="x", label="x"), on_bad_record="quarantine")
    assert [(one.column, one.value) for one in bad] == [("duration", "x")]


# NSL-KDD


def nsl(difficulty: str = "21", **values: str) -> bytes:
    """A legal record of NSL-KDD with other values in some columns."""
    return record(**{"label": "normal", **values}) + b"," + difficulty.encode()


@pytest.mark.parametrize("label", ["neptune", "neptune."])
@pytest.mark.parametrize("end", [b"\n", b""])
def test_an_nsl_kdd_record_is_read_without_its_difficulty(label: str, end: bytes) -> None:
    text = b"\n".join([nsl(), nsl("0", duration="7", label=label)]) + end
    assert read(text, **NSL) == read(b"\n".join([record(), record(duration="7", label="neptune")]))


@pytest.mark.parametrize("difficulty", ["0", "21", "07", "-0", " 5", "20.0", "1e1"])
def test_a_legal_difficulty(difficulty: str) -> None:
    assert read(nsl(difficulty), **NSL, on_bad_record="quarantine")[1:] == ([1], [])


LEVEL = "a whole number from 0 to 21"
NSL_BAD = [
    (record(), "(record)", "42 fields", "43 fields"),
    (nsl() + b",0", "(record)", "44 fields", "43 fields"),
    (nsl()[:40], "(record)", "15 fields", "43 fields"),  # a file that was cut off
    *((nsl(level), "difficulty", level, LEVEL) for level in ("22", "-1", "", "hard", "20.5", "true", "nan", "9" * 40)),
    (nsl(label="martian"), "label", "martian", "one of normal, apache2, back, "),
    (nsl(label=""), "label", "", "one of normal, apache2, back, "),
    (nsl(land="2"), "land", "2", "0 or 1"),
    (record(label="21") + b",normal", "label", "21", "one of normal, "),  # the two in the wrong order
]


@pytest.mark.parametrize(("line", "column", "value", "expected"), NSL_BAD)
def test_a_bad_nsl_kdd_record_stops_or_is_left_out(line: bytes, column: str, value: str, expected: str) -> None:
    text = b"\n".join([nsl(), line, nsl("3", label="smurf")])
    with pytest.raises(BadRecordError) as caught:
        read(text, **NSL)
    assert str(caught.value).startswith(f"some.csv: line 2, column {column}: found {value!r}, expected {expected}")
    rows, lines, bad = read(text, **NSL, on_bad_record="quarantine")
    assert ([row["label"] for row in rows], lines) == (["normal", "smurf"], [1, 3])
    assert [(one.line, one.column, one.value) for one in bad] == [(2, column, value)]


def test_a_kdd99_file_with_a_difficulty_level_is_no_kdd99_file() -> None:
    with pytest.raises(BadRecordError, match=r"line 1, column \(record\): found '43 fields', expected 42 fields"):
        read(nsl())


# Laws

odd_values = st.sampled_from(ODD) | st.binary(max_size=4).filter(lambda value: b"\n" not in value)


@st.composite
def mutated(draw: st.DrawFn, record: list[bytes] = FIELDS) -> bytes:
    """A record after none to two mutations: a field replaced, left out or put in."""
    fields = list(record)
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(fields) - 1))
        fields[place : place + draw(st.sampled_from([1, 1, 1, 0]))] = draw(st.lists(odd_values, min_size=1, max_size=1))
        if draw(st.booleans()) and draw(st.booleans()):
            del fields[draw(st.integers(0, len(fields) - 1))]
    return b",".join(fields)


@pytest.mark.parametrize(("options", "more"), [({}, []), (NSL, [b"21"])], ids=["kdd99", "nsl_kdd"])
@given(data=st.data())
@settings(deadline=None, max_examples=300)
def test_both_readers_accept_the_same_lines_and_read_the_same_values(
    options: dict[str, Any], more: list[bytes], data: st.DataObject
) -> None:
    lines = data.draw(st.lists(mutated([*FIELDS, *more]), min_size=1, max_size=4))
    # a block goes through the fast reader unless it fails there, so a bad line makes the slow one look at all of them
    good = b"\n".join([b",".join([*FIELDS, *more]), *lines, b""])
    rows, places, bad = read(good, on_bad_record="quarantine", **options)
    slow_rows, slow_places, slow_bad = read(good + b"one field\n", on_bad_record="quarantine", **options)
    assert (slow_rows, slow_places) == (rows, places)
    assert slow_bad[:-1] == bad
    assert slow_bad[-1].line == len(lines) + 2


some_lines = st.lists(
    st.sampled_from([record(), record(label="smurf.", service="quic"), record(service="0x1F"), record(flag="")])
    | st.sampled_from([b"", b" ", b"," * 41, BOM + record(), b"\r", record() + b"\r"]) | mutated(),
    min_size=1, max_size=8,
)  # fmt: skip


@given(
    lines=some_lines,
    end=st.sampled_from([b"\n", b"\r\n"]),
    last=st.booleans(),
    head=st.sampled_from([b"", BOM, ",".join(NAMES).encode() + b"\n", ",".join(NAMES[::-1]).encode() + b"\r\n"]),
    label=st.sampled_from(["required", "ignored"]),
    block_bytes=st.integers(1, 1_000),
)
@settings(deadline=None, max_examples=200)
def test_the_size_of_a_block_changes_nothing(
    lines: list[bytes], end: bytes, last: bool, head: bytes, label: str, block_bytes: int
) -> None:
    lines = [*lines[:1], record(), *lines[1:]]  # a file without one line of a record's length is refused
    text = head + end.join(lines) + (end if last else b"")
    whole = read(text, label=label, on_bad_record="quarantine")
    assert read(text, label=label, on_bad_record="quarantine", block_bytes=block_bytes) == whole
    places = sorted(whole[1] + [one.line for one in whole[2]])
    written = text.removeprefix(BOM).replace(b"\r\n", b"\n").split(b"\n")
    header = bool(head.removeprefix(BOM))
    assert places == [number for number, line in enumerate(written, 1) if line.strip(b" \t") and number > header]


# Bounds

REST = RECORD.partition(",")[2].encode()


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (b"0,t" + b" " * 60_000 + b"cp," + REST.partition(b",")[2], None),
        (record(src_bytes="9" * 60_000 + "x"), "src_bytes"),
        (record(src_bytes="0" * 60_000 + "x"), "src_bytes"),
        (record(rerror_rate="1" * 60_000 + "x"), "rerror_rate"),
        (record(rerror_rate="0." + "1" * 60_000), None),
        (b"," * 60_000, "(record)"),
        (b"0," + b"t" * LONGEST_LINE, "(record)"),
    ],
    ids=["blanks", "digits", "zeros", "rate", "long-rate", "commas", "long"],
)
def test_a_hundred_lines_of_any_bytes_are_read_in_linear_time(line: bytes, column: str | None) -> None:
    """With quadratic time, a minute or hours."""
    _, lines, bad = read(b"\n".join([line] * 100 + [record()]), on_bad_record="quarantine")
    assert {one.column for one in bad} == ({column} if column else set())
    assert (len(bad), lines[-1]) == (100 if column else 0, 101)


def test_a_line_that_is_too_long_is_refused_by_its_number() -> None:
    text = record() + b"\n" + record(service="h" * LONGEST_LINE) + b"\n" + record()
    message = r"some\.csv: line 2, column \(record\): found 'a line of 65,6\d\d bytes', expected at most 65,536 bytes"
    with pytest.raises(BadRecordError, match=message):
        read(text)
    _, lines, bad = read(text, on_bad_record="quarantine")
    assert (lines, [one.line for one in bad]) == ([1, 3], [2])
    assert bad[0].raw == text.splitlines()[1][:LONGEST_LINE]


def test_the_first_bad_line_stops_before_the_others_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []
    read_line = LineReader.read
    monkeypatch.setattr(LineReader, "read", lambda *a: looked_at.append(a) or read_line(*a))
    with pytest.raises(BadRecordError, match="line 2, "):
        read(b"\n".join([record(), b"x", *[record()] * 5_000, *[b"x"] * 5_000]))
    assert len(looked_at) < 2_000


@pytest.mark.parametrize("line", [b"x", b"0" + b"," * 40])
def test_bad_lines_come_in_blocks_of_bounded_size(line: bytes) -> None:
    text = b"\n".join([record(), *[line] * 60_000, record()])
    blocks = list(ahead(read_blocks(BytesIO(text), "some.csv", on_bad_record="quarantine")))
    assert max(len(block.bad) for block in blocks) <= PIECE_BYTES // (len(line) + 1) + 1
    assert sum(len(block.bad) for block in blocks) == 60_000
    assert [line for block in blocks for line in block.line.tolist()] == [1, 60_002]


def test_good_records_among_bad_lines_come_in_few_blocks() -> None:
    lines = [record(label=label, service=word) for label, word in [("smurf.", "a"), ("normal.", "b")] * 2_000]
    text = b"\n".join([*lines, b"x", *lines, b"x", *lines])
    assert len(list(read_blocks(BytesIO(text), "some.csv", on_bad_record="quarantine"))) > 5
    (block,) = ahead(read_blocks(BytesIO(text), "some.csv", on_bad_record="quarantine"))
    assert block.label is not None
    assert block.label.to_pylist() == ["smurf", "normal"] * 6_000
    assert block.columns["service"].to_pylist() == ["a", "b"] * 6_000
    assert block.line.tolist() == [line for line in range(1, 12_003) if line not in (4_001, 8_002)]
    assert [one.line for one in block.bad] == [4_001, 8_002]


def test_the_thread_ends_with_its_caller() -> None:
    """The caller ends while the thread is at the first of many short blocks that would come as one."""
    asked, ended = [], Event()
    short = next(read_blocks(BytesIO(record()), "some.csv"))

    def blocks() -> Iterator[Block]:
        yield replace(short, line=np.arange(50_000))  # long enough to come alone
        for number in range(1_000):
            asked.append(number)
            assert ended.wait(60)
            yield short

    with closing(ahead(blocks())) as reading:
        next(reading)
        Timer(0.05, ended.set).start()  # when the caller has ended, and waits for the thread
    assert asked == [0]


@pytest.mark.parametrize("separator", [b";", b"\t", b"|"])
@pytest.mark.parametrize("label", ["required", "ignored"])
def test_another_separator_gives_the_same_records_and_a_decimal_comma_no_field(separator: bytes, label: str) -> None:
    lines = [record(duration="5"), record(service="quic"), b"one field", record(serror_rate="0.5")]
    wanted = read(b"\n".join(lines), label=label, on_bad_record="quarantine")
    text = b"\n".join(line.replace(b",", separator) for line in lines)
    rows, places, bad = read(text, label=label, on_bad_record="quarantine", separator=separator)
    assert (rows, places, [one.line for one in bad]) == (wanted[0], wanted[1], [3])
    bad = read(text.replace(b"0.5", b"0,5"), label=label, separator=separator, on_bad_record="quarantine")[2]
    assert [(one.line, one.column, one.value) for one in bad[1:]] == [(4, "serror_rate", "0,5")]
    assert [one.raw for one in bad] == [b"one field", lines[3].replace(b",", separator).replace(b"0.5", b"0,5")]


def test_arrow_parses_a_copy_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its threads may free the text after Python has begun to end, where to free Python's own bytes is an abort."""
    read_csv = pa.csv.read_csv

    def read(source: object, *options: object) -> pa.Table:
        text.append(0)  # an error where Arrow holds the bytes
        return read_csv(source, *options)

    monkeypatch.setattr(pa.csv, "read_csv", read)
    text = bytearray(b",".join([b"0", b"tcp", b"http", b"SF", *[b"0"] * 37]))
    assert records._parse_fast(text, 1, LineReader(KDD, COLUMNS), Reading()).num_rows == 1
