"""What a test part shares with training, and what no model could tell apart: how to read its scores."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from src.data.duplicates import vector_ids
from src.data.tables import Table
from src.evaluation.metrics import by_class, confusion_matrix, scores

_COLUMNS = ("accuracy", "recall", "false_alarm_rate", "detection_rate", "mean_cost")


@dataclass(frozen=True)
class Background:
    """What the training part has.

    Attributes:
        vectors: Ids of its feature vectors, uint64.
        attacks: Its labels.
    """

    vectors: np.ndarray
    attacks: frozenset[str]

    @classmethod
    def of(cls, train: Table) -> "Background":
        """That of a training part."""
        return cls(np.unique(vector_ids(train.X)), frozenset(train.attacks[code] for code in np.unique(train.attack)))


@dataclass(frozen=True)
class Leakage:
    """The leakage report of a test part.

    Attributes:
        metrics: By name, such as `share_seen_in_training`, `accuracy_unseen`, `detection_rate_unknown_attacks`,
            `ceiling_accuracy`. What a subset without records would have is left out.
        table: A row a subset of the test part (`all`, `seen`, `unseen`, `known_attacks`, `unknown_attacks`): `records`,
            `vectors`, then the metrics, empty where the subset has none.
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
    """Judge a test part by what training had of it.

    `recall` of a subset with more than two classes is the mean over the classes that it has.

    Args:
        vectors: Ids of the test records' feature vectors, uint64, shape (n,).
        predicted: Verdicts, int64, shape (n,).
        target: int32, shape (n,).
        attack: str, shape (n,): the label of each record.
        cost: `cost[actual][predicted]`.
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
        name: _subset(vectors[some], predicted[some], target[some], n_classes, cost) for name, some in subsets.items()
    }
    metrics = {"share_seen_in_training": float(seen.mean())}
    for name in ("seen", "unseen"):
        metrics |= {f"{metric}_{name}": rows[name][metric] for metric in _COLUMNS if metric in rows[name]}
    for name in ("known_attacks", "unknown_attacks"):
        if rows[name]["records"]:
            right = float(np.mean((predicted == target)[subsets[name]]))
            metrics |= {f"detection_rate_{name}": rows[name]["detection_rate"], f"recall_{name}": right}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["records", "vectors", *_COLUMNS])
    return Leakage(metrics | ceiling(vectors, target, n_classes, cost), table.rename_axis("subset").reset_index())


def _subset(
    vectors: np.ndarray,
    predicted: np.ndarray,
    target: np.ndarray,
    n_classes: int,
    cost: Sequence[Sequence[float]] | None,
) -> dict[str, float]:
    """The metrics that the subset has records for."""
    confusion = confusion_matrix(predicted, target, n_classes)
    actual = confusion.sum(axis=0)
    found = {name: float(value) for name, value in scores(confusion, cost).items() if name in _COLUMNS}
    if n_classes > 2 and actual.any():
        found["recall"] = float(by_class(confusion)[0][actual > 0].mean())
    without = {
        name for name, there in (("false_alarm_rate", actual[0]), ("detection_rate", actual[1:].sum())) if not there
    }
    if n_classes == 2 and "detection_rate" in without:
        without.add("recall")
    if not len(target):
        without = set(found)
    kept = {name: value for name, value in found.items() if name not in without}
    return {"records": len(target), "vectors": len(np.unique(vectors)), **kept}


def ceiling(
    vectors: np.ndarray, target: np.ndarray, n_classes: int, cost: Sequence[Sequence[float]] | None = None
) -> dict[str, float]:
    """The best that any model can do that judges each record by its vector alone.

    Records with the same vector get the same verdict: right for the most frequent class of the vector, and cheapest for
    the class of least cost.

    Args:
        vectors: Ids of the feature vectors, uint64, shape (n,).
        target: int32, shape (n,).
    Returns:
        `ceiling_accuracy`, `share_ambiguous` (records whose vector occurs with several classes) and, with a matrix of
        costs, `ceiling_mean_cost`.
    """
    _, group = np.unique(vectors, return_inverse=True)
    votes = np.bincount(group * n_classes + target, minlength=(group.max() + 1) * n_classes).reshape(-1, n_classes)
    ambiguous = (votes > 0).sum(axis=1) > 1
    found = {
        "share_ambiguous": float(votes[ambiguous].sum() / len(target)),
        "ceiling_accuracy": float(votes.max(axis=1).sum() / len(target)),
    }
    if cost is not None:
        found["ceiling_mean_cost"] = float((votes @ np.asarray(cost, dtype=float)).min(axis=1).sum() / len(target))
    return found
