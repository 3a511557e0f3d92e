"""Page and JSON file of an audit, and its lines on a terminal."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from src.evaluation.audit.findings import LEVELS, Details, Finding, Level, Value, count_levels
from src.evaluation.audit.limits import FEW_RECORDS, LIMITS, SHUFFLED_RUNS
from src.reports.markdown import markdown_table
from src.reports.page import templates, with_contents, write_report
from src.utils.files import whole_folder, write_text

# Sections of the page: title, what it is about, and its checks.
SECTIONS: Final = (
    ("Copies", "Records with equal feature vectors, within a file and across parts.", ("copies", "shared")),
    (
        "Conflicting labels",
        "Equal feature vectors with different labels: what no model of single records can tell apart.",
        ("conflicts", "contradicted"),
    ),
    (
        "Columns that give the label away",
        "Rules on one column, normal traffic or attack: a threshold, or a verdict for each value. They are learned on "
        "one half of the distinct vectors of the training file, and scored on the other.",
        ("giveaways",),
    ),
    (
        "Constant, repeated and identifying columns",
        "Columns that say nothing, that follow from another, or that name single records.",
        ("constant", "redundant", "identifiers"),
    ),
    ("Order", "Order of the lines, and what a split makes of it.", ("order", "sorted", "neighbors")),
    ("What training lacks", "Words, numbers and labels of a test that training lacks.", ("outside", "new_labels")),
    ("Classes", "Records of each attack type and category.", ("classes",)),
    ("Missing values", "Values that a mark of the schema says are missing.", ("missing",)),
)
_COLORS: Final[dict[Level, str]] = {"red": "31", "yellow": "33", "grey": "90", "green": "32"}


@dataclass(frozen=True)
class AuditReport:
    """Findings on one data set.

    Attributes:
        dataset: Name of the data set.
        command: Command that makes the page.
        facts: Further values of the config that the findings follow from.
        findings: Results of all checks.
        simulated: True if the records are simulated.
    """

    dataset: str
    command: str
    facts: dict[str, Any]
    findings: Sequence[Finding]
    simulated: bool

    def write(self, folder: Path) -> None:
        """Write README.md, index.html and audit.json; everything or nothing."""
        text = self.markdown()
        with whole_folder(folder) as part:
            write_report(part, self.title, {}, text, text, simulated=self.simulated)
            write_text(part / "audit.json", json.dumps(self.as_dict(), indent=1) + "\n")

    @property
    def title(self) -> str:
        """Title of the page."""
        return f"Audit of {self.dataset}"

    @property
    def summary(self) -> str:
        """Number of findings of each level."""
        return ", ".join(f"{count} {level}" for level, count in count_levels(self.findings).items())

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as JSON has them."""
        return {
            "dataset": self.dataset,
            "simulated": self.simulated,
            "command": self.command,
            **self.facts,
            "levels": count_levels(self.findings),
            "findings": [one.as_dict() for one in self.findings],
        }

    def markdown(self) -> str:
        """Text of the page."""
        template = templates(Path(__file__).parent / "templates").get_template("audit.md.j2")
        sections = [
            (title, about, [one for one in self.findings if one.check in checks]) for title, about, checks in SECTIONS
        ]
        text = template.render(
            report=self, sections=sections, overview=self._overview(), details=_details, limits=limits_table()
        )
        return with_contents(text)

    def lines(self, *, color: bool) -> list[str]:
        """One line for each finding, the worst first, and the number of findings of each level.

        Args:
            color: True to write the levels in their colors.
        """
        ordered = sorted(self.findings, key=lambda one: LEVELS.index(one.level))
        found = [f"{_word(one.level, color=color)}  {one.check}, {one.part}: {one.text}" for one in ordered]
        return [*found, f"{self.dataset}: {self.summary}"]

    def _overview(self) -> str:
        """Table of the levels: a row for each check, a column for each part."""
        parts = list(dict.fromkeys(one.part for one in self.findings))
        levels = {(one.check, one.part): one.level for one in self.findings}
        checks = [check for _, _, checks in SECTIONS for check in checks if any(check == one for one, _ in levels)]
        rows = [[f"`{check}`", *(_shown(levels.get((check, part))) for part in parts)] for check in checks]
        return markdown_table(["check", *parts], rows)


def limits_table() -> str:
    """Table of the limits in Markdown, for the page and for docs/audit/README.md."""
    rows = [
        [f"`{name}`", one.measure, _number(one.yellow), "-" if one.red is None else _number(one.red), one.reason]
        for name, one in LIMITS.items()
    ]
    rows.append(
        [
            "`classes`",
            "distinct records of an attack type (yellow) or of a category (red), at least",
            str(FEW_RECORDS),
            str(FEW_RECORDS),
            "the 95 % interval of a recall on 20 records is 0.4 wide",
        ]
    )
    rows.append(
        [
            "`order`",
            "label runs as a share of those of a shuffled file: in order up to this, shuffled above",
            _number(SHUFFLED_RUNS),
            "-",
            "yellow where the file is not as `dataset.ordered` says: layouts and splits rely on it",
        ]
    )
    return markdown_table(["limit", "measure", "yellow above", "red above", "reason"], rows)


def _word(level: Level, *, color: bool) -> str:
    word = f"{level:<6}"
    return f"\033[{_COLORS[level]}m{word}\033[0m" if color else word


def _shown(level: Level | None) -> str:
    return "-" if level is None else f"**{level}**" if level in ("red", "yellow") else level


def _number(value: float) -> str:
    return f"{100 * value:g} %" if 0 < value < 1 else f"{value:g}"


def _details(details: Details) -> str:
    """Table of a finding in Markdown; shares are in percent."""
    share = [any(isinstance(row[place], float) for row in details.rows) for place in range(len(details.columns))]
    columns = [f"{name}, %" if one else name for name, one in zip(details.columns, share, strict=True)]
    return markdown_table(columns, [[_cell(value) for value in row] for row in details.rows])


def _cell(value: Value) -> str:
    if isinstance(value, float):
        return "<0.01" if 0 < value < 0.00005 else f"{100 * value:.2f}"
    return f"{value:,}" if isinstance(value, int) else value
