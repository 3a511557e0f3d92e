"""The runs that a report reads: one run, one configuration over its seeds, and all configurations of a report."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from src.evaluation.intervals import Interval, student
from src.evaluation.metrics import detection_name, f1_name

_MODELS = {"lstm": "LSTM", "lstm_ensemble": "LSTM"}
_REDUCERS = {"pca": "PCA", "mi": "MI"}
_LAYOUTS = {"groups": "all features by groups", "history": "all features and history"}


def input_name(reducer: str, k: int) -> str:
    """Return an input in words: `PCA 2`, `all features`."""
    return "all features" if reducer == "none" else f"{_REDUCERS.get(reducer, reducer)} {k}"


def taught_words(config: Mapping[str, Any]) -> str:
    """Return the teacher of a network and the form of its inputs in words; empty for the default."""
    words, form = "", config["model"].get("form", "value")
    if teacher := config["training"].get("teacher"):
        words = f" taught by {teacher['model']['name'].replace('_', ' ')}"
        if features := teacher["model"].get("max_features"):
            words += f" ({features} of the features)"
        kinds = [kind for kind in ("column", "group") if teacher[f"mixed_by_{kind}"]]
        words += f", mixed by {' and '.join(kinds)}" if kinds else ", not mixed"
        words += f", {teacher['records_per_epoch']:,} an epoch"
        words += ", its classes" if teacher["targets"] == "classes" else ""
    return words if form == "value" else f"{words}, {form.replace('_', ' and ')}"


@dataclass(frozen=True)
class Run:
    """A run of the store.

    Attributes:
        id: Name in the store.
        metrics: Metrics as logged, such as `test_accuracy`.
        params: Parameters as logged, such as `derived.records_test`.
        files: Function that returns a folder with copies of the artifacts; a remote store is read only then.
        page: Address of the run in the MLflow UI.
        current: True if the run is of the present code and library versions.
    """

    id: str
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    files: Callable[[], Path]
    page: str
    current: bool = True


@dataclass(frozen=True)
class Configuration:
    """One configuration that a grid asks for, over its seeds, and the runs that the store has of it.

    Attributes:
        grid: Name of the experiment file that asks for it.
        config: Resolved config of any of its seeds.
        seeds: Seeds that the grid asks for.
        runs: Runs by seed.
        recipe: Name of the recipe in the config; "none" without one.
    """

    grid: str
    config: Mapping[str, Any]
    seeds: tuple[int, ...]
    runs: Mapping[int, Run]
    recipe: str = "none"

    @property
    def task(self) -> str:
        return str(self.config["task"]["name"])

    @property
    def split(self) -> str:
        return str(self.config["split"]["name"])

    @property
    def model(self) -> str:
        """Name of the model in conf/model."""
        return str(self.config["model"]["name"])

    @property
    def reducer(self) -> str:
        return str(self.config["reducer"]["name"])

    @property
    def k(self) -> int:
        return int(self.config["k"])

    @property
    def detection(self) -> str:
        """Name of the metric for the share of attacks with an alarm."""
        return detection_name(self._n_classes)

    @property
    def f1(self) -> str:
        """Name of the metric for the F1 that sums up the verdicts."""
        return f1_name(self._n_classes)

    @property
    def _n_classes(self) -> int:
        return len(self.config["task"]["classes"])

    @property
    def title(self) -> str:
        """Model and input in words: `LSTM, PCA 2`."""
        words = _MODELS.get(self.model, self.model.replace("_", " "))
        if (members := self.config["model"].get("members", 1)) > 1:
            words = f"ensemble of {members} {words}s"
        return f"{words}{taught_words(self.config)}, {self.input}"

    @property
    def input(self) -> str:
        """Input of the model in words: `PCA 2`."""
        layout, training = self.config["layout"]["name"], self.config["training"]
        words = [input_name(self.reducer, self.k)]
        if self.reducer == "none":
            words = [_LAYOUTS.get(layout, words[0])]
        if training["history_grafts"]:
            words.append("grafts")
        if limit := training["max_rows_per_attack_type"]:
            words.append(f"{limit:,} a type")
        if layout == "window":
            words.append(f"windows of {self.config['window']}")
        if self.config["split"]["distinct"]:
            words.append("distinct records")
        return ", ".join(words)

    @property
    def first(self) -> Run | None:
        """The run with the lowest seed."""
        return self.runs[min(self.runs)] if self.runs else None

    def values(self, metric: str) -> dict[int, float]:
        """The metric of each run that has it, by seed."""
        return {seed: run.metrics[metric] for seed, run in self.runs.items() if metric in run.metrics}

    def score(self, metric: str) -> Interval | None:
        """Mean over the seeds with a 95 % interval; None if no run has the metric.

        The interval is Student's for two seeds or more, and the logged bootstrap interval for one.
        """
        values = list(self.values(metric).values())
        if len(values) > 1:
            return student(values)
        if not values:
            return None
        (run,) = (run for run in self.runs.values() if metric in run.metrics)
        low, high = (run.metrics.get(f"{metric}_{end}", values[0]) for end in ("low", "high"))
        return Interval(values[0], low, high)

    def pairs(self, other: "Configuration") -> list[tuple[Run, Run]]:
        """Runs of both configurations for each seed that both have: equal seeds have equal test parts."""
        return [(run, other.runs[seed]) for seed, run in self.runs.items() if seed in other.runs]


@dataclass(frozen=True)
class Results:
    """All configurations of a report."""

    configurations: tuple[Configuration, ...]
    simulated: bool

    @property
    def runs(self) -> list[Run]:
        return [run for one in self.configurations for run in one.runs.values()]

    @property
    def asked(self) -> int:
        """Number of runs that the grids ask for."""
        return sum(len(one.seeds) for one in self.configurations)

    @property
    def missing(self) -> list[str]:
        """Runs that the grids ask for and the store lacks, one line each."""
        return [
            f"{one.title}, {one.task}, {one.split} split, seed {seed}"
            for one in self.configurations
            for seed in one.seeds
            if seed not in one.runs
        ]

    @property
    def outdated(self) -> int:
        """Number of runs of other code or library versions than the present ones."""
        return sum(not run.current for run in self.runs)

    @property
    def made_by(self) -> str:
        """Revisions of the code, and machines: `code a1b2c3d4e5 on a processor, 2 cores`."""
        revisions = sorted({f"`{run.params['derived.git_revision'][:10]}`" for run in self.runs})
        machines = sorted({f"{run.params['derived.cpu']}, {run.params['derived.cores']} cores" for run in self.runs})
        return f"code {', '.join(revisions) or 'none'} on {'; '.join(machines) or 'none'}"

    def of(self, grids: Iterable[str]) -> list[Configuration]:
        """Configurations of some grids."""
        return [one for one in self.configurations if one.grid in grids]


def best_on_validation(configurations: Sequence[Configuration], metric: str, *, least: bool) -> Configuration | None:
    """Configuration with the best mean of a validation metric: the test part is not used for choices."""
    scored = [(score.mean, one) for one in configurations if (score := one.score(metric))]
    pick = min if least else max
    return pick(scored, key=lambda pair: pair[0])[1] if scored else None
