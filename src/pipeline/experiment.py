"""One experiment: fit on the training part, evaluate on the test parts, and write what is known of both."""

import json
import statistics
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from src.config.settings import Settings
from src.data.schema import Schema
from src.data.tables import LabeledTable
from src.detector.arrival import IN_FILE, by_arrival
from src.detector.card import Card, Teacher, previous_records
from src.detector.decision import Decision
from src.detector.detector import Detector
from src.evaluation import metrics, outputs
from src.evaluation.arrivals import arrival_metrics, arrivals
from src.evaluation.assessment import Assessment, assess
from src.evaluation.leakage import Background
from src.evaluation.operating_points import TrainingThresholds
from src.evaluation.thresholds import FALSE_ALARM_RATES, fit_decision, rate_name, training_thresholds
from src.features.reduction import Reduced
from src.models.interface import Fitted, OnEpoch
from src.pipeline.fingerprint import made_by, of_stage, stale
from src.pipeline.stage_data import Facts, ReducedParts, SampledParts
from src.pipeline.stage_outputs import StageOutputs
from src.utils.files import write_text
from src.utils.paths import Workspace


@dataclass(frozen=True)
class Outcome:
    """Result of a training.

    Attributes:
        metrics: Scores on training and validation.
        timings: Durations in seconds, which no two runs have alike.
        facts: Parameters of the run that are not in its config.
        fingerprint: Fingerprint of the train stage, from before the fit.
    """

    detector: Detector
    fitted: Fitted
    metrics: dict[str, float]
    timings: dict[str, float]
    facts: Facts
    fingerprint: dict[str, Any]


def train(settings: Settings, stage_outputs: StageOutputs) -> Outcome:
    """Fit the model on the training part and its decision on validation, and make a detector of both.

    Raises:
        ValueError: no threshold with alarms stays within the false-alarm budget.
    """
    fingerprint = of_stage(settings.config, "train")
    reduced = stage_outputs.reduced
    fitted = fit(settings, reduced)
    decided = decide(settings, stage_outputs, fitted)
    card = _card(settings, fitted, reduced.schema)
    detector = Detector(reduced.preparation, fitted.classifier, card, decided.decision)
    scored = scores(fitted, reduced.train, "train") | decided.scores | fitted.scores
    if fitted.epochs:
        scored["epochs"] = len(fitted.epochs)
    facts = _derived(settings, reduced.sample_facts, fitted)
    return Outcome(detector, fitted, scored, _timings(fitted, reduced), facts, fingerprint)


def fit(settings: Settings, reduced: ReducedParts, on_epoch: OnEpoch = lambda epoch: None) -> Fitted:
    """Fit the model on the training part; validation only picks the epoch."""
    train, val = reduced.train, reduced.val
    return settings.model.fit(
        train.X,
        train.y,
        val.X,
        val.y,
        n_classes=len(settings.task.classes),
        training=settings.training,
        seed=settings.seeds.training,
        on_epoch=on_epoch,
        steps=settings.layout.steps(settings.scaling.features(reduced.schema), reduced.schema),
        attack=train.attack,
        codes=_codes(settings, reduced.schema),
    )


@dataclass(frozen=True)
class Decided:
    """Decision that validation, or held-out blocks of training, chose for a fitted model.

    Attributes:
        scores: Scores of the model and of its verdicts on validation, and the fitted temperature and thresholds.
    """

    decision: Decision
    scores: dict[str, float]


def decide(settings: Settings, stage_outputs: StageOutputs, fitted: Fitted) -> Decided:
    """Fit the decision of a fitted model, and score both on validation.

    Raises:
        ValueError: no threshold with alarms stays within the false-alarm budget.
    """
    val = stage_outputs.reduced.val
    probability = fitted.classifier.predict_proba(val.X)
    held_out = _held_out_probabilities(settings, stage_outputs)
    decision = fit_decision(probability, val.y, settings.decision, settings.task.cost, held_out)
    scored = _model_scores(probability, val.y, "val") | _decision_scores(settings, decision, probability, val.y)
    chosen = training_thresholds(probability, val.y, decision, held_out)
    return Decided(decision, scored | {_threshold_name(rate): threshold for rate, threshold in chosen.items()})


def _codes(settings: Settings, schema: Schema) -> list[int]:
    """Columns of the model input whose values are codes without an order."""
    features = settings.scaling.features(schema) if settings.reducer.keeps_features else ()
    return [column for column, name in enumerate(features) if name in schema.codes]


def scores(fitted: Fitted, data: Reduced, part: str) -> dict[str, float]:
    """Accuracy and macro F1 of the model's most probable class on one part.

    Args:
        part: Name of the part, which the names of the metrics begin with.
    """
    return _model_scores(fitted.classifier.predict_proba(data.X), data.y, part)


