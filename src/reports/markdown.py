"""Markdown that reports share: tables, scores with their intervals, runs, and the commands that repeat them."""

from collections.abc import Iterable, Sequence

from src.evaluation.intervals import NEXT_RUN, SEEDS, SEEDS_AND_RECORDS, TEST_RECORDS, Covers, Interval
from src.reports.runs import Configuration, Run

MISSING = "run missing"
Range = tuple[float, float] | None


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


def percent(interval: Interval | None, seed_range: Range = None, digits: int = 2) -> str:
    """Return a share in percent with its interval and the lowest to the highest seed.

    >>> percent(Interval(0.9953, 0.9948, 0.9958), (0.9951, 0.9955))
    '99.53 [99.48, 99.58] (99.51 to 99.55)'
    """
    return number(interval, 100, digits, seed_range)


def cost(interval: Interval | None, seed_range: Range = None) -> str:
    """Return a mean cost: `0.2331 [0.2320, 0.2342] (0.2325 to 0.2340)`."""
    return number(interval, 1, 4, seed_range)


def number(interval: Interval | None, scale: float, digits: int, seed_range: Range = None) -> str:
    """Return a score, its interval and its seeds; `run missing` for no score.

    Equal ends stand for a score without an interval. Ends that only round to one number are shown.
    """
    if interval is None:
        return MISSING
    mean, low, high = (f"{scale * value:.{digits}f}" for value in (interval.mean, interval.low, interval.high))
    shown = mean if interval.low == interval.high else f"{mean} [{low}, {high}]"
    if seed_range is None:
        return shown
    lowest, highest = (f"{scale * value:.{digits}f}" for value in seed_range)
    return f"{shown} ({lowest} to {highest})"


def over_seeds(values: Iterable[float], scale: float, digits: int) -> str:
    """Return the mean of the seeds' scores with the lowest and the highest: `0.1475 (0.1447 to 0.1520)`."""
    found = [scale * value for value in values]
    if not found:
        return MISSING
    ends = f" ({min(found):.{digits}f} to {max(found):.{digits}f})" if len(found) > 1 else ""
    return f"{sum(found) / len(found):.{digits}f}{ends}"


def covered(covers: Covers, overlaps: Iterable[float] = ()) -> str:
    """Return in words what the intervals of a table cover.

    Args:
        covers: Kind of the intervals.
        overlaps: Ratios of test to training records of the configurations; 0 on a published test.
    """
    if covers == SEEDS:
        ratios = sorted({f"{one:.2f}" for one in overlaps if one})
        corrected = f"Nadeau and Bengio's correction for overlapping tests, n_test / n_train = {', '.join(ratios)}"
        return f"seeds (Student's t; {corrected if ratios else 'the test records are fixed'})"
    return {
        TEST_RECORDS: "test records (bootstrap over distinct vectors), for the seeds at hand: no other seeds",
        SEEDS_AND_RECORDS: "seeds and test records (bootstrap over distinct vectors, Student's t over seeds)",
        NEXT_RUN: "one further run (prediction interval over the seeds, Student's t)",
    }[covers]


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
