"""Table of configurations as text, CSV, Markdown and LaTeX."""

import csv
import io
import math
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tabulate import tabulate

from src.evaluation.intervals import Interval
from src.evaluation.metric_kinds import less_is_better, scale_of
from src.evaluation.silent_seeds import with_silent_seeds
from src.evaluation.thresholds import FALSE_ALARM_RATES, rate_name
from src.tracking.run_names import short_names
from src.tracking.tables.results import BEST, FINISHED, ResultsTable, Row
from src.tracking.tables.seed_summary import SeedScore
from src.utils.files import write_text

SUFFIXES = {".txt": "text", ".csv": "csv", ".md": "markdown", ".tex": "latex"}
MOST_ROWS = 40  # on a screen and on the page of a run
_TITLES = {
    "val_macro_f1": "val\nmacro F1",
    "test_accuracy": "accuracy",
    "test_f1": "F1",
    "test_macro_f1": "macro F1",
    "test_false_alarm_rate": "false\nalarms",
    "test_detection_rate": "detection",
    "test_mean_cost": "cost",
    "fit_seconds": "fit, s",
    "test_share_seen_in_training": "seen",
    "test_accuracy_unseen": "accuracy,\nnot seen",
    **{f"test_detection_at_{rate_name(rate)}": f"det. at\n{100 * rate:g} %" for rate in FALSE_ALARM_RATES},
}
# Scores whose zero says that no threshold keeps the rate of false alarms.
_AT_EQUAL_ALARMS = re.compile(
    r"(?P<part>\w+?)_(detection\w*|mean_cost|false_alarm_rate)_(?P<rate>(at|set_for)_[\d.]+_percent)"
)
_VALUES = {"None": "null", "True": "true", "False": "false"}  # as on the command line


class _Detail(NamedTuple):
    """Metrics whose intervals a text shows, and those whose lowest and highest seed it shows."""

    interval: Callable[[str], bool]
    seeds: Callable[[str], bool]


def _is_accuracy(metric: str) -> bool:
    return metric == "test_accuracy"


# All, then fewer until the table is narrow enough.
_DETAILS = (
    _Detail(lambda metric: True, lambda metric: True),
    _Detail(lambda metric: True, _is_accuracy),
    _Detail(lambda metric: metric not in ("test_f1", "test_macro_f1"), _is_accuracy),
    _Detail(_is_accuracy, _is_accuracy),
    _Detail(_is_accuracy, lambda metric: False),
    _Detail(lambda metric: False, lambda metric: False),
)
_WIDTH = 120  # where the output is no terminal


def text(table: ResultsTable, rest: str, *, most: int | None = MOST_ROWS) -> str:
    """Format a table for a terminal.

    Args:
        rest: Place of the rows that are not shown.
        most: Number of rows; None for all.
    """
    rows = table.rows[:most]
    width = shutil.get_terminal_size((_WIDTH, 0)).columns
    for detail in _DETAILS:
        made = _tabulated(table, rows, "simple", detail, run_ids=True)
        if max(map(len, made.splitlines())) <= width:
            break
    more = [f"{len(table.rows) - len(rows)} more rows: {rest}"] if len(rows) < len(table.rows) else []
    return "\n".join([*_caption(table), "", made, *more])


def markdown(table: ResultsTable, *, most: int | None = None, longest: int | None = None, rest: str = "") -> str:
    """Format a table as Markdown.

    Args:
        most: Number of rows; None for all.
        longest: Number of characters; rows are left out until the text is as short. None for no limit.
        rest: Place of the rows that are left out.
    """
    for count in range(min(most or len(table.rows), len(table.rows)), 0, -1):
        made = _tabulated(table, table.rows[:count], "github", _DETAILS[0], run_ids=True)
        more = [f"\n{len(table.rows) - count} more rows: {rest}"] if count < len(table.rows) else []
        first, *others = _caption(table)
        # a paragraph for each line of the caption
        made = "\n".join(["\n\n".join([f"**{first}**", *others]), "", _narrow(made), *more])
        if longest is None or len(made) <= longest:
            return made
    return made[:longest]


def _narrow(made: str) -> str:
    """Remove the spaces that align the columns of a Markdown table, for which a page has no use."""
    return re.sub(r"-{3,}", "---", re.sub(r" +", " ", made))


def latex(table: ResultsTable) -> str:
    """Format a table as a LaTeX `tabular` for the package booktabs, with the caption as a comment."""
    made = _tabulated(table, table.rows, "latex_booktabs", _DETAILS[0], run_ids=False)
    return "\n".join([*(f"% {line}" for line in _caption(table)), r"% \usepackage{booktabs}", made, ""])