def _model_scores(probability: np.ndarray, target: np.ndarray, part: str) -> dict[str, float]:
    return {
        f"{part}_accuracy": metrics.accuracy(probability, target),
        f"{part}_macro_f1": metrics.macro_f1(probability, target),
    }


def _held_out_probabilities(settings: Settings, stage_outputs: StageOutputs) -> list[np.ndarray]:
    """Class probabilities of normal training records, block by block, each from a fit without its block.

    Each fit is of one member where the model is an ensemble. The probabilities of one member are coarser, so that the
    threshold becomes rather too high than too low. Scaling and reducer stay those of the whole training part.

    Returns:
        float32, shape (records of the block, classes), for each block; none unless the protocol asks for blocks.
    """
    n_blocks = settings.decision.false_alarm_blocks
    if n_blocks is None:
        return []
    reduced, train = stage_outputs.reduced, stage_outputs.reduced.train
    one_member = replace(settings, model=settings.model.single)
    probabilities = []
    for block in _normal_blocks(train.y, stage_outputs.sampled.train.row, n_blocks):
        fitted = fit(one_member, replace(reduced, train=train.without(block)))
        probabilities.append(fitted.classifier.predict_proba(train.X[block]))
    return probabilities


def _normal_blocks(target: np.ndarray, row: np.ndarray, n_blocks: int) -> list[np.ndarray]:
    """Index of the normal records, in file order, cut into contiguous blocks."""
    normal = np.flatnonzero(target == 0)
    return np.array_split(normal[np.argsort(row[normal])], n_blocks)


def _card(settings: Settings, fitted: Fitted, schema: Schema) -> Card:
    """Description of the detector that an experiment trains."""
    groups = ("dataset", "task", "split", "scaling", "reducer", "layout", "model")
    names = {group: settings.config[group]["name"] for group in groups}
    return Card(
        class_names=settings.task.class_names,
        simulated=settings.dataset.simulated,
        schema=schema,
        k=settings.k or len(settings.scaling.features(schema)),
        window=settings.layout.window,
        history=tuple(settings.layout.history),
        seed=settings.seed,
        teacher=_teacher(settings, fitted),
        **names,
    )


def _teacher(settings: Settings, fitted: Fitted) -> Teacher | None:
    """Description of the teacher that the model learned from."""
    config = settings.config["training"].get("teacher")
    return Teacher(config, fitted.facts["teacher_sha256"]) if config else None


def _decision_scores(
    settings: Settings, decision: Decision, probability: np.ndarray, target: np.ndarray
) -> dict[str, float]:
    """Scores of the verdicts on validation, and the fitted temperature and threshold.

    Args:
        probability: Probabilities of the model before calibration, float32, shape (n, classes).
        target: Class index, int32, shape (n,).
    """
    task = settings.task
    n_classes = len(task.classes)
    verdicts = decision.verdict(decision.calibrated(probability))
    found = metrics.scores(metrics.confusion_matrix(verdicts, target, n_classes), task.cost)
    # those of the verdicts, beside those of the model
    names = ("false_alarm_rate", metrics.detection_name(n_classes), "mean_cost")
    scored = {f"val_{name}": float(value) for name, value in found.items() if name in names}
    if settings.decision.calibrate:
        scored["val_temperature"] = decision.temperature
    if decision.threshold is not None:
        scored["val_threshold"] = decision.threshold
    return scored


def _threshold_name(rate: float) -> str:
    """Metric with the threshold that training chose for a false-alarm rate."""
    return f"val_threshold_for_{rate_name(rate)}"


def _chosen_thresholds(settings: Settings, metrics: Mapping[str, Any]) -> TrainingThresholds:
    """Thresholds that training chose for equal false alarms, from its metrics."""
    blocks = settings.decision.false_alarm_blocks
    found = {rate: metrics[name] for rate in FALSE_ALARM_RATES if (name := _threshold_name(rate)) in metrics}
    return TrainingThresholds(f"{blocks} blocks of training" if blocks else "validation", found)


def _timings(fitted: Fitted, reduced: ReducedParts) -> dict[str, float]:
    """Seconds of the fits and, for networks, the median of the epochs."""
    found = {"fit_seconds": fitted.seconds, "reduce_seconds": reduced.seconds}
    if fitted.epochs:
        found["epoch_seconds_median"] = statistics.median(epoch["seconds"] for epoch in fitted.epochs)
    return found


def _derived(settings: Settings, sample: Facts, fitted: Fitted) -> Facts:
    """Parameters of the run that are not in the config but decide what a score means."""
    flat: Facts = {"simulated": settings.dataset.simulated}
    for key in ("records", "distinct_vectors"):
        flat |= {f"{key}_{part}": count for part, count in sample[key].items()}
    flat |= {f"records_drawn_again_{name}": found["drawn_again"] for name, found in sample["classes"].items()}
    source = ("source_records", "quarantined", "unknown_values", "source_notes")
    flat |= {key: sample[key] for key in source if key in sample}
    for part, found in sample["official_tests"].items():
        flat |= {f"{key}_{part}": value for key, value in found.items()}
    return {f"derived.{key}": value for key, value in (flat | fitted.facts).items()}


