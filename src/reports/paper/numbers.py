"""Every number of the paper's text beside ours: one function for each kind of number."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from src.data.sampling import Task
from src.data.schema_files import declared_schema
from src.evaluation.intervals import Interval
from src.reports.markdown import MISSING, markdown_table, percent, seeds
from src.reports.paper.claims import slowdown
from src.reports.paper.paper import TASKS, Stated, paper_task, stated
from src.reports.paper.results import PaperResults, prediction
from src.reports.runs import Configuration, Run

STATED_TASKS = ("binary", "multiclass")
_OF_ALL_TASKS = "features"  # kind of numbers that need no run


class Ours(NamedTuple):
    """Our value of a number, and the difference in words."""

    value: str = MISSING
    difference: str = MISSING


@dataclass(frozen=True)
class OnTask:
    """Our runs on one task.

    Attributes:
        scale: Factor on the task's record counts.
    """

    results: PaperResults
    task: Task
    scale: float

    def first(self, reducer: str, k: int) -> Run | None:
        """Return the LSTM's run on an input with the lowest seed."""
        return self.results.first(self.task.name, reducer, k)


def numbers(results: PaperResults, tasks: Sequence[Task], scale: float) -> str:
    """Return the table of the paper's numbers. A number of no task in particular is compared on each task."""
    rows = []
    for key, number in stated().items():
        kind, *arguments = key.split(".")
        of_task = next((one for one in arguments if one in STATED_TASKS), None)
        arguments = [one for one in arguments if one not in STATED_TASKS]
        compared = [task for task in tasks if of_task in (None, paper_task(task.name))]
        of_all = kind == _OF_ALL_TASKS
        for task in compared[:1] if of_all else compared:
            ours = _KINDS[kind](OnTask(results, task, scale), number, *arguments)
            words = "all" if of_all else TASKS.get(task.name, task.name)
            rows.append([number.place, str(number), words, *ours])
    return markdown_table(["place in the paper", "paper", "task", "ours", "difference"], rows)


def _features(_: OnTask, number: Stated) -> Ours:
    count = len(declared_schema("kdd").features)
    return Ours(f"{count}", compare(number, count))


def _records(ours: OnTask, number: Stated, class_name: str) -> Ours:
    drawn = ours.task.classes[class_name].asked(ours.scale)
    return Ours(f"{drawn:,}", compare(number, drawn))


def _accuracy(ours: OnTask, number: Stated) -> Ours:
    one = ours.results.get(ours.task.name, "pca", 2)
    return Ours(mean_and_range(one), compare_run(number, one)) if one and one.runs else Ours()


def _seconds(ours: OnTask, _: Stated, reducer: str, k: str) -> Ours:
    run = ours.first(reducer, int(k))
    return Ours(f"{run.metrics['fit_seconds']:.1f} s", "another machine and network") if run else Ours()


def _slower(ours: OnTask, number: Stated) -> Ours:
    ratio = slowdown(ours.results, ours.task.name)
    return Ours(f"{ratio:.1f} times", compare(number, ratio)) if ratio else Ours()


def _split(ours: OnTask, number: Stated, part: str) -> Ours:
    run = ours.first("pca", 2)
    if run is None:
        return Ours()
    records = {one: int(run.params[f"derived.records_{one}"]) for one in ("train", "val", "test")}
    share = 100 * records[part] / sum(records.values())
    return Ours(f"{share:.2f} %", compare(number, share))


def _variance(ours: OnTask, number: Stated, k: str) -> Ours:
    run = ours.first("pca", 2)
    if run is None:
        return Ours()
    share = explained_variance(run, int(k))
    return Ours(f"{share:.2f} %", compare(number, share))


def _information(ours: OnTask, number: Stated, rank: str) -> Ours:
    run = ours.first("mi", 4)
    if run is None:
        return Ours()
    position = mutual_information(run)["position"].iloc[int(rank) - 1]
    return Ours(str(position), "agrees" if position == number.value else "differs, another feature")


# By the first word of a key of paper.yaml; the other words but for the task are the arguments.
_KINDS: Mapping[str, Callable[..., Ours]] = {
    "accuracy": _accuracy,
    "variance": _variance,
    "information": _information,
    "features": _features,
    "records": _records,
    "split": _split,
    "seconds": _seconds,
    "slower": _slower,
}


def compare(number: Stated, ours: float) -> str:
    """Return our difference to a number of the paper, and its agreement, in words. Shares agree within a point."""
    difference = _difference(number, ours)
    shown = _shown(number, difference)
    if number.at_least:
        return f"{shown}: {'agrees' if ours > number.value else 'differs, ours is lower'}"
    if abs(difference) < (1 if number.unit == "%" else 0.005):
        return f"{shown}: agrees"
    return f"{shown}: {_differs(difference)}"


def compare_run(number: Stated, ours: Configuration) -> str:
    """Compare the accuracy of the paper's one run with our seeds, in words.

    The paper has one run, so the interval is that of one further run, not that of the mean over our seeds. The paper's
    number is rounded: both agree if any value that rounds to it lies in the interval.
    """
    mean, interval = ours.mean("test_accuracy"), prediction(ours)
    if mean is None:
        return MISSING
    difference = _difference(number, 100 * mean)
    if interval is None:
        return f"{_shown(number, difference)}: undecided, one run of ours has no prediction interval"
    low, high = 100 * interval.low, 100 * interval.high
    within = low <= number.value + number.rounding and number.value - number.rounding <= high
    verdict = "agrees" if within else _differs(difference)
    return f"{_shown(number, difference)}: {verdict}; one further run [{low:.2f}, {high:.2f}]"


def _difference(number: Stated, ours: float) -> float:
    return round(ours - number.value, 2) + 0.0  # no -0.00


def _shown(number: Stated, difference: float) -> str:
    return f"{difference:+.2f}" + (" points" if number.unit == "%" else "")


def _differs(difference: float) -> str:
    return f"differs, ours is {'higher' if difference > 0 else 'lower'}"


def mean_and_range(one: Configuration) -> str:
    """Return the mean test accuracy in percent with its lowest and highest seed: `99.53 (99.48 to 99.58), 5 seeds`."""
    mean = one.mean("test_accuracy")
    if mean is None:
        return MISSING
    return f"{percent(Interval(mean, mean, mean), one.seed_range('test_accuracy'))}, {seeds(len(one.runs))}"


def explained_variance(run: Run, k: int) -> float:
    """Return the percentage of variance that k components explain."""
    table = pd.read_csv(run.files() / "explained_variance.csv")
    return 100 * float(table.loc[table["component"] == k, "cumulative"].iloc[0])


def mutual_information(run: Run) -> pd.DataFrame:
    """Return the features by their mutual information with the class, best first."""
    return pd.read_csv(run.files() / "mutual_information.csv")
