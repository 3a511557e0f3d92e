"""Groups of feature vectors with equal records: a bootstrap draws few groups instead of many vectors."""

import numpy as np
import pandas as pd


def interchangeable(vectors: np.ndarray, cell: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Group the vectors that have the same number of records in each cell.

    Args:
        vectors: Ids of the feature vectors, uint64, shape (n,).
        cell: Cell of each record, such as its class and verdict as one number, from 0, int64, shape (n,).
    Returns:
        Number of vectors in each group, and for each record the group that its vector stands for: one vector stands for
        each group, the records of the others have -1. int64, shapes (groups,) and (n,).
    """
    keys = np.random.default_rng(4).integers(0, 2**63, size=int(cell.max()) + 1).astype(np.uint64)
    # by hash, as a sort of all records takes longer; only the distinct ids are sorted
    vector, distinct = pd.factorize(vectors, sort=True)
    # a sum of random keys, one for each record of a vector: equal sums are equal counts
    sums = np.zeros(len(distinct), dtype=np.uint64)
    np.add.at(sums, vector, keys[cell])
    _, first, sizes = np.unique(sums, return_index=True, return_counts=True)
    group_of_vector = np.full(len(distinct), -1)
    group_of_vector[first] = np.arange(len(first))
    return sizes, group_of_vector[vector]
