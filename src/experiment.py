"""One experiment: fit on the training part, evaluate on the test part, and what is written about both."""

import json
import time
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from src.build import Settings
from src.data.tables import Table
from src.detector import Card, Detector
from src.evaluation import metrics, reports
from src.features.preparation import explained_variance, mutual_information_ranking
from src.files import write_text
from src.models.interface import Fitted, OnEpoch
from src.pipeline import Facts, Walk, scored_parts
from src.workspace import Workspace


@dataclass(frozen=True)
class Outcome:
    """A fit: the detector, how the fit went, its metrics on training and validation, and facts for the record."""

    detector: Detector
    fitted: Fitted
    metrics: dict[str, float]
    facts: Facts


def fit(settings: Settings, walk: Walk, on_epoch: OnEpoch = lambda epoch: None) -> Fitted:
    """Fit the model on the training part; validation only picks the epoch."""
    parts, _, _ = walk.reduced
    train, val = parts["train"], parts["val"]
    fitted: Fitted = settings.model.fit(
        train.X,
        train.y,
        val.X,
        val.y,
        n_classes=len(settings.task.classes),
        training=settings.training,
        seed=settings.seed,
        on_epoch=on_epoch,
    )
    return fitted


def scores(fitted: Fitted, walk: Walk, part: Literal["train", "val"]) -> dict[str, float]:
    """Accuracy and macro F1 on one part."""
    reduced = walk.reduced[0][part]
    probability = fitted.classifier.predict_proba(reduced.X)
    return {
        f"{part}_accuracy": metrics.accuracy(probability, reduced.y),
        f"{part}_macro_f1": metrics.macro_f1(probability, reduced.y),
    }


def train(settings: Settings, walk: Walk) -> Outcome:
    """Fit the model, and make the detector of it."""
    fitted = fit(settings, walk)
    _, preparation, facts = walk.reduced
    groups = ("dataset", "task", "split", "scaling", "reducer", "layout", "model")
    names = {group: settings.config[group]["name"] for group in groups}
    card = Card(
        class_names=settings.task.class_names,
        simulated=settings.dataset.simulated,
        k=settings.k,
        window=settings.layout.window,
        seed=settings.seed,
        **names,
    )
    result = scores(fitted, walk, "train") | scores(fitted, walk, "val")
    result |= {"fit_seconds": fitted.seconds, "reduce_seconds": facts["reduce_seconds"]}
    if fitted.epochs:
        seconds = sorted(one["seconds"] for one in fitted.epochs)
        result |= {"epochs": len(fitted.epochs), "epoch_seconds_median": seconds[len(seconds) // 2]}
    shares = [f"{part}_share_seen_in_training" for part in scored_parts(facts["sample"]["records"])]
    result |= {name: facts["sample"][name] for name in shares}
    return Outcome(Detector(preparation, fitted.classifier, card), fitted, result, _derived(settings, facts, fitted))


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


def write_training(outcome: Outcome, settings: Settings, run_id: str, out: Workspace) -> None:
    """Keep the detector, the history, and the run that the evaluation belongs to."""
    outcome.detector.save(out.detector)
    reports.write_history(outcome.fitted.epochs, out.reports, settings.caption)
    note = {"run_id": run_id, "metrics": outcome.metrics}
    write_text(out.run_note, json.dumps(note, indent=2) + "\n")


def read_run_note(out: Workspace) -> tuple[str, dict[str, float]]:
    """Id of the run that trained the kept detector, and its metrics so far."""
    note = json.loads(out.run_note.read_text(encoding="utf-8"))
    return note["run_id"], note["metrics"]


def evaluate(
    detector: Detector, test: Table, settings: Settings, before: dict[str, float], out: Workspace
) -> dict[str, Any]:
    """Score the test part with the whole detector, write the reports, and return all metrics.

    Args:
        before: Metrics of the training, to stand in the same file.
    """
    start = time.perf_counter()
    probability = detector.score(test.X)
    seconds = time.perf_counter() - start
    assert test.target is not None  # set by sampling
    names = detector.card.class_names
    attack = np.array(test.attacks)[test.attack]
    result = metrics.evaluate(probability, test.target, attack, names)
    everything = {
        "simulated": settings.dataset.simulated,
        **before,
        **{f"test_{name}": value for name, value in result.metrics.items()},
        "evaluate_seconds": seconds,
    }
    reports.write_evaluation(result, everything, names, out.reports, settings.caption)
    return everything


def write_reduction_reports(walk: Walk, settings: Settings, out: Workspace) -> None:
    """Explained variance and mutual information of the training part, whatever the reducer."""
    train_part = walk.sampled[0]["train"]
    assert train_part.target is not None  # set by sampling
    reports.write_reduction(
        explained_variance(train_part.X, settings.scaling.scaler()),
        mutual_information_ranking(
            settings.scaling.unscaled(train_part.X), train_part.target, settings.scaling.features
        ),
        out.reports,
        settings.caption,
    )
