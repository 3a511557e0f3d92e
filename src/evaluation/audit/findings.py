"""Findings of an audit of data: a level, a sentence, and the numbers behind it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Level = Literal["green", "yellow", "red", "grey"]
LEVELS: Final[tuple[Level, ...]] = ("red", "yellow", "grey", "green")
Value = str | int | float


@dataclass(frozen=True)
class Limit:
    """Values of a measure above which a finding is yellow or red.

    Attributes:
        measure: Measure in words.
        yellow: Largest value of a green finding.
        red: Largest value of a yellow finding; None where no value is red.
        reason: Reason for the two values.
    """

    measure: str
    yellow: float
    red: float | None
    reason: str

    def level(self, value: float) -> Level:
        """Level of a value.

        >>> [Limit("share", 0.1, 0.2, "").level(value) for value in (0.1, 0.2, 0.3)]
        ['green', 'yellow', 'red']
        """
        if self.red is not None and value > self.red:
            return "red"
        return "yellow" if value > self.yellow else "green"


@dataclass(frozen=True)
class Details:
    """Table of a finding.

    Attributes:
        columns: Names of the columns.
        rows: Values by row. A float is a share from 0 to 1, which a page shows in percent.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[Value, ...]]


@dataclass(frozen=True)
class Finding:
    """Result of one check on one part of the data.

    Attributes:
        check: Name of the check, such as `copies`.
        part: `train`, `test`, a further test, or `split` for the parts that the split makes of the training file.
        level: Green, yellow, red; or grey if the check could not run.
        text: Result in one sentence.
        numbers: Numbers behind it. Their names are those of metrics.
        details: Table; None where the sentence says everything.
    """

    check: str
    part: str
    level: Level
    text: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    details: Details | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as JSON has them."""
        plain: dict[str, Any] = {"check": self.check, "part": self.part, "level": self.level, "text": self.text}
        plain["numbers"] = dict(self.numbers)
        if self.details:
            plain["details"] = [dict(zip(self.details.columns, row, strict=True)) for row in self.details.rows]
        return plain


def grey(check: str, part: str, reason: str) -> Finding:
    """Finding of a check that could not run."""
    return Finding(check, part, "grey", f"Not checked: {reason}.")


def worst(levels: Iterable[Level]) -> Level:
    """Worst of some levels; green for none.

    >>> worst(["green", "red", "yellow"]), worst([])
    ('red', 'green')
    """
    return min(levels, key=("red", "yellow", "green", "grey").index, default="green")


def count_levels(findings: Iterable[Finding]) -> dict[Level, int]:
    """Number of findings of each level, the worst first."""
    counts = Counter(one.level for one in findings)
    return {level: counts[level] for level in LEVELS}


def metrics(findings: Iterable[Finding]) -> dict[str, float]:
    """Numbers of all findings by check, part and name, and the number of findings of each level."""
    found = list(findings)
    numbers = {f"{one.check}.{one.part}.{name}": float(value) for one in found for name, value in one.numbers.items()}
    return {f"findings_{level}": float(count) for level, count in count_levels(found).items()} | numbers


def share(count: int, total: int) -> str:
    """Count of records with its share.

    >>> share(12, 1200)
    '12 of 1,200 records (1.00 %)'
    """
    return f"{count:,} of {total:,} records ({percent(count / total if total else 0)})"


def percent(value: float) -> str:
    """Share in percent; one near 0 or 1 is not rounded to them.

    >>> percent(0.0266), percent(0.000004), percent(0.999996), percent(1)
    ('2.66 %', '0.0004 %', '99.9996 %', '100.00 %')
    """
    digits = 2 if value in (0, 1) or 0.00005 <= value <= 0.99995 else 4
    return f"{100 * value:.{digits}f} %"


def listed(names: Sequence[str], most: int = 6) -> str:
    """First names of a list, and the number of the others.

    >>> listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
