"""Metrics of predicted class probabilities. An alarm is any class but the first, which is normal traffic."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import (
    confusion_matrix,
    precision_recall_curve,
    precision_recall_fscore_support,
    roc_auc_score,
    roc_curve,
)

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
        per_attack: `attack`, `class`, `records`, `recall` (right class), `detected` (alarm raised), most records first.
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
    scores = precision_recall_fscore_support(
        target, probability.argmax(axis=1), labels=range(probability.shape[1]), zero_division=0
    )
    return float(np.mean(scores[2]))


def evaluate(
    probability: np.ndarray, target: np.ndarray, attack: np.ndarray, class_names: tuple[str, ...]
) -> Evaluation:
    """Compare class probabilities with the truth.

    With two classes `recall`, `precision` and `f1` are those of the second, the attack; with more they are means over
    the classes (macro), and so is `roc_auc` (one against the rest). `false_alarm_rate` is the share of normal records
    that any alarm is raised for. A ratio without records is 0.

    Args:
        probability: float32, shape (n, classes), n >= 1.
        target: int32, shape (n,), class indices.
        attack: str, shape (n,): the label of each record.
        class_names: In index order, normal first.
    """
    n_classes = len(class_names)
    predicted = probability.argmax(axis=1)
    confusion = confusion_matrix(target, predicted, labels=range(n_classes)).T
    precision, recall, f1, support = precision_recall_fscore_support(
        target, predicted, labels=range(n_classes), zero_division=0
    )
    averaged = [1] if n_classes == 2 else list(range(n_classes))
    normal = target == 0
    metrics = {
        "accuracy": accuracy(probability, target),
        "recall": float(np.mean(recall[averaged])),
        "precision": float(np.mean(precision[averaged])),
        "f1": float(np.mean(f1[averaged])),
        "macro_f1": float(np.mean(f1)),
        "false_alarm_rate": float(np.mean(predicted[normal] != 0)) if normal.any() else 0.0,
        "detection_rate": float(np.mean(predicted[~normal] != 0)) if not normal.all() else 0.0,
    }
    with_curve = [one for one in averaged if 0 < support[one] < len(target)]
    if with_curve:
        areas = [roc_auc_score(target == one, probability[:, one]) for one in with_curve]
        metrics["roc_auc"] = float(np.mean(areas))
    for name, *values in zip(class_names, recall, precision, f1, strict=True):
        metrics |= {f"{kind}_{name}": float(v) for kind, v in zip(("recall", "precision", "f1"), values, strict=True)}
    return Evaluation(
        metrics,
        confusion,
        pd.DataFrame({"class": class_names, "records": support, "recall": recall, "precision": precision, "f1": f1}),
        _per_attack(predicted, target, attack, class_names),
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
