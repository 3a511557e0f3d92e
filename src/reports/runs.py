"""The runs that a report reads: one run, one configuration over its seeds, and all configurations of a report."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from src.evaluation.comparison import check_pairs, mean_differences
from src.evaluation.intervals import (
    SEEDS,
    SEEDS_AND_RECORDS,
    TEST_RECORDS,
    Covers,
    Interval,
    MeanTest,
    hierarchical,
    student,
)
from src.evaluation.metric_kinds import scale_of
from src.evaluation.metrics import detection_name, f1_name
from src.evaluation.overlapping_tests import overlap_of_tests
from src.evaluation.paired_detection import ResampledDetection, resampled_detection, resampled_differences
from src.evaluation.thresholds import rate_name
from src.evaluation.verdicts import Verdicts, verdicts_file, verdicts_place
from src.reports.titles import LAYOUTS, input_name, model_name, teaching_details

_NETWORKS = "src.models.networks."


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

    def verdicts_path(self, part: str = "test") -> Path | None:
        """File with the verdicts on a test part; None if the run kept none."""
        path = self.files() / verdicts_place(part)
        return path if path.is_file() else None

    def verdicts(self, part: str = "test") -> Verdicts:
        """Read the verdicts on a test part.

        Raises:
            ValueError: the run kept none.
        """
        if (path := self.verdicts_path(part)) is None:
            raise ValueError(
                f"run {self.id}: found no {verdicts_file(part)}, expected the verdicts of an evaluated run"
            )
        return Verdicts.read(path)


@dataclass(frozen=True)
class Configuration:
    """One configuration that a grid asks for, over its seeds, and the runs that the store has of it.

    Attributes:
        grid: Name of the experiment file that asks for it.
        config: Resolved config of any of its seeds.
        seeds: Seeds that the grid asks for.
        runs: Runs by seed.
        recipe: Name of the recipe in the config; "none" without one.
        left_out: Details that the title leaves out.
    """

    grid: str
    config: Mapping[str, Any]
    seeds: tuple[int, ...]
    runs: Mapping[int, Run]
    recipe: str = "none"
    left_out: frozenset[str] = frozenset()

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
    def is_network(self) -> bool:
        """True for a model that trains weights by epochs."""
        return str(self.config["model"]["_target_"]).startswith(_NETWORKS)

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
        """Model, input and details in words: `LSTM, PCA 2, distinct records`."""
        return ", ".join([self.name, self.input, *(one for one in self.details if one not in self.left_out)])

    @property
    def name(self) -> str:
        """Model and its teacher in words."""
        words = model_name(self.config["model"])
        if (members := self.config["model"].get("members", 1)) > 1:
            words = f"ensemble of {members} {words}s"
        teacher = self.config["training"].get("teacher")
        return f"{words} taught by {model_name(teacher['model'])}" if teacher else words

    @property
    def input(self) -> str:
        """Input of the model in words: `PCA 2`."""
        layout, given = self.config["layout"]["name"], input_name(self.reducer, self.k)
        words = LAYOUTS.get(layout, given) if self.reducer == "none" else given
        return f"{words}, windows of {self.config['window']}" if layout == "window" else words

    @property
    def details(self) -> list[str]:
        """Choices that tell configurations of one model and input apart, in words."""
        training, words = self.config["training"], teaching_details(self.config)
        if training["history_grafts"]:
            words.append("grafts")
        if limit := training["max_rows_per_attack_type"]:
            words.append(f"{limit:,} a type")
        if self.config["split"]["distinct"]:
            words.append("distinct records")
        return words

    @property
    def first(self) -> Run | None:
        """The run with the lowest seed."""
        return self.runs[min(self.runs)] if self.runs else None

    def values(self, metric: str) -> dict[int, float]:
        """The metric of each run that has it, by seed."""
        return {seed: run.metrics[metric] for seed, run in self.runs.items() if metric in run.metrics}

    def mean(self, metric: str) -> float | None:
        """Mean of a metric over the seeds; None if no run has it."""
        values = self.values(metric).values()
        return sum(values) / len(values) if values else None

    def score(self, metric: str, covers: Covers) -> Interval | None:
        """Mean over the seeds with a 95 % interval; None if no run has the metric.

        Args:
            metric: Name of the metric.
            covers: Kind of the interval, the same for a whole column. A metric without an interval of that kind has
                one without width.
        """
        values = list(self.values(metric).values())
        if not values:
            return None
        mean = sum(values) / len(values)
        if covers == SEEDS and len(values) > 1:
            return student(values, overlap=self.overlap, scale=scale_of(metric))
        if covers == SEEDS_AND_RECORDS and len(values) > 1:
            return self._over_both.get(metric, Interval(mean, mean, mean))
        if covers == TEST_RECORDS:  # the mean of the runs' own intervals: a mean over seeds may be less uncertain
            ends = [self.values(f"{metric}_{end}") for end in ("low", "high")]
            if all(len(one) == len(values) for one in ends):
                low, high = (sum(one.values()) / len(values) for one in ends)
                return Interval(mean, low, high)
        return Interval(mean, mean, mean)

    def seed_range(self, metric: str) -> tuple[float, float] | None:
        """Lowest and highest seed; None for a single run."""
        values = self.values(metric).values()
        return (min(values), max(values)) if len(values) > 1 else None

    @property
    def overlap(self) -> float:
        """Ratio of test to training records where each seed draws both anew, 0 on one fixed test."""
        return overlap_of_tests(self.config["split"], [run.params for run in self.runs.values()])

    @cached_property
    def _over_both(self) -> dict[str, Interval]:
        """Scores of the test with intervals over seeds and test records."""
        found = hierarchical([run.verdicts() for run in self.runs.values()])
        return {f"test_{name}": interval for name, interval in found.items()}

    def differences(self, reference: "Configuration") -> "Differences | None":
        """Mean differences of the test scores to a reference; None unless runs of a common seed kept their verdicts.

        Texts of a report ask for them several times, and each time would take seconds.
        """

        def of_scores(seeds: tuple[int, ...]) -> Mapping[str, MeanTest]:
            return mean_differences(self._verdicts(seeds), reference._verdicts_to_compare(seeds))

        return self._computed(reference, "scores", of_scores)

    def detection_differences(self, reference: "Configuration", rates: tuple[float, ...]) -> "Differences | None":
        """Mean differences in detection to a reference at rates of false alarms, by `rate_name`, else as above."""

        def at_rates(seeds: tuple[int, ...]) -> Mapping[str, MeanTest]:
            ours, theirs = self._verdicts(seeds), reference._verdicts_to_compare(seeds)
            check_pairs(ours, theirs)
            first, second = self._detection(seeds, rates, ours), reference._detection(seeds, rates, theirs)
            return {rate_name(rate): one for rate, one in resampled_differences(first, second, rates).items()}

        return self._computed(reference, f"detection at {rates}", at_rates)

    def _computed(
        self, reference: "Configuration", what: str, compute: Callable[[tuple[int, ...]], Mapping[str, MeanTest]]
    ) -> "Differences | None":
        """Differences over the seeds of which both kept the verdicts on the test, computed once."""
        if (key := (id(reference), what)) not in self._differences:
            pairs = self.pairs(reference)
            seeds = tuple(seed for seed, both in pairs.items() if all(run.verdicts_path() for run in both))
            self._differences[key] = Differences(compute(seeds), len(seeds)) if seeds else None
        return self._differences[key]

    def _detection(
        self, seeds: tuple[int, ...], rates: tuple[float, ...], kept: Sequence[Verdicts]
    ) -> ResampledDetection:
        """Detection in each resample, computed once: a reference is compared with each row of a table."""
        if (key := (seeds, rates)) not in self._detections:
            self._detections[key] = resampled_detection(kept, rates)
        return self._detections[key]

    def _verdicts(self, seeds: Iterable[int]) -> list[Verdicts]:
        """Verdicts on the test, by line of the source."""
        return [self.runs[seed].verdicts().by_row() for seed in seeds]

    def _verdicts_to_compare(self, seeds: Iterable[int]) -> list[Verdicts]:
        """Verdicts of a reference, read once. Those of all configurations of a report would fill the memory."""
        for seed in seeds:
            if seed not in self._kept:
                self._kept[seed] = self.runs[seed].verdicts().by_row()
        return [self._kept[seed] for seed in seeds]

    @cached_property
    def _differences(self) -> "dict[tuple[int, str], Differences | None]":
        return {}

    @cached_property
    def _detections(self) -> dict[tuple[tuple[int, ...], tuple[float, ...]], ResampledDetection]:
        return {}

    @cached_property
    def _kept(self) -> dict[int, Verdicts]:
        return {}

    def pairs(self, other: "Configuration") -> dict[int, tuple[Run, Run]]:
        """Runs of both configurations by each seed that both have: equal seeds have equal test parts."""
        return {seed: (run, other.runs[seed]) for seed, run in self.runs.items() if seed in other.runs}


@dataclass(frozen=True)
class Differences:
    """Differences of two configurations on the same test records.

    Attributes:
        by_metric: Mean difference of each score, without the name of the part, with its interval and p-value.
        n_pairs: Number of seeds that both have.
    """

    by_metric: Mapping[str, MeanTest]
    n_pairs: int


@dataclass(frozen=True)
class Results:
    """All configurations of a report."""

    configurations: tuple[Configuration, ...]
    simulated: bool

    @property
    def runs(self) -> list[Run]:
        """Runs of the report, each once: on simulated records two grids may ask for the same one."""
        return list({run.id: run for one in self.configurations for run in one.runs.values()}.values())

    @property
    def asked(self) -> int:
        """Number of runs that the grids ask for."""
        return len(self.runs) + len(self.missing)

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


def shared_details(configurations: Iterable[Configuration]) -> dict[str, list[str]]:
    """Details that all configurations of a model share, by its name."""
    shared: dict[str, list[str]] = {}
    for one in configurations:
        shared[one.name] = [detail for detail in shared.get(one.name, one.details) if detail in one.details]
    return shared


def coverage(configurations: Iterable[Configuration]) -> Covers:
    """Kind of interval that all configurations of a column can have.

    A single run has no interval over seeds, so that with one single run the whole column covers test records.
    Elsewhere seeds that draw the test anew cover both by Nadeau and Bengio's correction. On a published test it takes
    the verdicts of the runs to cover test records as well.
    """
    found = [one for one in configurations if one.runs]
    if not found or any(len(one.runs) < 2 for one in found):
        return TEST_RECORDS
    if any(one.overlap for one in found):
        return SEEDS
    kept = all(run.verdicts_path() for one in found for run in one.runs.values())
    return SEEDS_AND_RECORDS if kept else SEEDS
