"""Copies of a row: 70 % of KDD99's records have one. Training weighs them, scoring asks once for all of them."""

import numpy as np

from src.data.duplicates import vector_ids
from src.data.layout import ModelInput, Windows


def merge_copies(X: ModelInput, y: np.ndarray, most: int) -> tuple[ModelInput, np.ndarray, np.ndarray]:
    """Rows that are equal, class included, as few rows that weigh as much: the same expected gradient for less work.

    A row that occurs a thousand times would, as a single row of weight 1000, throw every batch it is in; so a row
    stands for at most `most` copies, and all its rows weigh the same.

    Args:
        X: float32, shape (n, k), or Windows, shape (n, w, k).
        y: int32, shape (n,).
        most: Copies that one row may stand for; 1 leaves everything as it is.
    Returns:
        X, m of its rows; y, int32, shape (m,); weights, float32, shape (m,), that are 1 on average.
    """
    if most == 1:
        return X, y, np.ones(len(X), dtype=np.float32)
    first, _, count = distinct(X, y)
    rows = -(-count // most)
    kept = np.repeat(first, rows)
    weight = np.repeat(count / rows, rows)
    return X[kept], y[kept], (weight / weight.mean()).astype(np.float32)


def distinct(X: ModelInput, y: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The distinct rows of X, or those of X and y together.

    Should the hashes of two of them be equal, every row counts as one of its own.

    Args:
        X: float32, shape (n, k), or Windows, shape (n, w, k).
        y: int32, shape (n,).
    Returns:
        Where each of the m distinct rows first stands, int64, shape (m,); which of them each row is, int64, shape (n,);
        and how often there is each, int64, shape (m,).
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
    """An id below n for each window, int64, shape (n,); equal windows, and only those, have equal ids."""
    _, kind, _ = distinct(X.rows)
    ids = np.zeros(len(X), dtype=np.int64)
    for place in X.places.T:  # the windows up to one step, numbered, and the next step: below n m, so it fits
        _, ids = np.unique(ids * len(X.rows) + kind[place], return_inverse=True)
    return ids
