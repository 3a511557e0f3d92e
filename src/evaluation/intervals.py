"""Confidence intervals of scores, over seeds and over test records."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from src.evaluation.metrics import scores


@dataclass(frozen=True)
class Interval:
    """Mean, or another estimate, with its 95 % interval."""

    mean: float
    low: float
    high: float


def student(values: Sequence[float] | np.ndarray) -> Interval:
    """Compute the mean of two or more values, such as scores of several seeds, with Student's interval.

    >>> of_three = student([1.0, 2.0, 3.0])
    >>> of_three.mean, round(of_three.high, 3)  # 4.3027 / sqrt(3) above the mean
    (2.0, 4.484)
    """
    mean = float(np.mean(values))
    reach = float(stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))
    return Interval(mean, mean - reach, mean + reach)


def bootstrap(
    vectors: np.ndarray,
    predicted: np.ndarray,
    target: np.ndarray,
    n_classes: int,
    *,
    resamples: int,
    seed: int,
    cost: Sequence[Sequence[float]] | None = None,
) -> dict[str, Interval]:
    """Compute bootstrap intervals of all `scores`: percentiles over resampled test parts.

    A draw, with replacement, is a feature vector with all its records, because copies are no further evidence.

    Args:
        vectors: Ids of the feature vectors, uint64, shape (n,).
        predicted: Verdicts, int64, shape (n,).
        target: Class index, int32, shape (n,).
        n_classes: Number of classes.
        resamples: Number of resampled test parts.
        seed: Seed of the draws.
        cost: Cost matrix, `cost[actual][predicted]`.
    """
    cells = resampled(vectors, predicted * n_classes + target, n_classes**2, resamples=resamples, seed=seed)
    drawn = scores(cells.reshape(resamples, n_classes, n_classes), cost)
    return {name: percentiles(values) for name, values in drawn.items()}


def percentiles(values: np.ndarray) -> Interval:
    """Compute the mean and the middle 95 % of resampled values, shape (resamples,)."""
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(float(np.mean(values)), float(low), float(high))


def resampled(vectors: np.ndarray, cell: np.ndarray, n_cells: int, *, resamples: int, seed: int) -> np.ndarray:
    """Count the records in each cell of resampled test parts, float64, shape (resamples, n_cells).

    Vectors with the same number of records in each cell are interchangeable. The numbers of draws of such groups of
    vectors are multinomial, and there are few groups. So the function draws groups instead of vectors.

    Args:
        vectors: Ids of the feature vectors, uint64, shape (n,).
        cell: Cell of each record, such as its class and verdict as one number, 0 to n_cells - 1, int64, shape (n,).
        n_cells: Number of cells.
        resamples: Number of resampled test parts.
        seed: Seed of the draws.
    """
    _, vector = np.unique(vectors, return_inverse=True)
    used, column = np.unique(cell, return_inverse=True)
    n_vectors = int(vector.max()) + 1
    records = np.bincount(vector * len(used) + column, minlength=n_vectors * len(used)).reshape(n_vectors, len(used))
    groups, sizes = np.unique(records, axis=0, return_counts=True)
    drawn = np.random.default_rng([seed, 2]).multinomial(n_vectors, sizes / n_vectors, size=resamples)
    cells = np.zeros((resamples, n_cells))
    cells[:, used] = drawn.astype(float) @ groups.astype(float)
    return cells
