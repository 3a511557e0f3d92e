"""The runs of the grid, and what they say: means over seeds, intervals, differences."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

from src.evaluation.intervals import student


@dataclass(frozen=True, order=True)
class Cell:
    """One run that the grid asks for."""

    task: str
    reducer: str
    k: int
    model: str
    seed: int

    def __str__(self) -> str:
        return f"{self.model} on {self.reducer} k={self.k}, {self.task}, seed {self.seed}"


@dataclass(frozen=True)
class Result:
    """A run of the store.

    Attributes:
        metrics: As logged, such as `test_accuracy`.
        params: As logged, such as `derived.records_test`.
        files: Where copies of its artifacts lie.
        link: Its page in the MLflow UI.
        current: It ran on the code as it is now.
    """

    cell: Cell
    run_id: str
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    files: Path
    link: str
    current: bool = True


@dataclass(frozen=True)
class Estimate:
    """A mean with a 95 % interval, in percent.

    Attributes:
        seeds: Over so many runs: with two or more the interval is Student's t over the runs; with one it is Wilson's
            for the test records of that run, which says nothing of other seeds.
    """

    mean: float
    low: float
    high: float
    seeds: int


@dataclass(frozen=True)
class Results:
    """What was asked for, and what the store has of it."""

    wanted: tuple[Cell, ...]
    found: Mapping[Cell, Result]
    simulated: bool

    @property
    def missing(self) -> list[Cell]:
        return sorted(set(self.wanted) - set(self.found))

    @property
    def tasks(self) -> list[str]:
        return sorted({cell.task for cell in self.wanted})

    @property
    def inputs(self) -> list[tuple[str, int]]:
        """Every reducer with its k, in the order asked for: none, then by reducer and k."""
        order = {"none": 0, "pca": 1, "mi": 2}
        return sorted({(cell.reducer, cell.k) for cell in self.wanted}, key=lambda one: (order.get(one[0], 9), one))

    def wants(self, task: str, reducer: str, k: int, model: str) -> bool:
        """Whether the grid asks for that configuration."""
        return any((one.task, one.reducer, one.k, one.model) == (task, reducer, k, model) for one in self.wanted)

    def runs(self, task: str, reducer: str, k: int, model: str = "lstm") -> list[Result]:
        """The runs of one configuration, by seed."""
        cells = [
            cell for cell in self.found if (cell.task, cell.reducer, cell.k, cell.model) == (task, reducer, k, model)
        ]
        return [self.found[cell] for cell in sorted(cells)]

    def first(self, task: str, reducer: str, k: int, model: str = "lstm") -> Result | None:
        """Its run with the lowest seed."""
        return next(iter(self.runs(task, reducer, k, model)), None)

    def accuracy(self, task: str, reducer: str, k: int, model: str = "lstm") -> Estimate | None:
        """Test accuracy of one configuration, in percent; None where no run of it is there."""
        runs = self.runs(task, reducer, k, model)
        return estimate([(run.metrics["test_accuracy"], records(run)) for run in runs]) if runs else None

    def best_k(self, task: str, reducer: str, among: Iterable[int]) -> int | None:
        """The k whose seed-0 LSTM does best on validation: the test part is not for choosing."""
        scores = {k: run.metrics["val_accuracy"] for k in among if (run := self.first(task, reducer, k))}
        return max(scores, key=lambda k: scores[k], default=None)

    def pairs(self, task: str, one: tuple[str, int], other: tuple[str, int]) -> list[tuple[Result, Result]]:
        """The LSTM's runs on two inputs, for each seed that both have: equal seeds have equal test parts."""
        right = {run.cell.seed: run for run in self.runs(task, *other)}
        return [(run, right[run.cell.seed]) for run in self.runs(task, *one) if run.cell.seed in right]


def difference(pairs: list[tuple[Result, Result]]) -> Estimate:
    """Test accuracy of the first of each pair less that of the second, in percentage points.

    With two pairs or more, Student's t over the paired differences; with one, the interval of the difference of two
    independent shares, too wide for a paired one if anything.
    """
    differences = [100 * (a.metrics["test_accuracy"] - b.metrics["test_accuracy"]) for a, b in pairs]
    if len(pairs) > 1:
        return _over_seeds(np.array(differences))
    variance = sum(run.metrics["test_accuracy"] * (1 - run.metrics["test_accuracy"]) / records(run) for run in pairs[0])
    reach = 100 * 1.96 * float(np.sqrt(variance))
    return Estimate(differences[0], differences[0] - reach, differences[0] + reach, 1)


def records(result: Result) -> int:
    """Test records of a run."""
    return int(result.params["derived.records_test"])


def estimate(shares: list[tuple[float, int]]) -> Estimate:
    """Mean and interval of shares, each of so many records."""
    if len(shares) > 1:
        return _over_seeds(100 * np.array([share for share, _ in shares]))
    ((share, n),) = shares
    interval = stats.binomtest(round(share * n), n).proportion_ci(method="wilson")
    return Estimate(100 * share, 100 * interval.low, 100 * interval.high, 1)


def _over_seeds(values: np.ndarray) -> Estimate:
    mean = student(values)
    return Estimate(mean.mean, mean.low, mean.high, len(values))
