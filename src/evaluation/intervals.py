"""How sure a score is: over seeds, and over the test records."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from src.evaluation.metrics import scores

INTERVALS = ("accuracy", "f1", "false_alarm_rate", "detection_rate", "mean_cost")


@dataclass(frozen=True)
class Interval:
    """A mean, or another estimate, with a 95 % interval."""

    mean: float
    low: float
    high: float


def student(values: Sequence[float] | np.ndarray) -> Interval:
    """Mean of two values or more and Student's interval of it: of the scores of several seeds, say.

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
    """Intervals of the test metrics over test parts that might have been: the percentiles of resampled ones.

    What is drawn, with replacement, is a feature vector with all its records: copies are no further evidence.

    Args:
        vectors: Ids of the feature vectors, uint64, shape (n,).
        predicted: Verdicts, int64, shape (n,).
        target: int32, shape (n,).
        cost: `cost[actual][predicted]`.
    """
    cells = resampled(vectors, predicted * n_classes + target, n_classes**2, resamples=resamples, seed=seed)
    drawn = scores(cells.reshape(resamples, n_classes, n_classes), cost)
    return {name: percentiles(values) for name, values in drawn.items() if name in INTERVALS}


def percentiles(values: np.ndarray) -> Interval:
    """Mean and middle 95 % of resampled values, shape (resamples,)."""
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(float(np.mean(values)), float(low), float(high))


def resampled(vectors: np.ndarray, cell: np.ndarray, n_cells: int, *, resamples: int, seed: int) -> np.ndarray:
    """Numbers of records in each cell of resampled test parts, float64, shape (resamples, n_cells).

    Vectors that have as many records in each cell are alike, and it is all the same which of them are drawn: how many
    draws go to each kind of vector is multinomial. So kinds are drawn, of which there are few.

    Args:
        vectors: Ids of the feature vectors, uint64, shape (n,).
        cell: What is known of each record, int64, shape (n,), 0 to n_cells - 1.
    """
    _, group = np.unique(vectors, return_inverse=True)
    used, place = np.unique(cell, return_inverse=True)
    n_vectors = int(group.max()) + 1
    records = np.bincount(group * len(used) + place, minlength=n_vectors * len(used)).reshape(n_vectors, len(used))
    kinds, alike = np.unique(records, axis=0, return_counts=True)
    drawn = np.random.default_rng([seed, 2]).multinomial(n_vectors, alike / n_vectors, size=resamples)
    cells = np.zeros((resamples, n_cells))
    cells[:, used] = drawn.astype(float) @ kinds.astype(float)
    return cells
