"""Duplicate rows, which are 70 % of KDD99: merged into weights in training, scored once."""

import numpy as np

from src.data.duplicates import vector_ids
from src.data.layout import ModelInput, Windows


def merge_copies(X: ModelInput, y: np.ndarray, most: int) -> tuple[ModelInput, np.ndarray, np.ndarray]:
    """Merge duplicate rows (same features and class) into fewer, heavier rows; the expected gradient is unchanged.

    A single row of weight 1000 would dominate every batch it is in. So a row replaces at most `most` copies, and the
    rows that replace the same copies have equal weights.

    Args:
        X: Features, float32, shape (n, k), or Windows, shape (n, w, k).
        y: Classes, int32, shape (n,).
        most: Upper bound on the copies that one row replaces; 1 merges none.
    Returns:
        Features and classes of the m rows that are left, and their weights, float32, shape (m,), with mean 1.
    """
    if most == 1:
        return X, y, np.ones(len(X), dtype=np.float32)
    first, _, count = distinct(X, y)
    rows = -(-count // most)
    kept = np.repeat(first, rows)
    weight = np.repeat(count / rows, rows)
    return X[kept], y[kept], (weight / weight.mean()).astype(np.float32)


def distinct(X: ModelInput, y: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the distinct rows of X, or of X and y together.

    If two different rows have the same hash, no rows are merged.

    Args:
        X: Features, float32, shape (n, k), or Windows, shape (n, w, k).
        y: Classes, int32, shape (n,); None compares the features alone.
    Returns:
        Index in X of the first occurrence of each of the m distinct rows, int64, shape (m,).
        Index among the distinct rows of each row, int64, shape (n,).
        Number of occurrences of each distinct row, int64, shape (m,).
    """
    if isinstance(X, Windows):
        ids = _window_ids(X)
        if y is not None:
            ids = ids * (int(y.max(initial=0)) + 1) + y
        _, first, row, count = np.unique(ids, return_index=True, return_inverse=True, return_counts=True)
        return first, row, count
    rows = X if y is None else np.column_stack([X, y.astype(np.float32)])
    _, first, row, count = np.unique(vector_ids(rows), return_index=True, return_inverse=True, return_counts=True)
    if not np.array_equal(rows[first][row], rows):
        return np.arange(len(X)), np.arange(len(X)), np.ones(len(X), dtype=np.int64)
    return first, row, count


def _window_ids(X: Windows) -> np.ndarray:
    """Ids of the windows, int64, shape (n,), each below n; equal for equal windows, and for no others."""
    _, row_ids, _ = distinct(X.rows)
    ids = np.zeros(len(X), dtype=np.int64)
    for step in X.places.T:  # ids of the windows up to this step; the product is below n * m, so int64 holds it
        _, ids = np.unique(ids * len(X.rows) + row_ids[step], return_inverse=True)
    return ids
