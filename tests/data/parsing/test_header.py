"""Fields of a file: by the names of its header, else by its records; and a first line that is damaged."""

from collections.abc import Callable
from typing import Any

import pytest

from src.data.parsing.header import HEAD_LINES, HeaderError
from src.data.parsing.reading import Reading
from src.data.parsing.records import BadRecordError
from tests.data.parsing.test_records import NAMES, RECORD, read
from tests.kdd import COLUMNS, find_columns

ROWS = [RECORD.split(","), *(RECORD.replace("181", str(size)).split(",") for size in (7, 8, 9))]
PLAIN = read("\n".join(map(",".join, ROWS)).encode())[0]
UNLABELED = [row | {"label": None} for row in PLAIN]
LABELS: Any = pytest.mark.parametrize("label", ["required", "ignored"])
Change = Callable[[list[str]], list[str]]


def text_of(*lines: list[str], separator: str = ",") -> bytes:
    return "\n".join(separator.join(line) for line in lines).encode()


def both(change: Change, names: tuple[str, ...] = NAMES) -> bytes:
    """A file whose header and records are changed alike."""
    return text_of(change([*names]), *(change([*row]) for row in ROWS))


def values(text: bytes, label: str, **options: Any) -> tuple[list[dict[str, Any]], list[int], list[str]]:
    reading = Reading()
    rows, lines, bad = read(text, label=label, reading=reading, **options)
    assert bad == []
    return rows, lines, reading.notes()


@LABELS
@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("as published", str),
        ("capital", str.upper),
        ("quoted", '"{}"'.format),
        ("single quotes", "'{}'".format),
        ("bytes", "b'{}'".format),
        ("spaces around", " {} ".format),
        ("spaces inside", lambda name: name.replace("_", " ").title()),
        ("no underscores", lambda name: name.replace("_", "")),
        ("numpy", lambda name: "# duration" if name == "duration" else name),
        ("one mirror", lambda name: f"l{name}" if name.startswith(("num_c", "root_", "su_a", "num_r")) else name),
    ],
)
def test_the_names_of_a_header_are_found_however_they_are_written(
    name: str, write: Callable[[str], str], label: str
) -> None:
    rows, lines, notes = values(text_of([write(one) for one in NAMES], *ROWS), label)
    assert rows == (PLAIN if label == "required" else UNLABELED)
    assert (lines, notes) == ([2, 3, 4, 5], [])


@LABELS
@pytest.mark.parametrize("block_bytes", [1, 300, 1 << 20])
def test_columns_are_taken_by_name_in_any_order(label: str, block_bytes: int) -> None:
    for change in (lambda row: row[::-1], lambda row: [*row[:4], row[5], row[4], *row[6:]]):
        rows, lines, notes = values(both(change), label, block_bytes=block_bytes)
        assert rows == (PLAIN if label == "required" else UNLABELED)
        assert (lines, notes) == (
            [2, 3, 4, 5], ["the columns are in another order, taken by the names of the header"],
        )  # fmt: skip


@LABELS
def test_an_index_and_further_columns_are_passed_over_and_further_ones_counted(label: str) -> None:
    expected = PLAIN if label == "required" else UNLABELED
    for index in ("", "Unnamed: 0", "index", '""'):
        text = text_of([index, *NAMES], *([str(at), *row] for at, row in enumerate(ROWS)))
        assert values(text, label) == (expected, [2, 3, 4, 5], [])
    text = text_of(
        ["time", *NAMES[:9], "a note", *NAMES[9:], "difficulty_level"],
        *(["12:00", *row[:9], '"x, y"', *row[9:], "21"] for row in ROWS),
    )
    notes = ["2 further columns passed over: time, a note"]
    assert values(text, label) == (expected, [2, 3, 4, 5], notes)


