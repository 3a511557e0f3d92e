"""Which rows are trained, and weights that let rare classes, and rare attack types within one, count for more."""

import numpy as np


def balance(weight: np.ndarray, y: np.ndarray, power: float) -> np.ndarray:
    """Weights of rows, times the records of each one's class to the power of `-power`.

    Args:
        weight: float32, shape (n,): the records that each row stands for, up to a factor.
        y: int32, shape (n,): classes.
        power: 0 leaves the weights as they are; 1 gives every class the same sum.
    Returns:
        float32, shape (n,), that are 1 on average.

    >>> balance(np.ones(4, dtype=np.float32), np.array([0, 0, 0, 1]), 1.0).tolist()
    [0.6666666865348816, 0.6666666865348816, 0.6666666865348816, 2.0]
    """
    if not power:
        return weight
    records = np.bincount(y, weight)
    balanced = weight * records[y] ** -power
    return (balanced / balanced.mean()).astype(np.float32)


def balance_types(weight: np.ndarray, y: np.ndarray, kind: np.ndarray, power: float) -> np.ndarray:
    """Weights of rows, times the share of each one's attack type in its class to the power of `-power`.

    Args:
        weight: float32, shape (n,): the records that each row stands for, up to a factor for each class.
        y: int32, shape (n,): classes.
        kind: int32, shape (n,): attack types, none of them in two classes.
        power: 0 leaves the weights as they are; 1 gives every type of a class the same sum: that of the class before.
    Returns:
        float32, shape (n,), that are 1 on average.

    >>> balance_types(np.ones(4, dtype=np.float32), np.array([0, 0, 0, 0]), np.array([0, 0, 0, 1]), 1.0).tolist()
    [0.6666666865348816, 0.6666666865348816, 0.6666666865348816, 2.0]
    """
    if not power:
        return weight
    share = np.bincount(kind, weight)[kind] / np.bincount(y, weight)[y]
    balanced = weight * share**-power
    return (balanced / balanced.mean()).astype(np.float32)


def limit_types(kind: np.ndarray, limit: int, seed: int) -> np.ndarray:
    """Places of at most so many rows of each attack type, drawn at random: int64, ascending.

    Args:
        kind: int32, shape (n,): attack types.

    >>> limit_types(np.array([7, 7, 7, 3, 7]), 2, seed=0).tolist()
    [1, 2, 3]
    """
    rng = np.random.default_rng([seed, 4])
    shuffled = rng.permutation(len(kind))
    order = shuffled[np.argsort(kind[shuffled], kind="stable")]
    ordered = kind[order]
    rank = np.arange(len(kind)) - np.searchsorted(ordered, ordered)  # of a row among those of its type
    return np.sort(order[rank < limit])
