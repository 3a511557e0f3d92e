"""Metrics of verdicts and class probabilities. A verdict other than the first class, normal traffic, is an alarm."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import precision_recall_curve, roc_auc_score, roc_curve

# Curves are thinned to a grid with this number of cells for each unit of ln(share / (1 - share)). The grid is fine near
# 0 and 1, where good detectors differ, and leaves some hundred points.
_CELLS = 10
_ROC = ("class", "false_alarm_rate", "recall", "threshold")
_PRECISION_RECALL = ("class", "recall", "precision", "threshold")


@dataclass(frozen=True)
class Evaluation:
    """Result of an evaluation.

    Attributes:
        metrics: Metrics by name, such as `accuracy`, `recall`, `false_alarm_rate`, `recall_dos`.
        confusion: Confusion matrix, rows predicted, columns actual (the paper's orientation), int64, shape (classes,
            classes).
        per_class: Columns `class`, `records`, `recall`, `precision`, `f1`.
        per_attack: Columns `attack`, `class`, `in_training` (the type occurs in training), `records`, `recall` (correct
            class), `detected` (alarm raised); most records first.
        roc: Columns `class`, `false_alarm_rate`, `recall`, `threshold`; one curve for each class, but only the attack's
            for two classes.
        precision_recall: Columns `class`, `recall`, `precision`, `threshold`; curves for the same classes.
    """

    metrics: dict[str, float]
    confusion: np.ndarray
    per_class: pd.DataFrame
    per_attack: pd.DataFrame
    roc: pd.DataFrame
    precision_recall: pd.DataFrame


def accuracy(probability: np.ndarray, target: np.ndarray) -> float:
    """Share of records whose most probable class is the target; probability of shape (n, classes)."""
    return float(np.mean(probability.argmax(axis=1) == target))


def macro_f1(probability: np.ndarray, target: np.ndarray) -> float:
    """Mean F1 of the classes; probability of shape (n, classes), target of shape (n,)."""
    n_classes = probability.shape[1]
    return float(scores(confusion_matrix(probability.argmax(axis=1), target, n_classes))["macro_f1"])


def detection_name(n_classes: int) -> str:
    """Name of the share of attack records with an alarm: with two classes it is the recall of the attack."""
    return "recall" if n_classes == 2 else "detection_rate"


def f1_name(n_classes: int) -> str:
    """Name of the F1 that sums up the verdicts: that of the attack, or with more classes the mean over them."""
    return "f1" if n_classes == 2 else "macro_f1"


def confusion_matrix(predicted: np.ndarray, target: np.ndarray, n_classes: int) -> np.ndarray:
    """Count class indices, each of shape (n,), as a confusion matrix: int64, rows predicted, columns actual."""
    return np.bincount(predicted * n_classes + target, minlength=n_classes**2).reshape(n_classes, n_classes)


def scores(confusion: np.ndarray, cost: Sequence[Sequence[float]] | None = None) -> dict[str, np.ndarray]:
    """Compute metrics from confusion matrices, and `mean_cost` if there is a cost matrix.

    With two classes, `recall`, `precision` and `f1` are those of the second class, the attack. With more, `recall` and
    `precision` are means over the classes (macro). `macro_f1` is the mean F1 of the classes. `false_alarm_rate` is the
    share of normal records with an alarm. A ratio without records is 0.

    Two more exist only with more than two classes, as with two they equal `recall` and `accuracy`. `detection_rate` is
    the share of attack records with an alarm. `binary_accuracy` is the share of records for which the alarm, or its
    absence, is correct. `f1` exists only with two classes, as with more it would equal `macro_f1`.

    Args:
        confusion: Numbers of records, rows predicted, columns actual, shape (..., classes, classes).
        cost: Cost matrix, `cost[actual][predicted]`.
    Returns:
        Metrics by name, each float64, shape (...).
    """
    recall, precision, f1 = by_class(confusion)
    binary = confusion.shape[-1] == 2
    attacks = slice(1, None) if binary else slice(None)
    actual, alarm = confusion.sum(axis=-2), confusion[..., 1:, :].sum(axis=-2)
    records = actual.sum(axis=-1)
    metrics = {
        "accuracy": ratio(np.diagonal(confusion, axis1=-2, axis2=-1).sum(axis=-1), records),
        "recall": recall[..., attacks].mean(axis=-1),
        "precision": precision[..., attacks].mean(axis=-1),
        **({"f1": f1[..., 1]} if binary else {}),
        "macro_f1": f1.mean(axis=-1),
        "false_alarm_rate": ratio(alarm[..., 0], actual[..., 0]),
    }
    if not binary:
        silent, detected = actual[..., 0] - alarm[..., 0], alarm[..., 1:].sum(axis=-1)
        metrics["detection_rate"] = ratio(detected, actual[..., 1:].sum(axis=-1))
        metrics["binary_accuracy"] = ratio(silent + detected, records)
    if cost is not None:
        metrics["mean_cost"] = ratio((confusion * np.asarray(cost).T).sum(axis=(-2, -1)), records)
    return metrics


def by_class(confusion: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Recall, precision and F1 of each class, float64, shape (..., classes)."""
    correct = np.diagonal(confusion, axis1=-2, axis2=-1)
    actual, predicted = confusion.sum(axis=-2), confusion.sum(axis=-1)
    return ratio(correct, actual), ratio(correct, predicted), ratio(2 * correct, actual + predicted)


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide part by whole, float64; 0 where the whole is 0."""
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=np.asarray(whole) != 0)


def evaluate(
    probability: np.ndarray,
    target: np.ndarray,
    attack: np.ndarray,
    class_names: tuple[str, ...],
    *,
    predicted: np.ndarray | None = None,
    uncalibrated: np.ndarray | None = None,
    known: Collection[str] | None = None,
    cost: Sequence[Sequence[float]] | None = None,
) -> Evaluation:
    """Evaluate verdicts and class probabilities against the actual classes.

    The metrics are those of `scores`, those of each class, and `roc_auc`: the area of the attack for two classes, or
    the mean over the classes (one against the rest). With two classes those of the attack are among the scores.

    Args:
        probability: Class probabilities, float32, shape (n, classes), n >= 1.
        target: Class index, int32, shape (n,).
        attack: Label of each record, str, shape (n,).
        class_names: Names of the classes in index order, normal first.
        predicted: Verdicts, int64, shape (n,); None uses the most probable classes.
        uncalibrated: Probabilities before a temperature, float32, shape (n, classes), for `roc_auc`; None if there is
            none. A temperature orders the records that a model gives the same probability 0, which flatters the area.
        known: Labels that occur in training, for the column `in_training`; None leaves the column out.
        cost: Cost matrix, `cost[actual][predicted]`, for `mean_cost`.
    """
    n_classes = len(class_names)
    predicted = probability.argmax(axis=1) if predicted is None else predicted
    confusion = confusion_matrix(predicted, target, n_classes)
    recall, precision, f1 = by_class(confusion)
    support = confusion.sum(axis=0)
    metrics = {name: float(value) for name, value in scores(confusion, cost).items()}
    candidates = [1] if n_classes == 2 else range(n_classes)
    with_curve = [index for index in candidates if 0 < support[index] < len(target)]
    if with_curve:
        ranked = probability if uncalibrated is None else uncalibrated
        areas = [roc_auc_score(target == index, ranked[:, index]) for index in with_curve]
        metrics["roc_auc"] = float(np.mean(areas))
    for index, name in enumerate(class_names[:1] if n_classes == 2 else class_names):
        metrics[f"recall_{name}"] = float(recall[index])
        metrics[f"precision_{name}"] = float(precision[index])
        metrics[f"f1_{name}"] = float(f1[index])
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
    """Compute a thinned curve for each of the given classes, as one table; empty without classes."""
    tables = []
    for index in which:
        points = curve(target == index, probability[:, index])
        shares = points.iloc[:, :2].to_numpy().clip(1e-6, 1 - 1e-6)
        cells = np.round(_CELLS * np.log(shares / (1 - shares)))
        keep = np.append(True, (np.diff(cells, axis=0) != 0).any(axis=1))
        keep[-1] = True
        points = points[keep].reset_index(drop=True)
        points.insert(0, "class", class_names[index])
        tables.append(points)
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)
