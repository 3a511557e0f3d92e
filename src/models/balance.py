"""Weights that let rare classes, and rare attack types within a class, count for more in training."""

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
        power: 1 gives every type of a class the same sum: that of the class as it was.
    Returns:
        float32, shape (n,), that are 1 on average.

    >>> balance_types(np.ones(4, dtype=np.float32), np.array([0, 0, 0, 0]), np.array([0, 0, 0, 1]), 1.0).tolist()
    [0.6666666865348816, 0.6666666865348816, 0.6666666865348816, 2.0]
    """
    share = np.bincount(kind, weight)[kind] / np.bincount(y, weight)[y]
    balanced = weight * share**-power
    return (balanced / balanced.mean()).astype(np.float32)