@dataclass(frozen=True)
class TrainingRecord:
    """Record of a training, kept beside its detector.

    Attributes:
        run_id: MLflow run of the training.
        metrics: Scores on training and validation.
        timings: Durations in seconds.
        facts: Parameters of the run that are not in its config.
        epochs: Metrics by epoch, as in `Fitted`.
        fingerprint: Fingerprint of the train stage, from before the fit.
    """

    run_id: str
    metrics: dict[str, float]
    timings: dict[str, float]
    facts: Facts
    epochs: list[dict[str, float]]
    fingerprint: dict[str, Any]

    @classmethod
    def of(cls, outcome: Outcome, run_id: str) -> "TrainingRecord":
        """Record of one outcome."""
        return cls(run_id, outcome.metrics, outcome.timings, outcome.facts, outcome.fitted.epochs, outcome.fingerprint)

    @classmethod
    def read(cls, made: Workspace, config: Mapping[str, Any]) -> "TrainingRecord":
        """Read the record that `write_training` kept.

        Raises:
            RuntimeError: another config, other code or other libraries trained the detector.
        """
        record = json.loads(made.run_note.read_text(encoding="utf-8"))
        if not made_by(record.get("fingerprint"), config, "train"):
            raise RuntimeError(stale(made.detector, "train"))
        return cls(**record)


def write_training(outcome: Outcome, settings: Settings, record: TrainingRecord, out: Workspace) -> None:
    """Keep the detector, the training history, and the record that the evaluation needs."""
    outcome.detector.save(out.detector)
    outputs.write_history(record.epochs, out.reports, settings.caption)
    write_text(out.run_note, json.dumps(asdict(record), indent=2) + "\n")


@dataclass(frozen=True)
class Evaluated:
    """Result of an evaluation.

    Attributes:
        metrics: Metrics of the run, those of its training included.
        timings: Durations in seconds, those of its training included.
        assessments: Results by test part.
    """

    metrics: dict[str, Any]
    timings: dict[str, float]
    assessments: dict[str, Assessment]


def evaluate(
    detector: Detector, sampled: SampledParts, settings: Settings, training: TrainingRecord, out: Workspace
) -> Evaluated:
    """Score the test parts with the whole detector, and write the reports.

    Reports of `test` are written to `reports/`, those of each further test to a folder of its own.

    Args:
        training: Record of the training; its metrics and timings are written to the same files.
    """
    background = Background.of(sampled.train)
    thresholds = _chosen_thresholds(settings, training.metrics)
    seconds, assessments, arrived = 0.0, {}, {}
    for name, table in sampled.tests.items():
        start = time.perf_counter()
        uncalibrated = detector.uncalibrated(table.X)
        seconds += time.perf_counter() - start
        assessments[name] = assess(
            uncalibrated,
            detector.decision,
            table,
            background,
            settings.task,
            settings.dataset.schema,
            settings.evaluation,
            settings.seed,
            thresholds,
        )
        arrived[name] = _arrivals(detector, table, uncalibrated, settings)
    n_classes = len(settings.task.classes)
    test_metrics = {
        name: {
            f"{name}_{metric}": value
            for metric, value in (one.metrics | arrival_metrics(arrived[name], n_classes)).items()
        }
        for name, one in assessments.items()
    }
    everything: dict[str, Any] = {"simulated": settings.dataset.simulated, **training.metrics}
    for one in test_metrics.values():
        everything |= one
    timings = {**training.timings, "evaluate_seconds": seconds}
    further = [name for name in assessments if name != "test"]
    write_text(out.further_tests / "parts.json", json.dumps(further) + "\n")  # of an empty folder, DVC warns
    for name, assessment in assessments.items():
        folder, caption, shown = out.reports, settings.caption, everything
        if name != "test":
            folder, caption, shown = out.further_tests / name, f"{settings.caption}, {name}", test_metrics[name]
        outputs.write_assessment(assessment, shown, settings.task.class_names, folder, caption, name)
        outputs.write_arrivals(arrived[name], folder)
    outputs.write_timings(timings, out.reports)
    return Evaluated(everything, timings, assessments)


def _arrivals(detector: Detector, table: LabeledTable, in_file: np.ndarray, settings: Settings) -> pd.DataFrame:
    """Scores on a test part where its records arrive in other ways; only those of the file without a history.

    Args:
        in_file: Probabilities of the records in the order of the file, float32, shape (n, classes).
    """
    ways = [(IN_FILE, in_file)]
    if settings.evaluation.arrivals and previous_records(detector.card):
        ways += by_arrival(detector, table.X, settings.seed)
    return arrivals(ways, detector.decision, table.target, len(settings.task.classes), settings.task.cost)
