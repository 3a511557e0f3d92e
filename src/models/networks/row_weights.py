"""Choice and weights of training rows: rare classes, and rare attack types within a class, can weigh more."""

import numpy as np


def balance(weight: np.ndarray, y: np.ndarray, power: float) -> np.ndarray:
    """Multiply the weights of rows by (records of their class) ** -power.

    Args:
        weight: Records that each row represents, up to a factor, float32, shape (n,).
        y: Classes, int32, shape (n,).
        power: Exponent: 0 changes nothing, 1 gives every class the same sum.
    Returns:
        Weights, float32, shape (n,), with mean 1.

    >>> balance(np.ones(4, dtype=np.float32), np.array([0, 0, 0, 1]), 1.0).tolist()
    [0.6666666865348816, 0.6666666865348816, 0.6666666865348816, 2.0]
    """
    if not power:
        return weight
    records = np.bincount(y, weight)
    balanced = weight * records[y] ** -power
    return (balanced / balanced.mean()).astype(np.float32)


def balance_types(weight: np.ndarray, y: np.ndarray, attack_type: np.ndarray, power: float) -> np.ndarray:
    """Multiply the weights of rows by (share of their attack type in its class) ** -power.

    Args:
        weight: Records that each row represents, up to a factor for each class, float32, shape (n,).
        y: Classes, int32, shape (n,).
        attack_type: Attack types, int32, shape (n,); a type belongs to one class.
        power: Exponent: 0 changes nothing, 1 gives every type the sum that its class had.
    Returns:
        Weights, float32, shape (n,), with mean 1.

    >>> balance_types(np.ones(4, dtype=np.float32), np.array([0, 0, 0, 0]), np.array([0, 0, 0, 1]), 1.0).tolist()
    [0.6666666865348816, 0.6666666865348816, 0.6666666865348816, 2.0]
    """
    if not power:
        return weight
    share = np.bincount(attack_type, weight)[attack_type] / np.bincount(y, weight)[y]
    balanced = weight * share**-power
    return (balanced / balanced.mean()).astype(np.float32)


def limit_types(attack_type: np.ndarray, limit: int, seed: int) -> np.ndarray:
    """Draw at most `limit` rows of each attack type at random.

    Args:
        attack_type: Attack types, int32, shape (n,).
        limit: Upper bound on the rows of each type.
        seed: Seed of the draw.
    Returns:
        Indices of the drawn rows, int64, ascending.

    >>> limit_types(np.array([7, 7, 7, 3, 7]), 2, seed=0).tolist()
    [1, 2, 3]
    """
    rng = np.random.default_rng([seed, 4])
    shuffled = rng.permutation(len(attack_type))
    order = shuffled[np.argsort(attack_type[shuffled], kind="stable")]
    ordered = attack_type[order]
    rank = np.arange(len(attack_type)) - np.searchsorted(ordered, ordered)  # rank of a row among those of its type
    return np.sort(order[rank < limit])
