"""Finds duplicate records by an id for each feature vector."""

import numpy as np


def vector_ids(X: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
    """Compute an id for each feature vector; equal vectors have equal ids.

    Args:
        X: Feature vectors, float32, shape (n, d).
        rows: Rows of X to use, int64, shape (m,); None uses all.
    Returns:
        Ids, uint64, shape (n,) or (m,). The chance that any two unequal vectors share an id is about n^2 / 2^49, as the
        low bits of most values are 0. Such a collision does little harm. Splitting would put the two vectors into one
        part, and `split.distinct` would drop one of two training records.
    """
    rng = np.random.default_rng(53)  # any fixed odd multipliers do; Dietzfelbinger et al. 1997, multilinear hashing
    multipliers = np.asarray(rng.integers(0, 2**63, size=X.shape[1]), dtype=np.uint64) * 2 + 1
    ids = np.zeros(len(X) if rows is None else len(rows), dtype=np.uint64)
    for column in range(X.shape[1]):
        values = X[:, column] if rows is None else X[rows, column]
        bits = (np.ascontiguousarray(values) + np.float32(0)).view(np.uint32)  # + 0 turns -0 into 0
        ids += bits * multipliers[column]
    return ids


def overlap(train: np.ndarray, test: np.ndarray) -> float:
    """Share of the ids in `test` that also occur in `train`, 0 to 1."""
    return float(np.isin(test, train).mean()) if len(test) else 0.0
