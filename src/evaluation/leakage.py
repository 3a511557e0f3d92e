"""Leakage report: scores on test records seen and unseen in training, and an upper bound for any model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from src.data.duplicates import vector_ids
from src.data.tables import Table
from src.evaluation.metrics import by_class, confusion_matrix, detection_name, scores

_COLUMNS = ("accuracy", "recall", "false_alarm_rate", "detection_rate", "mean_cost")


@dataclass(frozen=True)
class Background:
    """Vectors and labels of the training part.

    Attributes:
        vectors: Ids of the feature vectors, uint64.
        attacks: Labels that occur.
    """

    vectors: np.ndarray
    attacks: frozenset[str]

    @classmethod
    def of(cls, train: Table) -> "Background":
        """Collect the vectors and labels of a training part."""
        return cls(np.unique(vector_ids(train.X)), frozenset(train.attacks[code] for code in np.unique(train.attack)))


@dataclass(frozen=True)
class Leakage:
    """Leakage report of a test part.

    Attributes:
        metrics: Metrics by name, such as `share_seen_in_training`, `accuracy_unseen`, `recall_unknown_attacks`,
            `ceiling_accuracy`. Metrics of subsets without records are left out.
        table: One row for each subset of the test part (`all`, `seen`, `unseen`, `known_attacks`, `unknown_attacks`).
            Its columns are `records`, `vectors` and the metrics, which are empty if undefined for the subset. With two
            classes it has no `detection_rate`, which would equal `recall`.
    """

    metrics: dict[str, float]
    table: pd.DataFrame


def report(
    background: Background,
    vectors: np.ndarray,
    predicted: np.ndarray,
    target: np.ndarray,
    attack: np.ndarray,
    n_classes: int,
    cost: Sequence[Sequence[float]] | None = None,
) -> Leakage:
    """Report the scores on test records that are in the training part, and on those that are not.

    For tasks with more than two classes, the `recall` of a subset is the mean over the classes that occur in it.

    Args:
        background: Vectors and labels of the training part.
        vectors: Ids of the test records' feature vectors, uint64, shape (n,).
        predicted: Verdicts, int64, shape (n,).
        target: Class index, int32, shape (n,).
        attack: Label of each record, str, shape (n,).
        n_classes: Number of classes.
        cost: Cost matrix, `cost[actual][predicted]`.
    """
    seen = np.isin(vectors, background.vectors)
    known = np.isin(attack, sorted(background.attacks))
    everything, alarm = np.ones(len(target), dtype=bool), target != 0
    subsets = {
        "all": everything,
        "seen": seen,
        "unseen": ~seen,
        "known_attacks": alarm & known,
        "unknown_attacks": alarm & ~known,
    }
    rows = {
        name: _subset(vectors[mask], predicted[mask], target[mask], n_classes, cost) for name, mask in subsets.items()
    }
    columns = [name for name in _COLUMNS if n_classes > 2 or name != "detection_rate"]
    metrics = {"share_seen_in_training": float(seen.mean())}
    for name in ("seen", "unseen"):
        metrics |= {f"{metric}_{name}": rows[name][metric] for metric in columns if metric in rows[name]}
    for name in ("known_attacks", "unknown_attacks"):
        if rows[name]["records"]:
            metrics[f"recall_{name}"] = float(np.mean((predicted == target)[subsets[name]]))
            if n_classes > 2:  # with two classes every alarm on an attack is correct
                metrics[f"detection_rate_{name}"] = rows[name]["detection_rate"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["records", "vectors", *columns])
    return Leakage(metrics | ceiling(vectors, target, n_classes, cost), table.rename_axis("subset").reset_index())


def _subset(
    vectors: np.ndarray,
    predicted: np.ndarray,
    target: np.ndarray,
    n_classes: int,
    cost: Sequence[Sequence[float]] | None,
) -> dict[str, float]:
    """Compute the metrics that are defined for the records of a subset."""
    confusion = confusion_matrix(predicted, target, n_classes)
    actual = confusion.sum(axis=0)
    metrics = {name: float(value) for name, value in scores(confusion, cost).items() if name in _COLUMNS}
    if n_classes > 2 and actual.any():
        metrics["recall"] = float(by_class(confusion)[0][actual > 0].mean())
    n_normal, n_attacks = actual[0], actual[1:].sum()
    needs = (("false_alarm_rate", n_normal), (detection_name(n_classes), n_attacks))
    undefined = {name for name, n in needs if not n}
    if not len(target):
        undefined = set(metrics)
    defined = {name: value for name, value in metrics.items() if name not in undefined}
    return {"records": len(target), "vectors": len(np.unique(vectors)), **defined}


def ceiling(
    vectors: np.ndarray, target: np.ndarray, n_classes: int, cost: Sequence[Sequence[float]] | None = None
) -> dict[str, float]:
    """Compute the upper bound for any model that sees one record at a time.

    Such a model gives equal vectors the same verdict. The most accurate verdict is the most frequent class of the
    vector. The cheapest is the class of least total cost.

    Args:
        vectors: Ids of the feature vectors, uint64, shape (n,).
        target: Class index, int32, shape (n,).
        n_classes: Number of classes.
        cost: Cost matrix, `cost[actual][predicted]`.
    Returns:
        `ceiling_accuracy`, `share_ambiguous` (share of records whose vector occurs with several classes) and, with a
        cost matrix, `ceiling_mean_cost`.
    """
    _, group = np.unique(vectors, return_inverse=True)
    votes = np.bincount(group * n_classes + target, minlength=(group.max() + 1) * n_classes).reshape(-1, n_classes)
    ambiguous = (votes > 0).sum(axis=1) > 1
    bounds = {
        "share_ambiguous": float(votes[ambiguous].sum() / len(target)),
        "ceiling_accuracy": float(votes.max(axis=1).sum() / len(target)),
    }
    if cost is not None:
        bounds["ceiling_mean_cost"] = float((votes @ np.asarray(cost, dtype=float)).min(axis=1).sum() / len(target))
    return bounds
