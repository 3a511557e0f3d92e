"""Metrics of verdicts and class probabilities. An alarm is any class but the first, which is normal traffic."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import precision_recall_curve, roc_auc_score, roc_curve

# Curves are thinned to a grid of so many cells for each unit of ln(share / (1 - share)): fine towards 0 and towards 1,
# where good detectors differ, and some hundred points in all.
_CELLS = 10
_ROC = ("class", "false_alarm_rate", "recall", "threshold")
_PRECISION_RECALL = ("class", "recall", "precision", "threshold")


@dataclass(frozen=True)
class Evaluation:
    """Outcome of an evaluation.

    Attributes:
        metrics: By name, such as `accuracy`, `recall`, `false_alarm_rate`, `recall_dos`.
        confusion: int64, shape (classes, classes): rows predicted, columns actual (the paper's orientation).
        per_class: `class`, `records`, `recall`, `precision`, `f1`.
        per_attack: `attack`, `class`, `in_training` (the type has a record there), `records`, `recall` (right class),
            `detected` (alarm raised), most records first.
        roc: `class`, `false_alarm_rate`, `recall`, `threshold`; one curve a class, for two classes only the attack.
        precision_recall: `class`, `recall`, `precision`, `threshold`, likewise.
    """

    metrics: dict[str, float]
    confusion: np.ndarray
    per_class: pd.DataFrame
    per_attack: pd.DataFrame
    roc: pd.DataFrame
    precision_recall: pd.DataFrame


def accuracy(probability: np.ndarray, target: np.ndarray) -> float:
    """Share of records whose most probable class, of shape (n, classes), is the target, of shape (n,)."""
    return float(np.mean(probability.argmax(axis=1) == target))


def macro_f1(probability: np.ndarray, target: np.ndarray) -> float:
    """Mean of the classes' F1; probability of shape (n, classes), target of shape (n,)."""
    n_classes = probability.shape[1]
    return float(scores(confusion_matrix(probability.argmax(axis=1), target, n_classes))["macro_f1"])


def confusion_matrix(predicted: np.ndarray, target: np.ndarray, n_classes: int) -> np.ndarray:
    """The confusion matrix of class indices, each of shape (n,): int64, rows predicted, columns actual."""
    return np.bincount(predicted * n_classes + target, minlength=n_classes**2).reshape(n_classes, n_classes)


def scores(confusion: np.ndarray, cost: Sequence[Sequence[float]] | None = None) -> dict[str, np.ndarray]:
    """The metrics that follow from confusion matrices, and `mean_cost` where there is a matrix of costs.

    With two classes `recall`, `precision` and `f1` are those of the second, the attack; with more they are means over
    the classes (macro). `false_alarm_rate` is the share of normal records that any alarm is raised for,
    `detection_rate` that of attacks; `binary_accuracy`, with more than two classes, the share of records for which an
    alarm, or none, is right. A ratio without records is 0.

    Args:
        confusion: Numbers of records, shape (..., classes, classes): rows predicted, columns actual.
        cost: `cost[actual][predicted]`.
    Returns:
        By name, each float64, shape (...).
    """
    recall, precision, f1 = by_class(confusion)
    attacks = slice(1, None) if confusion.shape[-1] == 2 else slice(None)
    actual, alarm = confusion.sum(axis=-2), confusion[..., 1:, :].sum(axis=-2)
    records = actual.sum(axis=-1)
    found = {
        "accuracy": ratio(np.diagonal(confusion, axis1=-2, axis2=-1).sum(axis=-1), records),
        "recall": recall[..., attacks].mean(axis=-1),
        "precision": precision[..., attacks].mean(axis=-1),
        "f1": f1[..., attacks].mean(axis=-1),
        "macro_f1": f1.mean(axis=-1),
        "false_alarm_rate": ratio(alarm[..., 0], actual[..., 0]),
        "detection_rate": ratio(alarm[..., 1:].sum(axis=-1), actual[..., 1:].sum(axis=-1)),
    }
    if confusion.shape[-1] > 2:  # with two classes it is the accuracy
        silent = actual[..., 0] - alarm[..., 0]
        found["binary_accuracy"] = ratio(silent + alarm[..., 1:].sum(axis=-1), records)
    if cost is not None:
        found["mean_cost"] = ratio((confusion * np.asarray(cost).T).sum(axis=(-2, -1)), records)
    return found


def by_class(confusion: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Recall, precision and F1 of each class, float64, shape (..., classes)."""
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    actual, predicted = confusion.sum(axis=-2), confusion.sum(axis=-1)
    return ratio(right, actual), ratio(right, predicted), ratio(2 * right, actual + predicted)


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Shares, float64; 0 where there is nothing to have a share of."""
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=np.asarray(whole) != 0)


def evaluate(
    probability: np.ndarray,
    target: np.ndarray,
    attack: np.ndarray,
    class_names: tuple[str, ...],
    *,
    predicted: np.ndarray | None = None,
    known: Collection[str] | None = None,
    cost: Sequence[Sequence[float]] | None = None,
) -> Evaluation:
    """Compare verdicts and class probabilities with the truth.

    The metrics are those of `scores`, each class's own, and `roc_auc`, of the attack or the mean over the classes (one
    against the rest).

    Args:
        probability: float32, shape (n, classes), n >= 1.
        target: int32, shape (n,), class indices.
        attack: str, shape (n,): the label of each record.
        class_names: In index order, normal first.
        predicted: Verdicts, int64, shape (n,); the most probable classes unless given.
        known: Labels that training has, for the column `in_training`, which is left out without them.
        cost: `cost[actual][predicted]`, for `mean_cost`.
    """
    n_classes = len(class_names)
    predicted = probability.argmax(axis=1) if predicted is None else predicted
    confusion = confusion_matrix(predicted, target, n_classes)
    recall, precision, f1 = by_class(confusion)
    support = confusion.sum(axis=0)
    metrics = {name: float(value) for name, value in scores(confusion, cost).items()}
    with_curve = [one for one in ([1] if n_classes == 2 else range(n_classes)) if 0 < support[one] < len(target)]
    if with_curve:
        areas = [roc_auc_score(target == one, probability[:, one]) for one in with_curve]
        metrics["roc_auc"] = float(np.mean(areas))
    for name, *values in zip(class_names, recall, precision, f1, strict=True):
        metrics |= {f"{kind}_{name}": float(v) for kind, v in zip(("recall", "precision", "f1"), values, strict=True)}
    per_attack = _per_attack(predicted, target, attack, class_names)
    if known is not None:
        per_attack.insert(2, "in_training", per_attack["attack"].isin(list(known)))
    return Evaluation(
        metrics,
        confusion,
        pd.DataFrame({"class": class_names, "records": support, "recall": recall, "precision": precision, "f1": f1}),
        per_attack,
        _curves(probability, target, class_names, with_curve, _roc, _ROC),
        _curves(probability, target, class_names, with_curve, _precision_recall, _PRECISION_RECALL),
    )


def _per_attack(
    predicted: np.ndarray, target: np.ndarray, attack: np.ndarray, class_names: tuple[str, ...]
) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "attack": attack,
            "class": np.array(class_names)[target],
            "recall": predicted == target,
            "detected": predicted != 0,
        }
    )
    groups = table.groupby(["attack", "class"], observed=True)
    result = groups[["recall", "detected"]].mean()
    result.insert(0, "records", groups.size())
    return result.reset_index().sort_values(["records", "attack"], ascending=[False, True], ignore_index=True)


