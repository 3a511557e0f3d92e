"""One experiment: fit on the training part, evaluate on the test part, and what is written about both."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from src.config.settings import Settings
from src.data.tables import Table
from src.detector.detector import Card, Detector
from src.evaluation import metrics, outputs
from src.evaluation.assessment import assess
from src.evaluation.leakage import Background
from src.evaluation.thresholds import fit_decision
from src.models.interface import Fitted, OnEpoch
from src.pipeline.stages import Facts, Walk, scored_parts
from src.utils.files import write_text
from src.utils.paths import Workspace


@dataclass(frozen=True)
class Outcome:
    """A fit: the detector, how the fit went, its metrics on training and validation, and facts for the record."""

    detector: Detector
    fitted: Fitted
    metrics: dict[str, float]
    facts: Facts


def fit(
    settings: Settings, walk: Walk, on_epoch: OnEpoch = lambda epoch: None, *, kept_out: np.ndarray | None = None
) -> Fitted:
    """Fit the model on the training part; validation only picks the epoch.

    Args:
        kept_out: Rows of the training part that the fit does not see; None for none.
    """
    parts, _, _ = walk.reduced
    train, val = parts["train"], parts["val"]
    if kept_out is not None:
        train = train.without(kept_out)
    fitted: Fitted = settings.model.fit(
        train.X,
        train.y,
        val.X,
        val.y,
        n_classes=len(settings.task.classes),
        training=settings.training,
        seed=settings.seed,
        on_epoch=on_epoch,
        steps=settings.layout.steps(settings.scaling.features),
        attack=train.attack,
    )
    return fitted


def _kept_out(settings: Settings, walk: Walk) -> Iterator[np.ndarray]:
    """Class probabilities of each block of the normal training records, in file order, by a fit that did not see it.

    A ensemble is stood for by one member: its probabilities are coarser, which makes the threshold rather too high.
    Scaling and reducer are those of the whole training part, the block included.
    """
    count = settings.decision.false_alarm_blocks
    if count is None:
        return
    train, line = walk.reduced[0]["train"], walk.sampled[0]["train"].row
    normal = np.flatnonzero(train.y == 0)
    single = replace(settings, model=settings.model.single)
    for block in np.array_split(normal[np.argsort(line[normal])], count):
        yield fit(single, walk, kept_out=block).classifier.predict_proba(train.X[block])


def scores(fitted: Fitted, walk: Walk, part: Literal["train", "val"]) -> dict[str, float]:
    """Accuracy and macro F1 of the model's most probable class on one part."""
    return _scores(part, *_judged(fitted, walk, part))


def _judged(fitted: Fitted, walk: Walk, part: str) -> tuple[np.ndarray, np.ndarray]:
    """The model's class probabilities on one part, and the target."""
    reduced = walk.reduced[0][part]
    return fitted.classifier.predict_proba(reduced.X), reduced.y


def _scores(part: str, probability: np.ndarray, target: np.ndarray) -> dict[str, float]:
    return {
        f"{part}_accuracy": metrics.accuracy(probability, target),
        f"{part}_macro_f1": metrics.macro_f1(probability, target),
    }