def as_csv(table: ResultsTable) -> str:
    """Format a table as CSV: full names, shares from 0 to 1, and a column for each end of an interval.

    A table of means over seeds also has the lowest and the highest seed of each score.
    """
    target = io.StringIO()
    write = csv.writer(target, lineterminator="\n").writerow
    ends = {metric: _has_interval(table, metric) for metric in table.metrics}
    of_seeds = ("lowest", "highest") if table.means else ()
    numbers = [
        f"{metric}{end}"
        for metric, wide in ends.items()
        for end in ["", *["_low", "_high"] * wide, *(f"_{one}" for one in of_seeds)]
    ]
    write([*table.parameters, "seeds", *numbers, "status", "runs"])
    for row in table.rows:
        scores: list[str] = []
        for metric, wide in ends.items():
            score = table.score(row, metric)
            found: list[float | None] = [score.mean if score else None]
            if wide:
                found += [score.low, score.high] if score and _wide(score) else [None, None]
            if table.means:
                found += [score.lowest, score.highest] if isinstance(score, SeedScore) else [None, None]
            scores += ["" if value is None else f"{value:.8g}" for value in found]
        ids = " ".join(run.id for run in row.runs.values() if run.id)
        write([*(_value(row, key) for key in table.parameters), " ".join(row.runs), *scores, row.status, ids])
    return target.getvalue()


def write_files(table: ResultsTable, folder: Path) -> None:
    """Write `table.csv`, `table.md` and `table.tex`, with all rows."""
    for suffix, kind in (("csv", "csv"), ("md", "markdown"), ("tex", "latex")):
        write_text(folder / f"table.{suffix}", formatted(table, kind) + "\n")


def _caption(table: ResultsTable) -> list[str]:
    """Lines on top of a table: its subject, its order, and the meaning of its numbers."""
    count = len(table.rows)
    lines = [f"{table.subject or 'runs'}: {count} configuration{'s' * (count != 1)}"]
    if table.order == BEST:
        within = " within each data set, task and split" if table.data_blocks else ""
        lines.append(f"Best first by macro F1 on validation{within}: no choice may use test scores.")
    elif table.order:
        by_value = less_is_better(table.order) or not any(table.order in row.scores for row in table.rows)
        warning = "; a choice by test scores is too good" if table.order.startswith("test_") else ""
        lines.append(f"{'Lowest' if by_value else 'Highest'} first by {table.order}{warning}.")
    return [*lines, f"Scores in percent{_intervals(table)}.", *table.remarks]


def _intervals(table: ResultsTable) -> str:
    """Words on what the intervals of a table cover, and which rows have one test or tests that overlap."""
    if not table.means:
        wide = any(_wide(score) for row in table.rows for score in row.scores.values())
        return "; 95 % intervals over the test records (bootstrap), which cover no other seeds" * wide
    means = {number: row for number, row in enumerate(table.rows, 1) if row.over_seeds}
    by_ratio: dict[str, list[int]] = {}
    for number, row in means.items():
        if row.overlap:
            by_ratio.setdefault(f"{row.overlap:.2f}", []).append(number)
    fixed = [number for number, row in means.items() if row.one_test]

    def in_rows(numbers: Sequence[int]) -> str:
        return f" in {_numbered(numbers)}" if len(numbers) < len(means) else ""

    ratios = ", ".join(f"{ratio}{in_rows(numbers)}" for ratio, numbers in sorted(by_ratio.items()))
    tests = f", corrected for overlapping tests (n_test / n_train = {ratios})" if ratios else ""
    tests += f", on one fixed test{in_rows(fixed)} (seeds alone, not test records)" if fixed else ""
    single = "; a single run has none" if any(len(row.finished) == 1 for row in table.rows) else ""
    return f": means, 95 % t intervals over the seeds{tests}{single}, and (lowest to highest seed)"


