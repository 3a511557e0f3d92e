"""The runs of the paper's grids by task and input, and the paired differences of their accuracy."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from src.evaluation.intervals import Interval, MeanTest, next_run, paired_test
from src.reports.runs import Configuration, Results, Run

Input = tuple[str, int]  # reducer and k
_ORDER = ("none", "pca", "mi")


def merge(configurations: Iterable[Configuration]) -> tuple[Configuration, ...]:
    """Merge the configurations that several grids ask for, each with some of the seeds: the paper's grids overlap.

    The first gives all but the seeds and runs.
    """
    found: dict[tuple[str, str, int, str], Configuration] = {}
    for one in configurations:
        at = (one.task, one.reducer, one.k, one.model)
        if earlier := found.get(at):
            seeds = tuple(sorted({*earlier.seeds, *one.seeds}))
            one = replace(earlier, seeds=seeds, runs=dict(sorted({**earlier.runs, **one.runs}.items())))
        found[at] = one
    return tuple(found.values())


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
        """Return the k whose LSTM has the best mean validation accuracy: the test part is not used for choices."""
        means = {k: mean for k in among if (one := self.get(task, reducer, k)) and (mean := one.mean("val_accuracy"))}
        return max(means, key=lambda k: means[k], default=None)

    def difference(self, task: str, one: Input, other: Input) -> "Difference | None":
        """Return the LSTM's difference of test accuracy on two inputs; None without a seed that both have."""
        left, right = self.get(task, *one), self.get(task, *other)
        pairs = left.pairs(right).values() if left and right else ()
        if not pairs or left is None:
            return None
        first, second = ([100 * run.metrics["test_accuracy"] for run in runs] for runs in zip(*pairs, strict=True))
        points = [a - b for a, b in zip(first, second, strict=True)]
        tested = paired_test(points, overlap=left.overlap) if len(pairs) > 1 else None
        return Difference(sum(first) / len(pairs), sum(second) / len(pairs), len(pairs), tested)


@dataclass(frozen=True)
class Difference:
    """Test accuracy of the LSTM on two inputs, in percent.

    Attributes:
        first: Mean on the first input.
        second: Mean on the second input.
        n_pairs: Number of seeds that both have.
        tested: Mean difference, first less second, with its test; None for a single pair.
    """

    first: float
    second: float
    n_pairs: int
    tested: MeanTest | None


def prediction(configuration: Configuration) -> Interval | None:
    """Return the mean test accuracy with the prediction interval of one further run; None with fewer than two runs."""
    values = list(configuration.values("test_accuracy").values())
    return next_run(values, scale="share") if len(values) > 1 else None


def records(run: Run) -> int:
    """Return the number of test records of a run."""
    return int(run.params["derived.records_test"])
