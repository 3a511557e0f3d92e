"""Summary of a run: the table that a command ends with, and the description of the run in MLflow."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from src.config.settings import Settings
from src.evaluation.config import DecisionProtocol
from src.evaluation.metrics import detection_name
from src.pipeline.experiment import Evaluated, TrainingRecord
from src.pipeline.stage_tables import PART_WORDS
from src.utils.paths import experiment_in_copy, shown_path
from src.utils.sections import Row, Section, as_markdown, as_text

_COST = "mean cost"
_MOST_PROBABLE = "most probable class"  # the rule without any setting
_FEW_ALARMS = 0.001  # share of single normal records with an alarm that no warning is worth
_MUCH_SEEN = 0.1  # share of a test part in training above which its scores without those records have a column
# Label and name of each score.
_SCORES = {
    "accuracy, %": "accuracy",
    "macro F1, %": "macro_f1",
}
_BINARY_SCORES = _SCORES | {"F1, %": "f1", "precision, %": "precision", "ROC AUC, %": "roc_auc", _COST: "mean_cost"}
_MORE_CLASSES = _SCORES | {"macro recall, %": "recall", _COST: "mean_cost"}


@dataclass(frozen=True)
class RunSummary:
    """Summary of a run.

    Attributes:
        simulated: True if the records are simulated.
        table: Choices, scores, alarms and durations.
        confusion: Confusion matrix of `test`, rows predicted, columns actual.
        numbers: All metrics and durations, by name.
        arrival: Row on single records, for a detector that reads previous records.
    """

    simulated: bool
    table: tuple[Section, ...]
    confusion: Section
    numbers: Mapping[str, Any]
    arrival: tuple[Row, ...] = ()

    def text(self, reports: Path, run_id: str) -> str:
        """Return the summary for a terminal, and where the rest is.

        Args:
            reports: Folder with the reports.
            run_id: Id of the MLflow run.
        """
        folder = shown_path(reports)
        if experiment := experiment_in_copy():
            folder = f"among the files of the MLflow run; here after: dvc exp apply {experiment}"
        places = [*self.arrival, ("reports", folder), ("MLflow run", f"{run_id}; open the UI with: make ui")]
        return as_text([*self.table, self.confusion, Section(places)])

    @property
    def markdown(self) -> str:
        """Summary for the page of the run."""
        warning = "**Simulated data.**\n\n" if self.simulated else ""
        arrival = [Section(self.arrival)] if self.arrival else []
        return f"{warning}{as_markdown([*self.table, self.confusion, *arrival])}\n"


def summarize(settings: Settings, training: TrainingRecord, found: Evaluated) -> RunSummary:
    """Summarize a run after its evaluation."""
    columns = _Columns(found.metrics, list(found.assessments), intervals=bool(settings.evaluation.bootstrap))
    names = settings.task.class_names
    return RunSummary(
        settings.dataset.simulated,
        (
            Section(list(_choices(settings, training, found))),
            columns.section(_BINARY_SCORES if len(names) == 2 else _MORE_CLASSES),
            columns.section(_alarms(len(names))),
            Section([("seconds", ", ".join(_seconds(found.timings, training.metrics)))]),
        ),
        _confusion(found.assessments["test"].evaluation.confusion, names),
        found.metrics | found.timings,
        tuple(_arrival(found.metrics)),
    )


def _arrival(metrics: Mapping[str, Any]) -> Iterator[Row]:
    """Row on single normal records; a warning where they raise more than twice as many alarms as in the file."""
    if (alone := metrics.get("test_false_alarm_rate_single")) is None:
        return
    in_file = metrics["test_false_alarm_rate"]
    warning = "WARNING: not for single records: " if alone > max(2 * in_file, _FEW_ALARMS) else ""
    shares = f"{100 * alone:.2f} % of normal records raise an alarm one by one, {100 * in_file:.2f} % in the file"
    yield "history", f"{warning}{shares}: arrivals.md"


def _choices(settings: Settings, training: TrainingRecord, found: Evaluated) -> Iterator[Row]:
    """Rows for data, protocol and model."""
    config, facts = settings.config, training.facts
    counts = (
        f"{facts[f'derived.records_{part}']:,} {PART_WORDS.get(part, part)}"
        for part in ("train", "val", *found.assessments)
    )
    data = "SIMULATED DATA" if settings.dataset.simulated else settings.data_words
    yield "data", f"{data}: {', '.join(counts)} records"
    distinct = ", distinct training records" if config["split"]["distinct"] else ""
    seen = (f"{100 * found.metrics[f'{part}_share_seen_in_training']:.1f} % of {part}" for part in found.assessments)
    protocol = f"{config['task']['name']}, {config['split']['name']} split{distinct}, {settings.seed_words}"
    yield "protocol", f"{protocol}; seen in training: {', '.join(seen)}"
    weights = facts.get("derived.network_parameters")
    size = f", {weights:,} weights" if weights else ""
    every = "all features" if settings.k is None else f"all {settings.k} features"
    read = settings.input.replace(f"none k={settings.k or 'all'}", every)
    yield "model", f"{settings.model_words} on {read}{size}"
    if (decision := ", ".join(_decision(settings.decision, training.metrics))) != _MOST_PROBABLE:
        yield "decision", decision


def _decision(protocol: DecisionProtocol, metrics: Mapping[str, Any]) -> Iterator[str]:
    """Rule of the verdicts, with the values that training fitted."""
    yield "least expected cost" if protocol.rule == "least_cost" else _MOST_PROBABLE
    if protocol.attack_prior_odds != 1:
        yield f"attacks at {protocol.attack_prior_odds:g} times their odds"
    if protocol.calibrate:
        yield f"probabilities at temperature {metrics['val_temperature']:.3g}"
    if protocol.false_alarm_budget is not None:
        part = f"{protocol.false_alarm_blocks} blocks of training" if protocol.false_alarm_blocks else "validation"
        yield (
            f"an alarm from P(attack) = {metrics['val_threshold']:.6g} "
            f"for {100 * protocol.false_alarm_budget:g} % false alarms on {part}"
        )


def _alarms(n_classes: int) -> Mapping[str, str]:
    """Label and name of each score of alarms, whatever the class of a verdict."""
    if n_classes == 2:
        return {"false alarms, %": "false_alarm_rate", "recall (detection), %": detection_name(n_classes)}
    return {
        "false alarms, %": "false_alarm_rate",
        "detection, %": detection_name(n_classes),
        "alarm or none right, %": "binary_accuracy",
    }


def _seconds(timings: Mapping[str, float], metrics: Mapping[str, Any]) -> Iterator[str]:
    """Durations in words."""
    epochs = f" ({metrics['epochs']} epochs)" if "epochs" in metrics else ""
    yield f"fit {_number(timings['fit_seconds'])}{epochs}"
    yield f"reduction {_number(timings['reduce_seconds'])}"
    yield f"scoring {_number(timings['evaluate_seconds'])}"


def _number(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds < 100 else f"{seconds:,.0f}"


def _confusion(confusion: np.ndarray, names: Sequence[str]) -> Section:
    rows = [(f"predicted {name}", *(f"{count:,}" for count in row)) for name, row in zip(names, confusion, strict=True)]
    return Section(rows, ("", *(f"actual {name}" for name in names)))


@dataclass(frozen=True)
class _Columns:
    """Columns of scores: each test part with its intervals, then validation and training.

    A test part that shares more than a tenth of its records with training has a column with the scores on the others.

    Attributes:
        metrics: Metrics of the run.
        tests: Names of the test parts.
        intervals: True if the test parts have intervals.
    """

    metrics: Mapping[str, Any]
    tests: Sequence[str]
    intervals: bool

    def section(self, scores: Mapping[str, str]) -> Section:
        """Rows of the scores that the run has, by label."""
        made = {label: [*self._cells(name)] for label, name in scores.items()}
        rows = [(label, *cells) for label, cells in made.items() if any(cells)]
        ends = ["95 % interval"] if self.intervals else []
        titles = [title for test in self.tests for title in (test, *ends, *(["not seen"] if self._seen(test) else []))]
        return Section(rows, ("", *titles, PART_WORDS["val"], PART_WORDS["train"]))

    def _seen(self, test: str) -> bool:
        """Tell whether a test part shares many records with training, and has others."""
        seen = self.metrics.get(f"{test}_share_seen_in_training", 0)
        return seen > _MUCH_SEEN and f"{test}_accuracy_unseen" in self.metrics

    def _cells(self, name: str) -> Iterator[str]:
        for test in self.tests:
            yield self._value(f"{test}_{name}")
            if self.intervals:
                low, high = (self._value(f"{test}_{name}_{end}") for end in ("low", "high"))
                yield f"[{low}, {high}]" if low else ""
            if self._seen(test):
                yield self._value(f"{test}_{name}_unseen")
        yield from (self._value(f"{part}_{name}") for part in ("val", "train"))

    def _value(self, name: str) -> str:
        """Value in percent, or a cost as it is; empty if the run has none."""
        if name not in self.metrics:
            return ""
        return f"{self.metrics[name]:.4f}" if "mean_cost" in name else f"{100 * self.metrics[name]:.2f}"