def _roc(actual: np.ndarray, score: np.ndarray) -> pd.DataFrame:
    false_alarms, recall, threshold = roc_curve(actual, score)
    return pd.DataFrame({"false_alarm_rate": false_alarms, "recall": recall, "threshold": np.minimum(threshold, 1)})


def _precision_recall(actual: np.ndarray, score: np.ndarray) -> pd.DataFrame:
    precision, recall, threshold = precision_recall_curve(actual, score)
    return pd.DataFrame({"recall": recall, "precision": precision, "threshold": np.append(threshold, 1)})[::-1]


def _curves(
    probability: np.ndarray,
    target: np.ndarray,
    class_names: tuple[str, ...],
    which: list[int],
    curve: Callable[[np.ndarray, np.ndarray], pd.DataFrame],
    columns: tuple[str, ...],
) -> pd.DataFrame:
    """One thinned curve a class, as one table; without rows if no class has a curve."""
    parts = []
    for one in which:
        points = curve(target == one, probability[:, one])
        shares = points.iloc[:, :2].to_numpy().clip(1e-6, 1 - 1e-6)
        cells = np.round(_CELLS * np.log(shares / (1 - shares)))
        keep = np.append(True, (np.diff(cells, axis=0) != 0).any(axis=1))
        keep[-1] = True
        points = points[keep].reset_index(drop=True)
        points.insert(0, "class", class_names[one])
        parts.append(points)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
