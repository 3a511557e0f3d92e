"""Probabilities of decision values that have no scale of their own."""

import numpy as np
from scipy.special import softmax

# What decision values are multiplied by lies between, also where the classes are told apart without a mistake.
SHARPEST = 100.0


def sharpness(decision: np.ndarray, labels: np.ndarray, weight: np.ndarray) -> float:
    """The t, at most `SHARPEST` and at least its inverse, that makes softmax(t d) of the right classes most likely.

    Args:
        decision: d, shape (n, classes).
        labels: Place of the right class, int64, shape (n,).
        weight: How often there is each, shape (n,).
    Reference:
        Guo et al. 2017, arXiv:1706.04599: 1 / t is their temperature.
    """
    right = np.take_along_axis(decision, labels[:, None], axis=1)[:, 0]
    low, high = -np.log(SHARPEST), np.log(SHARPEST)
    for _ in range(40):  # the likelihood is concave in t: its slope falls from plus to minus
        middle = (low + high) / 2
        expected = (softmax(np.exp(middle) * decision, axis=1) * decision).sum(axis=1)
        if weight @ (right - expected) > 0:
            low = middle
        else:
            high = middle
    return float(np.exp((low + high) / 2))
