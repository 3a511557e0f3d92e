"""Markdown that reports share: tables, scores with their intervals, runs, and the commands that repeat them."""

from collections.abc import Iterable, Sequence

from src.evaluation.intervals import Interval
from src.reports.runs import Configuration, Run

MISSING = "run missing"


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table.

    Raises:
        ValueError: A row has an empty cell or another number of cells than there are columns.
    """
    for row in rows:
        if len(row) != len(columns) or not all(row):
            raise ValueError(f"table {columns}: found the row {row}, expected {len(columns)} cells, none of them empty")
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def percent(interval: Interval | None, digits: int = 2) -> str:
    """Return a share in percent, with its interval cut to 0 to 100: `99.53 [99.48, 99.58]`."""
    if interval:
        interval = Interval(interval.mean, max(0.0, interval.low), min(1.0, interval.high))
    return number(interval, 100, digits)


def cost(interval: Interval | None) -> str:
    """Return a mean cost: `0.2331 [0.2320, 0.2342]`."""
    return number(interval, 1, 4)


def number(interval: Interval | None, scale: float, digits: int) -> str:
    """Return a score and its interval. An interval without width is left out; no score gives `run missing`."""
    if interval is None:
        return MISSING
    mean, low, high = (f"{scale * value:.{digits}f}" for value in (interval.mean, interval.low, interval.high))
    return mean if low == high else f"{mean} [{low}, {high}]"


def seeds(count: int) -> str:
    """Return a number of seeds in words: `1 seed`, `5 seeds`."""
    return f"{count} {'seed' if count == 1 else 'seeds'}"


def run_ids(runs: Iterable[Run], *, links: bool) -> str:
    """Return the short names of runs, each a link to its page in the MLflow UI if `links`."""
    names = (f"[{run.id[:8]}]({run.page})" if links else f"`{run.id[:8]}`" for run in runs)
    return ", ".join(names) or MISSING


def commands(configurations: Sequence[Configuration]) -> str:
    """Return the commands that make the runs of some configurations, one for each grid."""
    grids = dict.fromkeys(one.grid for one in configurations)
    return "\n".join(["```", *(f"python -m src.train -m +experiment={grid}" for grid in grids), "```"])
