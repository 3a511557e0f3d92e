"""Shares of the variance of a score that single seeds explain."""

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

REST = "their interactions"


def variance_components(factors: Mapping[str, Sequence[object]], scores: Sequence[float]) -> dict[str, float] | None:
    """Estimate the variance of a score that each factor causes, and that of their interactions.

    The estimates are those of the random-effects analysis of variance with main effects; negative ones become 0.

    Args:
        factors: Value of each factor in every run, such as its seed of the split.
        scores: Score of every run.
    Returns:
        Variance by factor, and by `REST` where two factors or more vary; None unless each combination of the values ran
        exactly once.
    Reference:
        Searle, Casella & McCulloch, 1992, Variance Components, chapter 4.
    """
    values = np.asarray(scores, dtype=float)
    varying = {name: np.unique(list(map(str, one)), return_inverse=True)[1] for name, one in factors.items()}
    varying = {name: levels for name, levels in varying.items() if levels.max(initial=0) > 0}
    counts = {name: int(levels.max()) + 1 for name, levels in varying.items()}
    combinations = set(zip(*(levels.tolist() for levels in varying.values()), strict=True))
    if not varying or len(combinations) != len(values) or prod(counts.values()) != len(values):
        return None
    n, mean = len(values), values.mean()
    squares = {
        name: n / counts[name] * sum((values[levels == at].mean() - mean) ** 2 for at in range(counts[name]))
        for name, levels in varying.items()
    }
    left = n - 1 - sum(count - 1 for count in counts.values())
    rest = max(0.0, float(((values - mean) ** 2).sum() - sum(squares.values()))) / left if left else 0.0
    found = {
        name: max(0.0, float(square / (counts[name] - 1) - rest) * counts[name] / n) for name, square in squares.items()
    }
    return found | ({REST: rest} if left else {})
