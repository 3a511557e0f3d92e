"""A schema is checked against a file: every disagreement with column, line, value, expectation and count."""

from pathlib import Path

import pytest

from src.data.proposals.schema_check import check, check_file
from src.data.schema import schema_of

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
        "PortScan",
        "column proto: 1 line, 1 different value; the first in line 8: found 'gre', expected one of tcp, udp, or "
        "values: learn in the schema",
        "column (record): 1 line, 1 different value; the first in line 9: found '3 fields', expected 6 fields",
    ]  # fmt: skip
    assert lines[-1] == f"{tmp_path / 'flows.csv'}: 4 records of 8 agree with schema 'flows'"


def test_a_header_of_other_columns_is_a_disagreement(tmp_path: Path) -> None:
    (tmp_path / "flows.csv").write_text(HEADER.replace("bytes", "octets") + "\n" + "\n".join(GOOD) + "\n")
    lines, agrees = check(tmp_path / "flows.csv", DECLARED)
    assert not agrees
    assert "line 1: found no column 'bytes', expected the 5 columns in any order" in lines[0]


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
        ("one", "a: [", r"one\.yaml: .* expected a schema in YAML"),
        ("two", "name: two", r"two\.yaml: found no columns"),
    ):
        (tmp_path / f"{name}.yaml").write_text(text)
        with pytest.raises(ValueError, match=message) as error:
            check_file(tmp_path / "flows.csv", name)
        assert "\n" not in str(error.value)
