"""Page, JSON and terminal lines of an audit."""

import json
from pathlib import Path

import pytest

from src.evaluation.audit.findings import Details, Finding, grey
from src.reports.audit.page import SECTIONS, AuditReport, limits_table
from src.utils.paths import PROJECT

FINDINGS = [
    Finding("copies", "train", "green", "No copies.", {"records": 1234}),
    Finding("constant", "train", "yellow", "One column.", {"constant": 1}),
    Finding("classes", "train", "red", "Few.", {}, Details(("label", "records", "share"), [("one", 1234, 0.5)])),
    grey("shared", "test", "the data set has no test file"),
]


@pytest.fixture
def report() -> AuditReport:
    facts = {"split": "random", "task": "binary", "seed": 0}
    return AuditReport("flows", "python -m src.audit dataset=flows", facts, FINDINGS, simulated=False)


def test_the_page_has_the_command_the_levels_and_the_numbers(report: AuditReport, tmp_path: Path) -> None:
    report.write(tmp_path / "audit")
    assert {path.name for path in (tmp_path / "audit").iterdir()} == {"README.md", "index.html", "audit.json"}
    text = (tmp_path / "audit" / "README.md").read_text()
    assert "\n```\npython -m src.audit dataset=flows\n```\n" in text
    assert "1 red, 1 yellow, 1 grey, 1 green." in text
    assert "| `copies` | green | - |\n| `shared` | - | grey |" in text
    assert "- **red** `classes`, train: Few.\n" in text
    assert "| label | records | share, % |\n| --- | --- | --- |\n| one | 1,234 | 50.00 |" in text
    assert "## Order" not in text  # a section without a finding
    assert "\n\n\n" not in text


def test_the_json_has_all_numbers(report: AuditReport, tmp_path: Path) -> None:
    report.write(tmp_path / "audit")
    found = json.loads((tmp_path / "audit" / "audit.json").read_text())
    assert found["levels"] == {"red": 1, "yellow": 1, "grey": 1, "green": 1}
    assert (found["dataset"], found["split"], found["seed"]) == ("flows", "random", 0)
    assert found["findings"][0]["numbers"] == {"records": 1234}
    assert found["findings"][2]["details"] == [{"label": "one", "records": 1234, "share": 0.5}]


def test_a_terminal_shows_the_worst_first_in_colors_and_a_file_has_no_codes(report: AuditReport) -> None:
    lines = report.lines(color=False)
    assert [line.split()[0] for line in lines[:4]] == ["red", "yellow", "grey", "green"]
    assert lines[-1] == "flows: 1 red, 1 yellow, 1 grey, 1 green"
    assert "\033" not in "".join(lines)
    colored = report.lines(color=True)
    assert colored[0].startswith("\033[31mred   \033[0m  classes, train: ")
    assert colored[3].startswith("\033[32mgreen \033[0m  ")


def test_the_documented_limits_are_those_of_the_code() -> None:
    page = (PROJECT / "docs" / "audit" / "README.md").read_text(encoding="utf-8")
    assert limits_table() in page
    for _, _, checks in SECTIONS:
        for check in checks:
            assert f"\n| `{check}` |" in page