@LABELS
def test_an_index_without_a_name_is_found_by_what_the_records_hold(label: str) -> None:
    expected = PLAIN if label == "required" else UNLABELED
    note = "the first field of each line has no name and was passed over as an index"
    numbered = [[str(at), *row] for at, row in enumerate(ROWS)]
    assert values(text_of([*NAMES], *numbered), label) == (expected, [2, 3, 4, 5], [note])  # as R writes row names
    assert values(text_of(*numbered), label) == (expected, [1, 2, 3, 4], [note])


@LABELS
@pytest.mark.parametrize("header", [[], [[*NAMES]], [[*NAMES, ""]]])
def test_a_comma_behind_the_last_value_is_no_field(label: str, header: list[list[str]]) -> None:
    rows, lines, notes = values(text_of(*header, *([*row, ""] for row in ROWS)), label)
    assert rows == (PLAIN if label == "required" else UNLABELED)
    assert (lines[0], notes) == (1 + len(header), [])


@LABELS
@pytest.mark.parametrize("write", ["{}", '"V{}"', "X.{}"])
@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("index", [True, False])
def test_a_header_of_numbers_leaves_the_columns_in_their_order(label: str, write: str, first: int, index: bool) -> None:
    names = [""] * index + [write.format(number) for number in range(first, first + 42)]
    rows, lines, notes = values(text_of(names, *(["5"] * index + row for row in ROWS)), label)
    assert rows == (PLAIN if label == "required" else UNLABELED)
    assert (lines, notes) == ([2, 3, 4, 5], ["the header numbers the columns, which were taken by their position"])


@LABELS
def test_a_header_that_lacks_a_column_names_it(label: str) -> None:
    without: Change = lambda row: [*row[:4], *row[5:]]  # noqa: E731
    message = (
        r"^some\.csv: line 1: found no column 'src_bytes', expected the 41 columns in any order; correct the header"
    )
    with pytest.raises(HeaderError, match=message):
        read(both(without), label=label, on_bad_record="quarantine")
    renamed = ["bytes_sent" if name == "src_bytes" else name for name in NAMES]
    with pytest.raises(HeaderError, match=message):
        read(text_of(renamed, *ROWS), label=label)
    with pytest.raises(HeaderError, match=r"found no column 'duration', 'protocol_type', 'service', 'flag', 'src_bytes'"
                                          r" and 34 more, expected the 41 columns"):  # fmt: skip
        read(text_of(["count", "srv_count"], ROWS[0]), label=label)


def test_a_header_that_names_a_column_twice_is_refused() -> None:
    with pytest.raises(HeaderError, match=r"some\.csv: line 1: found the column 'src_bytes' twice"):
        read(both(lambda row: [*row, row[4]]))


def test_a_training_file_needs_a_label_by_one_of_its_names() -> None:
    for name in ("Label", "class", "attack_type", "outcome"):
        assert values(text_of([name, *COLUMNS], *([row[-1], *row[:-1]] for row in ROWS)), "required")[0] == PLAIN
    with pytest.raises(
        HeaderError, match=r"line 1: found no column 'label', expected one for the label of each record"
    ):
        read(text_of([*COLUMNS, "verdict"], *ROWS))
    text = text_of([*COLUMNS, "class", "label"], *([*row[:-1], "anomaly", row[-1]] for row in ROWS))
    assert values(text, "required")[0] == PLAIN


ARFF = [
    "% made by a tool", "@RELATION 'KDDTrain'", "",
    *(f"@attribute {quote}{name}{quote} {{'tcp','udp'}}" for name in NAMES[:41] for quote in ["'" * (len(name) % 2)]),
    "@attribute 'class' {'normal', 'anomaly'}", "@data",
]  # fmt: skip


@LABELS
def test_an_arff_file_is_read_by_its_attributes(label: str) -> None:
    lines = [",".join([row[0], *(f"'{word}'" for word in row[1:4]), *row[4:41], "'normal'"]) for row in ROWS]
    for block_bytes in (1, 1 << 20):
        rows, at, _ = values("\n".join([*ARFF, *lines]).encode(), label, block_bytes=block_bytes)
        assert rows == (PLAIN if label == "required" else UNLABELED)
        assert at == list(range(len(ARFF) + 1, len(ARFF) + 5))


