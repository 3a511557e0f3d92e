"""Rows of measurements, and the Markdown they become."""

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from importlib.metadata import distributions, version

from src.tracking.environment import git_revision, processor


@dataclass(frozen=True)
class Ratio:
    """Ours against something else, measured in the same run.

    Attributes:
        what: The work.
        ours: In `unit`.
        against: What it is compared with.
        theirs: In `unit`; None where it could not be measured, which `note` explains.
        target: The ratio to reach; None for a row that only informs.
        share: The ratio is ours / theirs, to be at most `target`. Otherwise it is theirs / ours, at least `target`.
        unit: Of both.
        note: What a reader must know of this row.
        least: `theirs` is only known to be at least so much.
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
        """None where there is nothing to reach, or nothing to compare with."""
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
    """A number with its unit, three digits."""
    return f"{value:,.0f} {unit}" if value >= 1000 else f"{value:.3g} {unit}"


def ratios(rows: Iterable[Ratio]) -> list[str]:
    """The table."""
    return [
        "| what | ours | against | theirs | ratio | to reach | reached |",
        "|---|---|---|---|---|---|---|",
        *map(str, rows),
    ]


def machine(command: str, libraries: Iterable[str], others: Iterable[str] = ()) -> str:
    """A line that says where, when, with what and by which command a table was measured."""
    installed = {one.name.lower() for one in distributions() if one.name}
    versions = ", ".join([*(f"{name} {version(name)}" for name in libraries if name in installed), *others])
    return (
        f"`{command}`, {date.today().isoformat()}, commit {git_revision()[:10]}, {processor()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, {versions}."
    )
