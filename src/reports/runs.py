"""The runs that a report on grids reads: a configuration each, over its seeds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from src.evaluation.intervals import Interval, student

_MODELS = {"lstm": "LSTM"}
_INPUTS = {"pca": "PCA", "mi": "MI"}


@dataclass(frozen=True)
class Run:
    """A run of the store.

    Attributes:
        metrics: As logged, such as `test_accuracy`.
        params: As logged, such as `derived.records_test`.
        files: Gives a folder with copies of its artifacts; where the store is far they are fetched then.
        current: It ran on the code as it is now.
    """

    metrics: Mapping[str, float]
    params: Mapping[str, str]
    files: Callable[[], Path]
    current: bool


@dataclass(frozen=True)
class Entry:
    """One configuration that a grid asks for, and the runs that the store has of it.

    Attributes:
        grid: Name of the experiment file that asks for it.
        config: Resolved, of any of its seeds.
        seeds: Those asked for.
        runs: By seed.
    """

    grid: str
    config: Mapping[str, Any]
    seeds: tuple[int, ...]
    runs: Mapping[int, Run]

    @property
    def split(self) -> str:
        return str(self.config["split"]["name"])

    @property
    def task(self) -> str:
        return str(self.config["task"]["name"])

    @property
    def model(self) -> str:
        """Model and input in words: `LSTM, PCA 2`."""
        c = self.config
        name = str(c["model"]["name"])
        told = _MODELS.get(name, name.replace("_", " "))
        if (members := c["model"].get("members", 1)) > 1:
            told = f"ensemble of {members} {told}s"
        return f"{told}, {self.input}"

    @property
    def input(self) -> str:
        """What the model reads, in words: `PCA 2`."""
        c = self.config
        reducer = c["reducer"]["name"]
        every = {"groups": "all features by groups", "history": "all features and history"}
        whole = every.get(c["layout"]["name"], "all features")
        words = [whole if reducer == "none" else f"{_INPUTS.get(reducer, reducer)} {c['k']}"]
        if c["training"]["history_grafts"]:
            words.append("grafts")
        if limit := c["training"]["max_rows_per_attack_type"]:
            words.append(f"{limit:,} a type")
        if c["layout"]["name"] == "window":
            words.append(f"windows of {c['window']}")
        if c["split"]["distinct"]:
            words.append("distinct records")
        return ", ".join(words)

    def score(self, metric: str) -> Interval | None:
        """Mean over the seeds, with Student's interval of two or more, or the bootstrap's of one; None where no run has
        the metric.
        """
        values = list(self.values(metric).values())
        if len(values) > 1:
            return student(values)
        if not values:
            return None
        (run,) = (run for run in self.runs.values() if metric in run.metrics)
        low, high = (run.metrics.get(f"{metric}_{end}", values[0]) for end in ("low", "high"))
        return Interval(values[0], low, high)

    def values(self, metric: str) -> dict[int, float]:
        """The metric of each run that has it, by seed."""
        return {seed: run.metrics[metric] for seed, run in self.runs.items() if metric in run.metrics}

    @property
    def first(self) -> Run | None:
        """The run of the lowest seed."""
        return self.runs[min(self.runs)] if self.runs else None


@dataclass(frozen=True)
class Results:
    """Every configuration of the grids."""

    entries: tuple[Entry, ...]
    simulated: bool

    @property
    def missing(self) -> list[str]:
        """What was asked for and is not there, a line each."""
        return [
            f"{entry.model}, {entry.task}, {entry.split} split, seed {seed}"
            for entry in self.entries
            for seed in entry.seeds
            if seed not in entry.runs
        ]

    @property
    def runs(self) -> list[Run]:
        return [run for entry in self.entries for run in entry.runs.values()]

    @property
    def outdated(self) -> int:
        """How many runs are not of the code as it is now."""
        return sum(not run.current for run in self.runs)

    @property
    def made_by(self) -> str:
        """Revisions of the code, and machines: `code a1b2c3d4e5 on a processor, 2 cores`."""
        revisions = sorted({f"`{run.params['derived.git_revision'][:10]}`" for run in self.runs})
        machines = sorted({f"{run.params['derived.cpu']}, {run.params['derived.cores']} cores" for run in self.runs})
        return f"code {', '.join(revisions) or 'none'} on {'; '.join(machines) or 'none'}"

    def of(self, grids: Iterable[str]) -> list[Entry]:
        """The configurations of some grids."""
        return [entry for entry in self.entries if entry.grid in grids]


def best_on_validation(entries: Sequence[Entry], metric: str, *, least: bool) -> Entry | None:
    """The configuration with the best mean of a metric of validation: the test part is not for choosing."""
    scored = [(score.mean, entry) for entry in entries if (score := entry.score(metric))]
    pick = min if least else max
    return pick(scored, key=lambda one: one[0])[1] if scored else None
