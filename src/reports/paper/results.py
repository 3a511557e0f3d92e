"""The runs of the paper's grids by task and input, and the intervals that only the paper's report has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from src.evaluation.intervals import Interval, student
from src.reports.runs import Configuration, Results, Run

Input = tuple[str, int]  # reducer and k
_ORDER = ("none", "pca", "mi")


def merge(configurations: Iterable[Configuration]) -> tuple[Configuration, ...]:
    """Merge the configurations that several grids ask for: the paper's grids overlap."""
    merged: dict[tuple[str, str, int, str], Configuration] = {}
    for one in configurations:
        key = (one.task, one.reducer, one.k, one.model)
        if earlier := merged.get(key):
            seeds = tuple(sorted({*earlier.seeds, *one.seeds}))
            one = replace(earlier, seeds=seeds, runs=dict(sorted({**earlier.runs, **one.runs}.items())))
        merged[key] = one
    return tuple(merged.values())


@dataclass(frozen=True)
class PaperResults(Results):
    """Results of the paper's grids, in which task, input, model and seed name a run."""

    @property
    def tasks(self) -> list[str]:
        return sorted({one.task for one in self.configurations})

    @property
    def inputs(self) -> list[Input]:
        """Inputs in the order of the tables: all features, then by reducer and k."""
        found = {(one.reducer, one.k) for one in self.configurations}
        return sorted(found, key=lambda one: (_ORDER.index(one[0]), one[1]))

    def get(self, task: str, reducer: str, k: int, model: str = "lstm") -> Configuration | None:
        """Return a configuration; None if no grid asks for it."""
        wanted = (task, reducer, k, model)
        return next((one for one in self.configurations if (one.task, one.reducer, one.k, one.model) == wanted), None)

    def runs_of(self, task: str, reducer: str, k: int, model: str = "lstm") -> list[Run]:
        """Return the runs of a configuration, by seed."""
        found = self.get(task, reducer, k, model)
        return list(found.runs.values()) if found else []

    def first(self, task: str, reducer: str, k: int, model: str = "lstm") -> Run | None:
        """Return the run of a configuration with the lowest seed."""
        found = self.get(task, reducer, k, model)
        return found.first if found else None

    def best_k(self, task: str, reducer: str, among: Iterable[int]) -> int | None:
        """Return the k whose LSTM has the best validation accuracy: the test part is not used for choices."""
        scores = {k: run.metrics["val_accuracy"] for k in among if (run := self.first(task, reducer, k))}
        return max(scores, key=lambda k: scores[k], default=None)

    def pairs(self, task: str, one: Input, other: Input) -> list[tuple[Run, Run]]:
        """Return the LSTM's runs on two inputs, one pair for each seed that both have."""
        left, right = self.get(task, *one), self.get(task, *other)
        return left.pairs(right) if left and right else []


def accuracy(runs: Sequence[Run]) -> Interval | None:
    """Return the mean test accuracy of runs with a 95 % interval; None without runs.

    The interval is Student's over two runs or more. Over one run it is Wilson's over the test records, which covers no
    other seeds.
    """
    shares = [run.metrics["test_accuracy"] for run in runs]
    if len(runs) > 1:
        return student(shares)
    if not runs:
        return None
    interval = stats.binomtest(round(shares[0] * records(runs[0])), records(runs[0])).proportion_ci(method="wilson")
    return Interval(shares[0], float(interval.low), float(interval.high))


def difference(pairs: Sequence[tuple[Run, Run]]) -> Interval:
    """Return the mean difference of test accuracy, first of each pair less second, in percentage points.

    The interval is Student's over two pairs or more. Over one pair it is that of two independent shares, which may be
    too wide for a pair.
    """
    differences = [100 * (a.metrics["test_accuracy"] - b.metrics["test_accuracy"]) for a, b in pairs]
    if len(pairs) > 1:
        return student(differences)
    variance = sum(run.metrics["test_accuracy"] * (1 - run.metrics["test_accuracy"]) / records(run) for run in pairs[0])
    reach = 100 * 1.96 * float(np.sqrt(variance))
    return Interval(differences[0], differences[0] - reach, differences[0] + reach)


def records(run: Run) -> int:
    """Return the number of test records of a run."""
    return int(run.params["derived.records_test"])
