"""Scores on attack types that training lacks, each type with the same weight: the criteria of a selection."""

from collections.abc import Sequence

import numpy as np

from src.detector.decision import attack_probability
from src.evaluation.thresholds import highest_silent

RATE = 0.01  # share of the normal records that may raise an alarm
FEWEST = 20  # records of a type that counts: one record of a type of four would weigh as much as a fourth of a flood


def left_out_scores(
    probability: np.ndarray,
    predicted: np.ndarray,
    target: np.ndarray,
    attack: np.ndarray,
    known: frozenset[str],
    cost: Sequence[Sequence[float]] | None = None,
) -> dict[str, float]:
    """Score a detector on a part with attack types that training lacks; without them there are no scores.

    A mean over records would say little: one type of flood has more records than all other types. Types with fewer than
    `FEWEST` records do not count.

    Args:
        probability: Class probabilities, float32, shape (n, classes).
        predicted: Verdicts, int64, shape (n,).
        target: Class index, int32, shape (n,); 0 is normal.
        attack: Label of each record, str, shape (n,).
        known: Labels that occur in training.
        cost: Cost matrix, `cost[actual][predicted]`.
    Returns:
        `unknown_types_at_1_percent` and `known_types_at_1_percent`: mean over the attack types of the share of their
        records with an alarm, at the lowest threshold that lets 1 % of the normal records raise one. `balanced_error`
        counts the errors of the verdicts: half those on normal records, a quarter those on known attack types, and a
        quarter those on unknown ones. Each type weighs the same. `balanced_cost`, with a cost matrix, is the same of
        the mean cost.
    """
    normal, score = target == 0, attack_probability(probability)
    labels, counts = np.unique(attack[~normal], return_counts=True)
    types: list[str] = labels[counts >= FEWEST].tolist()
    unknown = [name for name in types if name not in known]
    if not unknown or not normal.any():
        return {}
    groups = {"unknown": unknown, "known": [name for name in types if name in known]}
    silent = highest_silent(score[normal], RATE)
    assert silent is not None  # 1 % of any number of records are less than all
    alarm = score > silent
    found = {f"{group}_types_at_1_percent": _mean_of_types(alarm, attack, names) for group, names in groups.items()}
    losses = {"balanced_error": ((predicted == 0) != normal).astype(float)}
    if cost is not None:
        losses["balanced_cost"] = np.asarray(cost, dtype=float)[target, predicted]
    for name, loss in losses.items():
        attacks = [_mean_of_types(loss, attack, names) for names in groups.values() if names]
        found[name] = float(loss[normal].mean() + np.mean(attacks)) / 2
    return {name: value for name, value in found.items() if not np.isnan(value)}


def _mean_of_types(values: np.ndarray, attack: np.ndarray, types: Sequence[str]) -> float:
    """Mean over the types of the mean value of their records; NaN without types."""
    return float(np.mean([values[attack == name].mean() for name in types])) if types else float("nan")
