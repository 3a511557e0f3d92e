"""What reports on grids share: how scores are shown, what is missing, pictures, and the commands that repeat them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from matplotlib.figure import Figure

from src.evaluation.intervals import Interval
from src.reports.page import templates, write_report
from src.reports.runs import Entry, Results

MISSING = "run missing"


@dataclass(frozen=True)
class GridReport(ABC):
    """A report on the runs of some grids.

    Attributes:
        title: Of the page.
        folder: Where its `templates/report.md.j2` lies.
        results: What there is to report.
    """

    title: ClassVar[str]
    folder: ClassVar[Path]

    results: Results

    @abstractmethod
    def pictures(self) -> Iterator[tuple[str, Figure]]:
        """Those that the runs at hand allow, by name."""

    @abstractmethod
    def values(self) -> Mapping[str, Any]:
        """What the template reads beside `results`, `title`, and the functions `picture` and `again`."""

    @property
    def warning(self) -> str:
        """What the title of a picture begins with."""
        return "SIMULATED DATA - " if self.results.simulated else ""

    def write(self, folder: Path) -> None:
        """Write README.md with its pictures, and index.html, self-contained; all of it or nothing."""
        pictures = dict(self.pictures())

        def picture(name: str, caption: str) -> str:
            if name not in pictures:
                return f"\n*{caption}* {MISSING}.\n"
            return f"\n![{caption}]({name}.svg)\n\n*{caption}*\n"

        template = templates(self.folder / "templates").get_template("report.md.j2")
        shared = {"title": self.title, "results": self.results, "picture": picture, "again": again}
        text = template.render(**shared, **self.values())
        write_report(folder, self.title, pictures, text, text, simulated=self.results.simulated)


def again(entries: Sequence[Entry]) -> str:
    """The commands that make the runs of some configurations, a grid each."""
    grids = dict.fromkeys(entry.grid for entry in entries)
    return "\n".join(["```", *(f"python -m src.train -m +experiment={grid}" for grid in grids), "```"])


def percent(interval: Interval | None, digits: int = 2) -> str:
    """`99.53 [99.48, 99.58]`; no interval reaches beyond what a share can be."""
    if interval:
        interval = Interval(interval.mean, max(0.0, interval.low), min(1.0, interval.high))
    return shown(interval, 100, digits)


def cost(interval: Interval | None) -> str:
    """`0.2331 [0.2320, 0.2342]`."""
    return shown(interval, 1, 4)


def shown(interval: Interval | None, scale: float, digits: int) -> str:
    """A score and its interval, which is left out where it is a point; or that there is no run."""
    if interval is None:
        return MISSING
    mean, low, high = (f"{scale * value:.{digits}f}" for value in (interval.mean, interval.low, interval.high))
    return mean if low == high else f"{mean} [{low}, {high}]"
