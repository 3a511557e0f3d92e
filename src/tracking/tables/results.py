"""Table of configurations: what differs among their runs, scores with intervals, and seconds; best first."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Any, TypeVar

from src.config.settings import TRAINED_ON, is_simulated
from src.evaluation.intervals import Interval
from src.evaluation.metric_kinds import less_is_better
from src.evaluation.overlapping_tests import have_one_test, overlap_of_tests
from src.tracking.run_names import copied
from src.tracking.tables.alike_runs import Params, no_choice
from src.tracking.tables.seed_summary import SeedScore, over_seeds

METRICS = (
    *("val_macro_f1", "test_accuracy", "test_f1", "test_macro_f1", "test_false_alarm_rate", "test_recall"),
    *("test_detection_rate", "test_mean_cost", "fit_seconds"),
)
# Scores that tables of two classes and of more leave out: the recall of two classes is their detection rate.
_NOT_OF_TWO = ("test_macro_f1", "test_detection_rate")
_NOT_OF_MORE = ("test_f1", "test_recall")
BEST = "val_macro_f1"  # what training returns and a sweep maximizes
FINISHED = "finished"
NOT_RUN = "not run"
# Groups whose files a table names by `name`, and the order in which captions name them.
_GROUPS = ("dataset", "task", "split", "model", "scaling", "reducer", "layout")
_DATA = ("dataset.name", "task.name", "split.name")
_DEFAULTS = {"scaling.name": "minmax", "layout.name": "record"}  # that captions leave out
_SCHEMA = "dataset.schema."  # of which a column would be as wide as the file
_ALWAYS_SHOWN = ("run", "status")

Score = TypeVar("Score", bound=Interval)


@dataclass(frozen=True)
class TableRun:
    """Run as a table sees it.

    Attributes:
        id: Id of the MLflow run; empty for a job that made none.
        status: Status of the run in lower case, or `not run`.
        params: Parameters that it logged.
        code: Fingerprint of its code and libraries; empty if it is not known.
    """

    id: str
    metrics: Mapping[str, float]
    status: str
    params: Params = field(default_factory=dict)
    code: str = ""

    @classmethod
    def of(cls, run: Any) -> "TableRun":
        """Run of a table for an MLflow run."""
        code = run.data.tags.get("fingerprint.code") or run.data.params.get("derived.git_revision", "")
        return cls(run.info.run_id, run.data.metrics, run.info.status.lower(), run.data.params, code)


@dataclass(frozen=True)
class Row:
    """Configuration over its seeds.

    Attributes:
        params: Parameters that its runs share, as `alike_runs.shared_params` gives them.
        runs: Runs by seed.
    """

    params: Params
    runs: Mapping[str, TableRun]

    @cached_property
    def finished(self) -> dict[str, TableRun]:
        """Runs with scores, by seed."""
        return {seed: run for seed, run in self.runs.items() if run.status == FINISHED and run.metrics}

    @cached_property
    def over_seeds(self) -> Mapping[str, SeedScore]:
        """Metrics over two seeds or more: means with their intervals; none for a single run."""
        found = [run.metrics for run in self.finished.values()]
        return self._with_detection(over_seeds(found, self.overlap)) if len(found) > 1 else {}

    @cached_property
    def scores(self) -> Mapping[str, Interval]:
        """Metrics over the seeds, or those of a single run with intervals over its test records."""
        if self.over_seeds:
            return self.over_seeds
        values = next((run.metrics for run in self.finished.values()), {})
        return self._with_detection({
            name: Interval(value, values.get(f"{name}_low", value), values.get(f"{name}_high", value))
            for name, value in values.items()
        })  # fmt: skip

    def _with_detection(self, scores: dict[str, Score]) -> dict[str, Score]:
        """Add the detection rate of two classes, which is their recall: tables of several tasks have one column."""
        if self.n_classes == 2 and "test_recall" in scores:
            scores.setdefault("test_detection_rate", scores["test_recall"])
        return scores

    @property
    def overlap(self) -> float:
        """Ratio of test to training records where each seed draws both anew, 0 on one fixed test."""
        return overlap_of_tests(self._split, self._found)

    @property
    def one_test(self) -> bool:
        """True if all seeds have the same test records: a published test, or fixed seeds of the draws."""
        return have_one_test(self._split, self._found)

    @property
    def _found(self) -> list[Params]:
        return [run.params for run in self.finished.values()]

    @property
    def _split(self) -> dict[str, str]:
        """Config of the split, with the test of an evaluation on other data."""
        split = {key.removeprefix("split."): value for key, value in self.params.items() if key.startswith("split.")}
        if f"{TRAINED_ON}.name" in self.params:
            split["test"] = "published"
        return split

    @property
    def n_classes(self) -> int:
        """Number of classes of the task."""
        return len({key.split(".")[2] for key in self.params if key.startswith("task.classes.")})

    @property
    def simulated(self) -> bool:
        """True if the records were simulated: by the config of a job, or by what a run logged."""
        dataset = {"_target_": self.params.get("dataset._target_", "")}
        return is_simulated(dataset) or self.params.get("derived.simulated") == "True"

    @property
    def status(self) -> str:
        """`finished`, or how many of its runs are not: `1 failed, 2 not run`."""
        others = [run.status for run in self.runs.values() if run.status != FINISHED]
        if len(self.runs) == 1:
            return others[0] if others else FINISHED
        return ", ".join(f"{others.count(one)} {one}" for one in dict.fromkeys(others)) or FINISHED


@dataclass(frozen=True)
class ResultsTable:
    """Rows and columns of a table.

    Attributes:
        rows: Configurations, best first.
        parameters: Full names of the parameters that are columns.
        metrics: Names of the metrics that are columns.
        order: Name of the metric or parameter that the rows are sorted by; empty for the order of a command.
        remarks: Sentences about the choice of the runs.
    """

    rows: Sequence[Row]
    parameters: Sequence[str]
    metrics: Sequence[str]
    order: str
    remarks: Sequence[str] = field(default_factory=tuple)

    @property
    def over_seeds(self) -> bool:
        """True if a row has more than one seed."""
        return any(len(row.runs) > 1 for row in self.rows)

    @property
    def means(self) -> bool:
        """True if a row is a mean over seeds: then all intervals of the table are over seeds."""
        return any(row.over_seeds for row in self.rows)

    def score(self, row: Row, metric: str) -> Interval | None:
        """Score of a row; in a table of means a single run has no interval, as its own covers no other seeds."""
        score = row.scores.get(metric)
        return Interval(score.mean, score.mean, score.mean) if score and self.means and not row.over_seeds else score

    @property
    def data_blocks(self) -> bool:
        """True if the rows are sorted within each task and split, as scores on different data do not compare."""
        return self.order == BEST and len({_data(row) for row in self.rows}) > 1

    @property
    def subject(self) -> str:
        """Data, protocol and model that all rows share, in words."""
        shared = {key: value for key, value in self.rows[0].params.items() if self._is_shared(key)}
        simulated = any(row.simulated for row in self.rows)
        words = ["SIMULATED DATA - " * simulated + shared.get("dataset.name", "")] if "dataset.name" in shared else []
        if "task.name" in shared:
            words.append(shared["task.name"])
        if "split.name" in shared:
            words.append(f"{shared['split.name']} split")
        choices = (f"{group}.name" for group in ("model", "scaling", "reducer", "layout"))
        words += [shared[key] for key in choices if shared.get(key, "") not in ("", _DEFAULTS.get(key))]
        if "k" in shared:
            words.append(f"k={shared['k']}")
        if not self.over_seeds and "seed" in shared:
            words.append(f"seed {shared['seed']}")
        return ", ".join(words)

    def _is_shared(self, key: str) -> bool:
        return len({row.params.get(key) for row in self.rows}) == 1

    def label(self, row: Row) -> str:
        """One line that names a row without the others: what all share, and the values of its columns."""
        values = (f"{short}={row.params[key]}" for key in self.parameters
                  if key in row.params and (short := key.removesuffix(".name")))  # fmt: skip
        return ", ".join([self.subject, *values])


def results_table(
    rows: Sequence[Row], *, sort: str | None = None, columns: Sequence[str] | None = None, remarks: Sequence[str] = ()
) -> ResultsTable:
    """Make a table of configurations.

    Args:
        rows: Configurations, one or more.
        sort: Metric or parameter that the rows are sorted by; unless given, macro F1 on validation, in blocks of the
            same data.
        columns: Names of metrics and parameters; unless given, the parameters that differ and a few scores. Where rows
            are evaluations on other data, the data sets that differ are columns too.
        remarks: Sentences about the choice of the runs.
    Raises:
        ValueError: no run has a metric or parameter of that name.
    """
    metrics = {name for row in rows for name in row.scores}
    params = {name for row in rows for name in row.params}
    if columns is None:
        parameters = differing(rows)
        left_out = _NOT_OF_TWO if all(row.n_classes == 2 for row in rows) else _NOT_OF_MORE
        shown = [name for name in METRICS if name in metrics and name not in left_out]
    else:
        known = [_resolved(name, metrics, params) for name in columns if name not in _ALWAYS_SHOWN]
        parameters = [name for name in known if name not in metrics]
        parameters += [name for name in _on_other_data(rows) if name not in parameters]
        shown = [name for name in known if name in metrics]
    order = _resolved(sort, metrics, params) if sort else BEST
    made = ResultsTable(list(rows), parameters, shown, order, tuple(remarks))
    blocks = list(dict.fromkeys(_data(row) for row in rows)) if made.data_blocks else []
    by_score = order in metrics or not sort

    def key(row: Row) -> tuple[object, ...]:
        block = blocks.index(_data(row)) if blocks else 0
        return (block, *(_by_score(row, order) if by_score else _by_value(row.params.get(order, ""))))

    return ResultsTable(sorted(rows, key=key), parameters, shown, order, tuple(remarks))


def _on_other_data(rows: Sequence[Row]) -> list[str]:
    """Parameters with data sets that tell evaluations on other data from one another and from the training."""
    trained_on = f"{TRAINED_ON}.name"
    if not any(trained_on in row.params for row in rows):
        return []
    return [key for key in (trained_on, "dataset.name") if len({row.params.get(key) for row in rows}) > 1]


def _by_score(row: Row, metric: str) -> tuple[bool, float]:
    """Key that puts the best first and rows without the metric last."""
    if metric not in row.scores or math.isnan(row.scores[metric].mean):
        return True, 0.0
    mean = row.scores[metric].mean
    return False, mean if less_is_better(metric) else -mean


def _by_value(text: str) -> tuple[bool, float, str]:
    """Key that puts numbers in their order, and before words."""
    try:
        return False, float(text), ""
    except ValueError:
        return True, 0.0, text


def _data(row: Row) -> tuple[str, ...]:
    return tuple(row.params.get(key, "") for key in _DATA)


def differing(rows: Iterable[Row]) -> list[str]:
    """Full names of the parameters in which configurations differ, those that follow from others left out.

    Values of a file of conf/ follow from its name, and `reducer.k` from `k`.
    """
    params = [row.params for row in rows]
    keys = dict.fromkeys(
        [*(f"{group}.name" for group in _GROUPS), "k", "window", *(key for one in params for key in one)]
    )
    found = [
        key
        for key in keys
        if len({one.get(key) for one in params}) > 1
        and key != "seed"
        and not key.startswith(_SCHEMA)
        and not no_choice(key)
        and not all(copied(key, one) for one in params if key in one)
    ]
    return [key for key in found if not _follows_from_name(key, found, params)]


def _follows_from_name(key: str, found: Sequence[str], params: Sequence[Params]) -> bool:
    """Tell whether a value of a group is the same in all configurations that name the same file of the group."""
    name = f"{key.partition('.')[0]}.name"
    if name == key or name not in found:
        return False
    values: dict[str | None, set[str | None]] = {}
    for one in params:
        values.setdefault(one.get(name), set()).add(one.get(key))
    return all(len(each) == 1 for each in values.values())


def _resolved(name: str, metrics: Iterable[str], params: Iterable[str]) -> str:
    """Full name of a metric or parameter: `accuracy` is `test_accuracy`, `model` is `model.name`."""
    metrics, params = set(metrics), set(params)
    for candidate in (name, f"test_{name}", f"{name}.name"):
        if candidate in metrics or candidate in params:
            return candidate
    ends = [one for one in params if one.endswith(f".{name}")]
    if len(ends) == 1:
        return ends[0]
    near = get_close_matches(name, sorted(metrics | params), n=4, cutoff=0.4)
    raise ValueError(
        f"{name}: found no metric or parameter of that name in these runs, expected one such as "
        f"{', '.join(sorted(ends) or near or METRICS)}"
    )
