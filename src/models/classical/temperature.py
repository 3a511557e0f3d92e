"""Probabilities from decision values, by temperature scaling."""

import numpy as np
from scipy.special import softmax

# Largest factor on decision values; without a limit it grows to infinity where no record is misclassified.
SHARPEST = 100.0


def sharpness(decision: np.ndarray, labels: np.ndarray, weight: np.ndarray) -> float:
    """Fit the factor t for which softmax(t d) gives the true classes the largest likelihood.

    t lies between 1 / SHARPEST and SHARPEST.

    Args:
        decision: Decision values d, shape (n, classes).
        labels: Index of the true class, int64, shape (n,).
        weight: Number of occurrences of each row, shape (n,).
    Reference:
        Guo et al. 2017, arXiv:1706.04599: 1 / t is their temperature.
    """
    of_true_class = np.take_along_axis(decision, labels[:, None], axis=1)[:, 0]
    low, high = -np.log(SHARPEST), np.log(SHARPEST)
    for _ in range(40):  # the log-likelihood is concave in t: its slope falls from plus to minus
        middle = (low + high) / 2
        expected = (softmax(np.exp(middle) * decision, axis=1) * decision).sum(axis=1)
        if weight @ (of_true_class - expected) > 0:
            low = middle
        else:
            high = middle
    return float(np.exp((low + high) / 2))
