"""Separator, header and records of files whose columns no schema declares."""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from src.data.proposals.undeclared import check_plain_file, is_declarable, look, words_of

ROWS = [["1", "tcp", "0.5", "a b", "Benign"], ["2", "udp", "7", "", "DDoS"], ["3", "tcp", "1e3", "c", "Benign"]]
NAMES = ["no", "proto", "Dur (s)", "app", "Kind"]


def text_of(rows: list[list[str]], separator: str = ",", end: str = "\n") -> bytes:
    return "".join(separator.join(row) + end for row in rows).encode()


def saved(folder: Path, text: bytes, name: str = "flows.csv") -> Path:
    (folder / name).write_bytes(text)
    return folder / name


def values(path: Path) -> list[list[str]]:
    file = look(path)
    (block,) = file.words()
    columns = [words_of(block, name).to_pylist() for name in file.columns]
    return [list(row) for row in zip(*columns, strict=True)]


WANTED = [[value or "missing" for value in row] for row in ROWS]


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        (text_of([NAMES, *ROWS]), ","),
        (b"\xef\xbb\xbf" + text_of([NAMES, *ROWS], end="\r\n"), ","),
        (text_of([NAMES, *ROWS], ";"), ";"),
        (text_of([NAMES, *ROWS], "\t"), "\t"),
        (text_of([[f'"{value}"' for value in row] for row in [NAMES, *ROWS]]), ","),
        (b"\n" + text_of([NAMES, *ROWS]) + b"\n", ","),
        (b"# " + text_of([NAMES, *ROWS]), ","),
        (gzip.compress(text_of([NAMES, *ROWS])), ","),
        (b"% x\n@RELATION x\n" + b"".join(b"@attribute '%s' string\n" % name.encode() for name in NAMES) + b"@data\n"
         + text_of(ROWS), ","),
        (text_of([NAMES, *ROWS]).decode().encode("utf-16"), ","),
    ],
    ids=["plain", "BOM, CRLF", "semicolons", "tabs", "quotes", "blank lines", "NumPy", "gz", "ARFF", "UTF-16"],
)  # fmt: skip
def test_a_file_with_names_is_read_in_every_form(text: bytes, separator: str, tmp_path: Path) -> None:
    path = saved(tmp_path, text)
    file = look(path)
    assert (file.separator, file.header, file.columns) == (separator, True, tuple(NAMES))
    assert values(path) == WANTED


def test_a_table_of_parquet_is_read_by_its_names(tmp_path: Path) -> None:
    columns = list(zip(*ROWS, strict=True))
    table = pa.table({"label": pa.array(columns[4]), "n": pa.array([1, 2, None]), "x": pa.array([0.5, 7, 1000.0])})
    pq.write_table(table, tmp_path / "flows.parquet")
    assert look(tmp_path / "flows.parquet").columns == ("label", "n", "x")
    rows = [["Benign", "1", "0.5"], ["DDoS", "2", "7"], ["Benign", "missing", "1000"]]
    assert values(tmp_path / "flows.parquet") == rows


def test_columns_without_names_are_numbered(tmp_path: Path) -> None:
    for text in (text_of(ROWS), text_of([["0", "1", "2", "3", "4"], *ROWS])):
        file = look(saved(tmp_path, text))
        assert (file.header, file.columns[0], len(file.columns)) == (False, "column_1", 5)
        assert values(tmp_path / "flows.csv") == WANTED


def test_an_index_without_a_name_and_columns_of_one_name_are_left_out(tmp_path: Path) -> None:
    rows = [["", "Fwd Hdr", "x", "fwd_hdr", "y", "Kind"], *([*row, "b"] for row in ROWS)]
    file = look(saved(tmp_path, text_of(rows)))
    assert file.columns == ("x", "y", "Kind")
    assert file.left_out["Fwd Hdr"] == "2 columns have this name, so that it says nothing"
    assert file.left_out[""] == "it has no name"
    assert values(tmp_path / "flows.csv") == [[row[2], row[4], "b"] for row in ROWS]


def test_an_index_that_the_header_does_not_count_is_passed_over(tmp_path: Path) -> None:
    path = saved(tmp_path, text_of([NAMES[1:], *ROWS]))
    assert look(path).columns == tuple(NAMES[1:])
    assert values(path) == [row[1:] for row in WANTED]


def test_chosen_columns_alone_are_read(tmp_path: Path) -> None:
    (block,) = look(saved(tmp_path, text_of([NAMES, *ROWS]))).words(["Kind"])
    assert block.columns.column_names == ["Kind"]


def test_lines_that_are_no_records_are_listed(tmp_path: Path) -> None:
    path = saved(tmp_path, text_of([NAMES, *ROWS]) + b"4,tcp\n" + b'5,"tcp,1,2,DDoS\n')
    (block,) = look(path).words()
    assert [(bad.line, bad.column) for bad in block.bad] == [(5, "(record)"), (6, "(record)")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"\n\n", "found no records, expected columns with a record a line"),
        (b"one\ntwo\nthree\n", "found 1 column, expected 3 to 1,000, separated by commas"),
        (text_of([[str(one) for one in range(1_001)]] * 2), "found 1,001 columns, expected 3 to 1,000"),
        (
            text_of([NAMES[:3], *ROWS]),
            "found 3 names in the header, expected 5, as most records have; correct the head",
        ),
        (text_of([["源", "宿", "端", "口", "类"], *ROWS]), "found 0 columns with names of their own in the header"),
        (b"a;b;c\n0,5;1;2\n0,7;2;2\n", "have a decimal comma such as 0,5; write numbers with a point"),
        (b"%PDF-1.7\n", "found a PDF"),
        (b"x" * 2_000_000, r"line 1: found 2,000,000 bytes, expected a header or a record"),
        (gzip.compress(text_of([NAMES, *ROWS * 500]))[:-20], "the file is damaged: fetch it again"),
    ],
    ids=["blank", "one column", "too many", "short header", "no letters", "decimal comma", "PDF", "long", "cut"],
)
def test_what_is_no_file_of_records_is_refused_in_one_line(text: bytes, message: str, tmp_path: Path) -> None:
    path = saved(tmp_path, text)
    with pytest.raises((ValueError, OSError), match=message) as error:
        list(look(path).words())
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(str(path))


def test_names_among_the_records_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, text_of([NAMES, *ROWS, NAMES, *ROWS]))
    with pytest.raises(ValueError, match=r"flows\.csv: line 5: found names of columns, expected a record"):
        list(look(path).words())


def test_only_a_file_that_can_be_read_twice_is_taken(tmp_path: Path) -> None:
    saved(tmp_path, b"")
    for path, message in (
        (tmp_path, "found a folder"),
        (tmp_path / "none.csv", "found no such file"),
        (tmp_path / "flows.csv", "found an empty file"),
        (Path("/dev/null"), "found a pipe or a device"),
    ):
        with pytest.raises(ValueError, match=f"{path}: {message}, expected a file of records"):
            check_plain_file(path)


@pytest.mark.parametrize("text", ["a,b", 'a"b', "${oc.env:HOME}", "???", " a", "a\nb", "\x85", "", "a" * 101])
def test_a_text_that_a_config_would_read_another_way_is_not_declarable(text: str) -> None:
    assert not is_declarable(text)
    assert is_declarable("Web Attack – XSS")
