"""Weight of evidence: what a value of an input says for an attack and against normal traffic."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Evidence:
    """For each of k inputs its bins, and the weight of each: ln(P(bin | attack) / P(bin | normal)).

    Attributes:
        edges: Of each input, ascending, all exact in float32; a value on an edge is in the bin above it.
        weights: Of each input, in nats, one more than edges.
    Reference:
        Good 1985, "Weight of evidence: a brief survey", Bayesian Statistics 2, 249-270.
    """

    edges: list[list[float]]
    weights: list[list[float]]

    def recode(self, X: np.ndarray) -> np.ndarray:
        """The weights of the bins that the values are in, float32, shape (n, k), of X, float32, shape (n, k)."""
        columns = [
            np.array(weights, dtype=np.float32)[np.searchsorted(np.array(edges, dtype=np.float32), x, side="right")]
            for edges, weights, x in zip(self.edges, self.weights, X.T, strict=True)
        ]
        return np.stack(columns, axis=1)


def fit_evidence(X: np.ndarray, attack: np.ndarray, bins: int, smoothing: float) -> Evidence:
    """Bins of about as many records each, and what each says for an attack.

    An input with no more values than bins has a bin for each. Else a value goes to the bin of its middle rank, so that
    all records of one value are together, and a value that makes up two bins or more is alone in one.

    P(bin | attack) = (attacks in the bin + smoothing) / (attacks + smoothing * bins), for normal traffic likewise: a
    bin of one kind alone, or without any, has a finite weight, and an input of one bin has 0.

    Args:
        X: float32, shape (n, k), n of 1 or more.
        attack: bool, shape (n,).
        bins: At most so many bins of an input.
        smoothing: Records added to each bin of each kind, above 0.
    """
    evidence = Evidence([], [])
    for x in X.T:
        edges = _edges(x, bins)
        place = np.searchsorted(edges, x, side="right")
        counts = np.stack([np.bincount(place[kind], minlength=len(edges) + 1) for kind in (attack, ~attack)])
        share = (counts + smoothing) / (counts + smoothing).sum(axis=1, keepdims=True)
        evidence.edges.append(edges.tolist())
        evidence.weights.append(np.log(share[0] / share[1]).astype(np.float32).tolist())
    return evidence


def _edges(x: np.ndarray, bins: int) -> np.ndarray:
    """Between the values of bins that stand next to each other: float32, ascending, shape (bins found - 1,)."""
    values, count = np.unique(x, return_counts=True)
    place = np.arange(len(values))
    if len(values) > bins:
        place = ((np.cumsum(count) - count / 2) / len(x) * bins).astype(np.int64)
    first = np.flatnonzero(np.diff(place)) + 1
    low, high = values[first - 1], values[first]
    middle = ((low.astype(np.float64) + high) / 2).astype(np.float32)
    return np.where(middle > low, middle, high)  # of two floats without one between, the middle may be the lower
