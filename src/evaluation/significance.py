"""Tests of many comparisons at once: Holm's correction, Friedman's test, and Nemenyi's critical difference."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import stats

LEVEL = 0.05
BETTER, WORSE, UNDECIDED = "better", "worse", "undecided"


def standing(difference: float, p: float, *, less_is_better: bool) -> str:
    """Return `better` or `worse` where a score differs from a reference beyond chance, else `undecided`.

    Args:
        difference: Score less that of the reference.
        p: p-value of no difference, corrected for the number of comparisons.
        less_is_better: True for costs and false alarms.

    >>> standing(-0.1, 0.01, less_is_better=True), standing(0.1, 0.2, less_is_better=False)
    ('better', 'undecided')
    """
    if p >= LEVEL:
        return UNDECIDED
    return BETTER if (difference < 0) == less_is_better else WORSE


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for their number, so that the chance of one wrong finding or more stays below the level.

    Args:
        p_values: p-values of all comparisons that were looked at.
    Returns:
        Adjusted p-values, in the same order.
    Reference:
        Holm, 1979, Scandinavian Journal of Statistics 6(2), 65-70.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(np.argsort(p_values, kind="stable")):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = highest
    return adjusted


@dataclass(frozen=True)
class Ranking:
    """Mean ranks of models over several test sets.

    Attributes:
        ranks: Mean rank of each model, 1 the best, in the order of the columns.
        p: p-value of Friedman's test that all models are equal.
        distance: Critical difference: two models whose mean ranks differ by less are not told apart (Nemenyi, 95 %).
    """

    ranks: tuple[float, ...]
    p: float
    distance: float


def rank_models(scores: np.ndarray, *, less_is_better: bool = False) -> Ranking:
    """Rank models on each test set, and test whether their mean ranks differ.

    Args:
        scores: Scores, float64, shape (test sets, models); two test sets or more, and three models or more.
        less_is_better: True for costs.
    Raises:
        ValueError: there are too few test sets or models.
    Reference:
        Demsar, 2006, https://jmlr.org/papers/v7/demsar06a.html.
    """
    n_sets, n_models = scores.shape
    if n_sets < 2 or n_models < 3:
        raise ValueError(f"found {n_sets} test sets and {n_models} models, expected at least 2 and 3")
    ranks = stats.rankdata(scores if less_is_better else -scores, axis=1)
    alike = bool((ranks == ranks[:, :1]).all())  # for which the statistic is 0 / 0
    p = 1.0 if alike else float(stats.friedmanchisquare(*ranks.T).pvalue)
    return Ranking(tuple(float(rank) for rank in ranks.mean(axis=0)), p, critical_difference(n_models, n_sets))


def critical_difference(n_models: int, n_sets: int) -> float:
    """Return Nemenyi's critical difference of mean ranks at 95 %.

    >>> round(critical_difference(4, 14), 2)  # 2.569 * sqrt(4 * 5 / (6 * 14))
    1.25
    """
    quantile = float(stats.studentized_range.ppf(1 - LEVEL, n_models, np.inf)) / sqrt(2)
    return quantile * sqrt(n_models * (n_models + 1) / (6 * n_sets))


def cliques(ranks: Sequence[float], distance: float) -> list[tuple[float, float]]:
    """Return the widest ranges of mean ranks whose models are not told apart, as lowest and highest rank.

    >>> cliques([1.0, 1.5, 2.0, 4.0], 1.2)
    [(1.0, 2.0)]
    """
    ordered = sorted(ranks)
    found: list[tuple[float, float]] = []
    for low in ordered:
        high = max(rank for rank in ordered if rank - low < distance)
        if high > low and not (found and high <= found[-1][1]):
            found.append((low, high))
    return found
