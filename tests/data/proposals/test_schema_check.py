"""A schema is checked against a file: every disagreement with column, line, value, expectation and count."""

import gzip
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from src.data.proposals.schema_check import check, check_file
from src.data.schema import schema_of
from src.data.schema_files import declared_schema
from src.data.sources import MIRROR_VARIABLE, PublishedDataset, PublishedFile

DECLARED = schema_of(
    {
        "name": "flows",
        "columns": {
            "proto": {"kind": "category", "values": ["tcp", "udp"]},
            "app": {"kind": "category", "values": "learn"},
            "seconds": "real",
            "bytes": "count",
            "loss": "rate",
            "Kind": "label",
        },
        "normal": "Benign",
        "categories": {"ddos": ["DDoS"], "scan": ["PortScan"]},
        "missing": ["?"],
    }
)
SCHEMA = "name: flows\nnormal: Benign\ncategories: {ddos: [DDoS]}\ncolumns:\n  Kind: label\n  a: count\n"
HEADER = "proto,app,seconds,bytes,loss,Kind"
GOOD = ["tcp,web,0.5,12,0.5,Benign", "udp,dns,1,?,0,DDoS", "TCP,web,0.5,12,1,PortScan"]


def checked(folder: Path, *lines: str, separator: str = ",", end: str = "\n") -> tuple[list[str], bool]:
    text = "".join(line.replace(",", separator) + end for line in (HEADER, *lines))
    (folder / "flows.csv").write_bytes(text.encode())
    return check(folder / "flows.csv", DECLARED)


def test_a_file_that_agrees_has_notes_alone(tmp_path: Path) -> None:
    lines, agrees = checked(tmp_path, *GOOD[:2])
    assert agrees
    assert lines == [
        "note: 1 missing number read as 0",
        "note: no record has the label PortScan",
        f"{tmp_path / 'flows.csv'}: 2 records agree with schema 'flows'",
    ]


@pytest.mark.parametrize(("separator", "end"), [(",", "\n"), (",", "\r\n"), (";", "\n")])
def test_every_disagreement_is_listed_with_its_first_line_and_its_count(
    separator: str, end: str, tmp_path: Path
) -> None:
    bad = ["tcp,web,abc,-1,1.5,Martian", "tcp,web,abc,7,0,Benign", "gre,web,def,7,0,Benign", "gre,dns,7,7,0,Benign",
           "tcp,web,1"]  # fmt: skip
    lines, agrees = checked(tmp_path, *GOOD, *bad, separator=separator, end=end)
    assert not agrees
    assert lines[:6] == [
        "column seconds: 3 lines, 2 different values; the first in line 5: found 'abc', expected a finite number",
        "column bytes: 1 line, 1 different value; the first in line 5: found '-1', expected a whole number, 0 or more",
        "column loss: 1 line, 1 different value; the first in line 5: found '1.5', expected a number from 0 to 1",
        "column Kind: 1 line, 1 different value; the first in line 5: found 'Martian', expected one of Benign, DDoS, "
        "PortScan; a new attack type belongs in a category of schema 'flows'",
        "column proto: 1 line, 1 different value; the first in line 8: found 'gre', expected one of tcp, udp, or "
        "values: learn in the schema",
        "column (record): 1 line, 1 different value; the first in line 9: found '3 fields', expected 6 fields",
    ]  # fmt: skip
    assert lines[-1] == f"{tmp_path / 'flows.csv'}: 4 records of 8 agree with schema 'flows'"


def test_a_file_that_agrees_has_the_line_that_declares_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("src.data.schema_files.DECLARED", "src.data.proposals.schema_check.DECLARED"):
        monkeypatch.setattr(folder, tmp_path)
    monkeypatch.setenv(MIRROR_VARIABLE, str(tmp_path))
    (tmp_path / "mine.yaml").write_text(SCHEMA.replace("flows", "mine") + "  b: real\n")
    (tmp_path / "more").mkdir()
    path = tmp_path / "more" / "more, of it.csv.gz"
    path.write_bytes(gzip.compress(b"a,b,Kind\n1,0,Benign\n2,0,DDoS\n"))
    lines, agrees = check_file(path, "mine")
    assert agrees
    file = PublishedFile(**yaml.safe_load(lines[-1]))
    assert (file.path, file.records, file.size) == ("more/more, of it.csv.gz", 3, 29)
    fetched = PublishedDataset("mine", DECLARED, file).fetch("train", tmp_path / "raw")
    assert gzip.decompress(fetched.read_bytes()).startswith(b"a,b,Kind")
    path.write_bytes(gzip.compress(b"a,b,Kind\n1,0,Benign\n2,0,Worm\n"))
    lines, agrees = check_file(path, "mine")
    assert not agrees
    assert "sha256" not in "".join(lines)