def train(settings: Settings, walk: Walk) -> Outcome:
    """Fit the model and, on validation, how its probabilities become verdicts; and make the detector of both.

    Raises:
        ValueError: no threshold with alarms stays within the false-alarm budget.
    """
    fitted = fit(settings, walk)
    _, preparation, facts = walk.reduced
    groups = ("dataset", "task", "split", "scaling", "reducer", "layout", "model")
    names = {group: settings.config[group]["name"] for group in groups}
    card = Card(
        class_names=settings.task.class_names,
        simulated=settings.dataset.simulated,
        k=settings.k,
        window=settings.layout.window,
        history=tuple(settings.layout.history),
        seed=settings.seed,
        **names,
    )
    probability, target = _judged(fitted, walk, "val")
    task = settings.task
    decision = fit_decision(probability, target, settings.decision, task.cost, list(_kept_out(settings, walk)))
    result = scores(fitted, walk, "train") | _scores("val", probability, target)
    verdicts = decision.verdict(decision.calibrated(probability))
    judged = metrics.scores(metrics.confusion_matrix(verdicts, target, len(task.classes)), task.cost)
    kept = ("false_alarm_rate", "detection_rate", "mean_cost")
    result |= {f"val_{name}": float(value) for name, value in judged.items() if name in kept}
    if settings.decision.calibrate:
        result["val_temperature"] = decision.temperature
    if decision.threshold is not None:
        result["val_threshold"] = decision.threshold
    result |= {"fit_seconds": fitted.seconds, "reduce_seconds": facts["reduce_seconds"]}
    if fitted.epochs:
        seconds = sorted(one["seconds"] for one in fitted.epochs)
        result |= {"epochs": len(fitted.epochs), "epoch_seconds_median": seconds[len(seconds) // 2]}
    detector = Detector(preparation, fitted.classifier, card, decision)
    return Outcome(detector, fitted, result, _derived(settings, facts, fitted))


def _derived(settings: Settings, facts: Facts, fitted: Fitted) -> Facts:
    """What is not in the config but decides what a score means, as parameters of the run."""
    sample = facts["sample"]
    flat: dict[str, Any] = {"k": settings.k, "simulated": settings.dataset.simulated}
    for key in ("records", "distinct_vectors"):
        flat |= {f"{key}_{part}": count for part, count in sample[key].items()}
    flat |= {f"records_drawn_again_{name}": found["drawn_again"] for name, found in sample["classes"].items()}
    flat |= {key: sample[key] for key in ("source_records", "quarantined", "unknown_values")}
    for part, found in sample["official_tests"].items():
        flat |= {f"{key}_{part}": value for key, value in found.items()}
    return {f"derived.{key}": value for key, value in (flat | fitted.facts).items()}


@dataclass(frozen=True)
class TrainingRecord:
    """The record of a fit, kept beside its detector.

    Attributes:
        run_id: MLflow run of the training.
        metrics: On training and validation.
        facts: Parameters of the run beside its config.
        epochs: As in `Fitted`.
    """

    run_id: str
    metrics: dict[str, float]
    facts: Facts
    epochs: list[dict[str, float]]

    @classmethod
    def of(cls, outcome: Outcome, run_id: str) -> "TrainingRecord":
        """The record of one outcome."""
        return cls(run_id, outcome.metrics, outcome.facts, outcome.fitted.epochs)

    @classmethod
    def read(cls, made: Workspace) -> "TrainingRecord":
        """The record that `write_training` kept."""
        return cls(**json.loads(made.run_note.read_text(encoding="utf-8")))


def write_training(outcome: Outcome, settings: Settings, record: TrainingRecord, out: Workspace) -> None:
    """Keep the detector, the history, and the record that the evaluation goes on with."""
    outcome.detector.save(out.detector)
    outputs.write_history(record.epochs, out.reports, settings.caption)
    write_text(out.run_note, json.dumps(asdict(record), indent=2) + "\n")


def evaluate(
    detector: Detector, parts: dict[str, Table], settings: Settings, before: dict[str, float], out: Workspace
) -> dict[str, Any]:
    """Score the test parts with the whole detector, write the reports, and return all metrics.

    The reports of `test` lie in `reports/`, those of each further test part in a folder of their own.

    Args:
        parts: `train`, `val`, `test`, and what further test parts there are.
        before: Metrics of the training, to stand in the same file.
    """
    background = Background.of(parts["train"])
    seconds, judgements = 0.0, {}
    for name in scored_parts(parts):
        start = time.perf_counter()
        uncalibrated = detector.uncalibrated(parts[name].X)
        seconds += time.perf_counter() - start
        judgements[name] = assess(
            uncalibrated,
            detector.decision,
            parts[name],
            background,
            settings.task,
            settings.evaluation,
            settings.seed,
        )
    told = {
        name: {f"{name}_{metric}": value for metric, value in one.metrics.items()} for name, one in judgements.items()
    }
    everything: dict[str, Any] = {"simulated": settings.dataset.simulated, **before}
    everything |= {metric: value for one in told.values() for metric, value in one.items()}
    everything["evaluate_seconds"] = seconds
    out.further_tests.mkdir(parents=True, exist_ok=True)  # also without any: DVC wants to find it
    for name, one in judgements.items():
        folder, caption = out.reports, settings.caption
        if name != "test":
            folder, caption = out.further_tests / name, f"{settings.caption}, {name}"
        shown = everything if name == "test" else told[name]
        outputs.write_assessment(one, shown, settings.task.class_names, folder, caption, name)
    return everything