# A damaged first line

DAMAGED = {
    "cut": ",".join(ROWS[0][20:]),
    "cut within": ",".join(ROWS[0][:20]),
    "comment": "# exported by a tool",
    "no record": "hello, world",
    "too long": ",".join(ROWS[0] * 2),
    "unlabeled": ",".join(ROWS[0][:-1]),
    "open quote": '0,"tcp' + RECORD[5:],
    "binary": "\x01\x02,\x7f",
}


@pytest.mark.parametrize("kind", DAMAGED)
@pytest.mark.parametrize("block_bytes", [1, 1 << 20])
@LABELS
def test_a_damaged_first_line_is_left_out_and_no_other(kind: str, block_bytes: int, label: str) -> None:
    text = "\n".join([DAMAGED[kind], *[",".join(row) for row in ROWS] * 13]).encode()
    rows, lines, bad = read(text, label=label, on_bad_record="quarantine", block_bytes=block_bytes)
    assert rows == (PLAIN if label == "required" else UNLABELED) * 13
    assert lines == list(range(2, 54))
    assert [(one.line, one.column) for one in bad] == [(1, "(record)")]
    with pytest.raises(BadRecordError, match=r"^some\.csv: line 1, column \(record\): found"):
        read(text, label=label)


@LABELS
def test_lines_above_a_header_are_left_out(label: str) -> None:
    text = text_of(["# exported by a tool"], [], [*NAMES][::-1], *(row[::-1] for row in ROWS))
    rows, lines, bad = read(text, label=label, on_bad_record="quarantine")
    assert rows == (PLAIN if label == "required" else UNLABELED)
    assert (lines, [one.line for one in bad]) == ([4, 5, 6, 7], [1])


@LABELS
@pytest.mark.parametrize("block_bytes", [1, 1 << 20])
@pytest.mark.parametrize("mode", ["stop", "quarantine"])
def test_a_header_among_records_is_refused_in_any_mode(label: str, block_bytes: int, mode: str) -> None:
    arff = "\n".join(ARFF[1:]).encode()
    comment = b"# " + ",".join(NAMES[::-1]).encode()
    for header in (text_of([*NAMES][::-1]), text_of([*NAMES], separator=";"), arff, comment):
        text = b"\n".join([text_of(*ROWS), header, text_of(*(row[::-1] for row in ROWS))])
        message = r"^some\.csv: line 5: found names of columns, expected a record; a header belongs in the first line"
        with pytest.raises(HeaderError, match=message + ".*divide the file there$"):
            read(text, label=label, on_bad_record=mode, block_bytes=block_bytes)


RUINS = {
    "stray quote": '"' + ",".join(NAMES[::-1]),
    "quote within": ",".join(NAMES[::-1]).replace("land", '"land'),
    "prefix": ",".join(f"kdd.{name}" for name in NAMES[::-1]),
    "joined prefix": ",".join(f"kdd_{name}" for name in NAMES[::-1]),
    "too long": ",".join([*NAMES[::-1], "x" * 70_000]),
    "semicolons": ";".join(NAMES[::-1]),
    "blanks": " ".join(NAMES[::-1]),
    "carets, spaced": "^".join(name.replace("_", " ").title() for name in NAMES[::-1]),
}


@LABELS
@pytest.mark.parametrize("kind", RUINS)
@pytest.mark.parametrize("mode", ["stop", "quarantine"])
def test_a_header_that_cannot_be_read_is_refused_in_any_mode(kind: str, mode: str, label: str) -> None:
    for above in (0, 3, HEAD_LINES + 1):
        text = b"\n" * above + text_of([RUINS[kind]], *(row[::-1] for row in ROWS))
        with pytest.raises(HeaderError, match=rf"^some\.csv: line {above + 1}: found names of columns"):
            read(text, label=label, on_bad_record=mode)