def test_a_header_of_other_columns_is_a_disagreement(tmp_path: Path) -> None:
    (tmp_path / "flows.csv").write_text(HEADER.replace("bytes", "octets") + "\n" + "\n".join(GOOD) + "\n")
    lines, agrees = check(tmp_path / "flows.csv", DECLARED)
    assert not agrees
    assert "line 1: found no column 'bytes', expected the 5 columns in any order" in lines[0]


@pytest.mark.parametrize(
    ("first", "message"),
    [
        ("p,program,time,octets,share,verdict", "line 1: found 'p', 'program', 'time', 'octets', 'share' and 1 more, "
         "which are no columns of schema 'flows', expected 'proto', 'app', 'seconds', 'bytes', 'loss' and 1 more"),
        (GOOD[0], "line 1: found a record, expected a header with the names of the columns of schema 'flows': 'proto'"),
    ],
)  # fmt: skip
def test_other_names_are_told_from_no_names(first: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "flows.csv").write_text("\n".join([first, *GOOD]) + "\n")
    lines, agrees = check(tmp_path / "flows.csv", replace(DECLARED, header=True))
    assert not agrees
    assert message in lines[0]


@pytest.mark.parametrize(("separator", "found"), [(",", "commas"), (";", ";"), ("\t", "tabs")])
def test_another_separator_is_a_disagreement(separator: str, found: str, tmp_path: Path) -> None:
    path = tmp_path / "flows.csv"
    path.write_text("".join(line.replace(",", separator) + "\n" for line in (HEADER, *GOOD)))
    lines, agrees = check(path, replace(DECLARED, separator="|"))
    assert (lines[0], agrees) == (
        f"separator: found {found} between the fields, expected |, as the schema says", False
    )  # fmt: skip
    assert check(path, replace(DECLARED, separator=separator))[1]
    columns = zip(HEADER.split(","), (["tcp"], ["web"], [0.5], [12], [0.5], ["DDoS"]), strict=True)
    pq.write_table(pa.table(dict(columns)), path)
    lines, _ = check(path, replace(DECLARED, separator="|"))  # a table has none
    assert not any(line.startswith("separator") for line in lines)


def test_a_line_break_within_quotes_is_named(tmp_path: Path) -> None:
    lines, agrees = checked(tmp_path, GOOD[0], 'tcp,"a', 'b",1,1,0,DDoS')
    assert not agrees
    assert "in line 3: found 'tcp,\"a', expected a double quote at both ends" in lines[0]
    assert "where a value has a line break within quotes, write the record in one line" in lines[0]


def test_too_many_values_for_indicators_are_a_disagreement(tmp_path: Path) -> None:
    lines, agrees = checked(tmp_path, *(f"tcp,w{number},1,1,1,Benign" for number in range(1_001)))
    assert not agrees
    assert "columns.app: found 1,001 different values, expected at most 1,000 with encoding=indicators" in lines[0]


def test_a_schema_that_is_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "flows.csv").write_text(HEADER)
    with pytest.raises(ValueError, match=r"--schema: found no schema 'zz', expected one of kdd, unsw_nb15"):
        check_file(tmp_path / "flows.csv", "zz")
    for folder in ("src.data.schema_files.DECLARED", "src.data.proposals.schema_check.DECLARED"):
        monkeypatch.setattr(folder, tmp_path)
    for name, text, message in (
        ("one", "a: [", r"one\.yaml, line 2: .* expected a schema in YAML"),
        ("two", "name: two", r"two\.yaml: columns: found nothing, expected a value"),
        ("three", SCHEMA, r"three\.yaml: name: found 'flows', expected 'three', the name of the file"),
        ("flows", SCHEMA + "  a: count\n", r"flows\.yaml, line 7: found duplicate key a; expected a schema in YAML"),
        (
            "flows",
            SCHEMA + "  A_: real\n",
            r"columns: found 'a' and 'A_', which are one name, expected names that",
        ),
        ("flows", SCHEMA + "header: 'yes'\n", r"flows\.yaml: header: found 'yes', expected a valid boolean"),
        ("flows", SCHEMA + "separator: ':'\n", r"flows\.yaml: separator: found ':', expected ',', ';', "),
        ("flows", SCHEMA + "missing: ${x}\n", r"flows\.yaml: Interpolation key 'x' not found"),
        (
            "flows",
            SCHEMA + "  0: real\n",
            r"flows\.yaml: columns: found the key 0, expected a text; write it in quotes",
        ),
        (
            "flows",
            SCHEMA + "aliases: {a: [b], no: [c]}\n",
            r"flows\.yaml: aliases: found the key False, expected a text",
        ),
        ("flows", SCHEMA + "heade: true\n", r"flows\.yaml: heade: found a key that has no meaning here"),
    ):
        (tmp_path / f"{name}.yaml").write_text(text)
        declared_schema.cache_clear()
        with pytest.raises(ValueError, match=message) as error:
            check_file(tmp_path / "flows.csv", name)
        assert "\n" not in str(error.value)
