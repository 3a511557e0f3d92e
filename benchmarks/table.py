"""Rows of measurements, and their Markdown table."""

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from importlib.metadata import distributions, version

from src.tracking.environment import git_revision, processor


@dataclass(frozen=True)
class Ratio:
    """Comparison of this project with another, measured in the same run.

    Attributes:
        what: Name of the work.
        ours: Value of this project, in `unit`.
        against: Name of the other.
        theirs: Value of the other, in `unit`; None if it could not be measured, which `note` explains.
        target: Ratio to reach; None for a row without a target.
        share: If true, the ratio is ours / theirs and `target` an upper limit. Otherwise the ratio is theirs / ours and
            `target` a lower limit.
        unit: Unit of both values.
        note: Remark for readers of this row.
        least: If true, `theirs` is a lower bound.
    """

    what: str
    ours: float
    against: str
    theirs: float | None
    target: float | None = None
    share: bool = False
    unit: str = "s"
    note: str = ""
    least: bool = False

    @property
    def ratio(self) -> float | None:
        if self.theirs is None:
            return None
        return self.ours / self.theirs if self.share else self.theirs / self.ours

    @property
    def reached(self) -> bool | None:
        """True if the target is reached; None without a target or without a value to compare with."""
        if self.target is None or self.ratio is None:
            return None
        return self.ratio <= self.target if self.share else self.ratio >= self.target

    def __str__(self) -> str:
        sign, more = ("≤", "") if self.share else ("≥", "> " if self.least else "")
        cells = (
            f"{self.what}; {self.note}" if self.note and self.theirs is not None else self.what,
            amount(self.ours, self.unit),
            self.against,
            self.note if self.theirs is None else more + amount(self.theirs, self.unit),
            "" if self.ratio is None else f"{more}{self.ratio:.3g}",
            "" if self.target is None else f"{sign} {self.target:g}",
            {None: "", True: "yes", False: "**no**"}[self.reached],
        )
        return f"| {' | '.join(cells)} |"


def amount(value: float, unit: str) -> str:
    """Format a number with its unit, in three digits."""
    return f"{value:,.0f} {unit}" if value >= 1000 else f"{value:.3g} {unit}"


def ratios(rows: Iterable[Ratio]) -> list[str]:
    """Format rows as a Markdown table."""
    return [
        "| what | ours | against | theirs | ratio | to reach | reached |",
        "|---|---|---|---|---|---|---|",
        *map(str, rows),
    ]


def machine(command: str, libraries: Iterable[str], others: Iterable[str] = ()) -> str:
    """Describe in a line the command, date, commit, machine and versions of a measurement."""
    installed = {one.name.lower() for one in distributions() if one.name}
    versions = ", ".join([*(f"{name} {version(name)}" for name in libraries if name in installed), *others])
    return (
        f"`{command}`, {date.today().isoformat()}, commit {git_revision()[:10]}, {processor()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, {versions}."
    )
