"""Weight of evidence: log-likelihood ratio of attack and normal traffic for the value of an input."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Evidence:
    """Bins of each of k inputs, and the weight of each bin: ln(P(bin | attack) / P(bin | normal)).

    Attributes:
        edges: Ascending edges of each input, all exact in float32; a value on an edge is in the bin above it.
        weights: Weights of the bins of each input, in nats, one more than edges.
    Reference:
        Good 1985, "Weight of evidence: a brief survey", Bayesian Statistics 2, 249-270.
    """

    edges: list[list[float]]
    weights: list[list[float]]

    def recode(self, X: np.ndarray) -> np.ndarray:
        """Replace each value of X, float32, shape (n, k), by the weight of its bin: float32, shape (n, k)."""
        columns = [
            np.array(weights, dtype=np.float32)[np.searchsorted(np.array(edges, dtype=np.float32), x, side="right")]
            for edges, weights, x in zip(self.edges, self.weights, X.T, strict=True)
        ]
        return np.stack(columns, axis=1)


def fit_evidence(X: np.ndarray, attack: np.ndarray, bins: int, smoothing: float) -> Evidence:
    """Fit bins with about the same number of records each, and the weight of each bin.

    An input with at most `bins` values has a bin for each value. Otherwise the middle rank of a value chooses its bin.
    So all records of a value are in one bin. A value with the records of two bins or more has a bin to itself.

    P(bin | attack) = (attacks in the bin + smoothing) / (attacks + smoothing * bins), and likewise for normal traffic.
    So a bin without attacks, or without normal traffic, has a finite weight. The weight of a single bin is 0.

    Args:
        X: Inputs, float32, shape (n, k), n >= 1.
        attack: True for attacks, bool, shape (n,).
        bins: Upper bound on the bins of an input.
        smoothing: Number of records added to each bin for attacks and for normal traffic, above 0.
    """
    evidence = Evidence([], [])
    for x in X.T:
        edges = _edges(x, bins)
        bin_of_row = np.searchsorted(edges, x, side="right")
        counts = np.stack([np.bincount(bin_of_row[rows], minlength=len(edges) + 1) for rows in (attack, ~attack)])
        share = (counts + smoothing) / (counts + smoothing).sum(axis=1, keepdims=True)
        evidence.edges.append(edges.tolist())
        evidence.weights.append(np.log(share[0] / share[1]).astype(np.float32).tolist())
    return evidence


def _edges(x: np.ndarray, bins: int) -> np.ndarray:
    """Compute the edges between neighboring bins, float32, ascending, one fewer than bins."""
    values, count = np.unique(x, return_counts=True)
    bin_of_value = np.arange(len(values))
    if len(values) > bins:
        bin_of_value = ((np.cumsum(count) - count / 2) / len(x) * bins).astype(np.int64)
    first = np.flatnonzero(np.diff(bin_of_value)) + 1
    low, high = values[first - 1], values[first]
    middle = ((low.astype(np.float64) + high) / 2).astype(np.float32)
    return np.where(middle > low, middle, high)  # the middle of two neighboring floats may be rounded to the lower