def _numbered(numbers: Sequence[int]) -> str:
    """Rows by their numbers from the top: `row 2`, `rows 1-3, 5`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    shown = ", ".join(f"{one[0]}-{one[-1]}" if len(one) > 1 else str(one[0]) for one in runs)
    return f"row{'s' * (len(numbers) != 1)} {shown}"


@dataclass(frozen=True)
class _Column:
    title: str
    cell: Callable[[Row], str]
    align: str = "right"


def _tabulated(table: ResultsTable, rows: Sequence[Row], style: str, detail: _Detail, *, run_ids: bool) -> str:
    """Rows in a style of tabulate."""
    columns = list(_columns(table, detail, run_ids=run_ids))
    escape = _in_markdown if style == "github" else str
    cells = [[escape(column.cell(row)) for column in columns] for row in rows]
    titles = [column.title if style == "simple" else column.title.replace("\n", " ") for column in columns]
    return str(tabulate(cells, titles, style, disable_numparse=True, colalign=[column.align for column in columns]))


def _columns(table: ResultsTable, detail: _Detail, *, run_ids: bool) -> Iterator[_Column]:
    short = short_names({key for row in table.rows for key in row.params})
    for key in table.parameters:
        values = [_value(row, key) for row in table.rows]
        align = "left" if any(re.search("[A-Za-z]{2}", value) for value in values) else "right"
        yield _Column(short[key].removesuffix(".name"), partial(_value, key=key), align)
    if table.over_seeds:
        yield _Column("seeds", _seeds)
    elif len({tuple(row.runs) for row in table.rows}) > 1 and "seed" not in table.parameters:
        yield _Column("seed", lambda row: " ".join(row.runs))
    for metric in table.metrics:
        yield _Column(
            _TITLES.get(metric, metric.removeprefix("test_")),
            partial(_score, table, metric=metric, detail=detail),
        )
    if any(row.status != FINISHED for row in table.rows):
        yield _Column("status", lambda row: row.status, "left")
    if run_ids and not table.over_seeds:
        yield _Column("run", lambda row: next(iter(row.runs.values())).id[:8], "left")


def _value(row: Row, key: str) -> str:
    value = row.params.get(key, "")
    return _VALUES.get(value, value)


def _in_markdown(cell: str) -> str:
    """Cell in which no character has a meaning in Markdown or HTML."""
    return re.sub(r"([\\|<*`\n])", lambda found: " " if found[1] == "\n" else f"\\{found[1]}", cell)


def _seeds(row: Row) -> str:
    found, asked = len(row.finished), len(row.runs)
    return str(found) if found == asked else f"{found} of {asked}"


def _score(table: ResultsTable, row: Row, *, metric: str, detail: _Detail) -> str:
    """Share in percent or other number, with its interval if it has one, and the lowest and the highest seed."""
    score = table.score(row, metric)
    if score is None or math.isnan(score.mean):
        return "-"
    if metric.endswith("_seconds"):
        return f"{score.mean:.{3 if score.mean < 1 else 1 if score.mean < 100 else 0}f}"
    factor, digits = (100, 2) if scale_of(metric) == "share" else (1, 4)

    def shown(value: float) -> str:
        return f"{factor * value:.{digits}f}"

    parts = [shown(score.mean)]
    if _wide(score) and metric != BEST:
        if detail.interval(metric):
            parts.append(f"[{shown(score.low)}, {shown(score.high)}]")
        if isinstance(score, SeedScore) and detail.seeds(metric):
            parts.append(f"({shown(score.lowest)} to {shown(score.highest)})")
    if (found := _AT_EQUAL_ALARMS.fullmatch(metric)) is None:
        return " ".join(parts)
    detection = f"{found['part']}_detection_{found['rate']}"
    detected = [run.metrics[detection] for run in row.finished.values() if detection in run.metrics]
    return with_silent_seeds(" ".join(parts), detected, is_detection="detection" in metric)


def _has_interval(table: ResultsTable, metric: str) -> bool:
    return any(_wide(score) for row in table.rows if (score := table.score(row, metric)))


def _wide(score: Interval) -> bool:
    return score.low < score.high


def kind_of(path: Path, otherwise: str = "") -> str:
    """Format of a file by its suffix.

    Args:
        otherwise: Another way to choose a format, for the message.
    Raises:
        ValueError: no format has this suffix.
    """
    if path.suffix not in SUFFIXES:
        raise ValueError(f"{path}: found the suffix {path.suffix!r}, expected one of {', '.join(SUFFIXES)}{otherwise}")
    return SUFFIXES[path.suffix]


def formatted(table: ResultsTable, kind: str, *, most: int | None = MOST_ROWS) -> str:
    """Format a table as `kind`: text, csv, markdown or latex; only a text has at most `most` rows."""
    if kind == "text":
        return text(table, "-o FILE writes all", most=most)
    return {"csv": as_csv, "markdown": markdown, "latex": latex}[kind](table).rstrip("\n")