@LABELS
@pytest.mark.parametrize("above", [b"% c", b"# c", b""])
@pytest.mark.parametrize("block_bytes", [100, 1 << 20])
def test_a_header_is_found_below_any_number_of_blanks_and_comments(label: str, above: bytes, block_bytes: int) -> None:
    count = 5 * HEAD_LINES
    for start in ([[*NAMES][::-1]], []):
        rows = [row[::-1] if start else row for row in ROWS]
        text = (above + b"\n") * count + text_of(*start, *rows)
        read_rows, lines, bad = read(text, label=label, on_bad_record="quarantine", block_bytes=block_bytes)
        assert read_rows == (PLAIN if label == "required" else UNLABELED)
        assert lines == [count + len(start) + number for number in range(1, 5)]
        assert [one.line for one in bad] == ([*range(1, count + 1)] if above else [])


def test_blank_lines_do_not_hide_the_number_of_fields() -> None:
    rows, lines, notes = values(b"\n" * 300 + text_of(*ROWS), "ignored")
    assert (rows, lines, notes) == (UNLABELED, [301, 302, 303, 304], ["300 blank lines passed over"])


@LABELS
@pytest.mark.parametrize("mark", ["%", "#"])
def test_a_comment_that_names_some_columns_is_no_header(label: str, mark: str) -> None:
    comment = f"{mark} protocol_type, service, flag"
    expected = PLAIN if label == "required" else UNLABELED
    for lines in ([comment, *map(",".join, ROWS)], [*map(",".join, ROWS[:2]), comment, *map(",".join, ROWS[2:])]):
        rows, _, bad = read("\n".join(lines).encode(), label=label, on_bad_record="quarantine")
        assert (rows, [one.line for one in bad]) == (expected, [lines.index(comment) + 1])
    names = f"{mark} {','.join(NAMES)}"  # the line that is no comment decides
    text = "\n".join([names, *map(",".join, [NAMES[::-1], *(row[::-1] for row in ROWS)])]).encode()
    assert read(text, label=label, on_bad_record="quarantine")[0] == expected


@LABELS
def test_comments_in_an_arff_file_are_passed_over(label: str) -> None:
    lines = [",".join([*row[:41], "normal"]) for row in ROWS]
    text = "\n".join(
        ["% flag, service, land", *ARFF, "% one", *lines[:2], "", "% duration, flag, hot", *lines[2:], "%"]
    )
    rows, at, notes = values(text.encode(), label)
    assert rows == (PLAIN if label == "required" else UNLABELED)
    first = len(ARFF) + 3
    assert at == [first, first + 1, first + 4, first + 5]
    assert notes == ["1 blank line passed over", "3 comments passed over"]


FOREIGN = {
    "PNG": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0,\n\0\x1b,\n",
    "pickle": b"(lp0\n(lp1\nI0\naVtcp\n",
    "YAML": b"- duration: 0\n  protocol: tcp\n",
    "HTML": b"<table>\n<tr><td>0</td><td>tcp</td></tr>\n</table>\n",
    "JSON": b"[\n [\n 0,\n 'tcp',\n 'http'\n ]\n]\n",
    "colons": text_of(*ROWS, separator=":"),
    "carets": text_of([*NAMES], separator="^") + b"\n" + text_of(*ROWS, separator="^"),
}


@LABELS
@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("mode", ["stop", "quarantine"])
def test_a_file_without_a_line_like_a_record_is_refused_as_a_whole(kind: str, mode: str, label: str) -> None:
    message = (
        r"^some\.csv: found no records: line 1 has 1 field; expected text with 41 values a line, separated by commas, "
        r"`;`, tabs or `\|`$"
    )
    with pytest.raises(HeaderError, match=message):
        read(FOREIGN[kind], label=label, on_bad_record=mode)


def test_a_name_that_stands_alone_in_a_record_makes_no_header() -> None:
    rows, lines, _ = values(text_of([*ROWS[0][:-1], "land."]), "required")
    assert (rows[0]["label"], lines) == ("land", [1])


def test_find_columns_takes_names_of_any_type() -> None:
    assert find_columns([0, None, b"duration", "SRC_BYTES"]) == {"duration": 2, "src_bytes": 3}
