"""Copies of records within a file, and records that training and test share."""

import numpy as np

from src.data.duplicates import overlap
from src.evaluation.audit.findings import Finding, share
from src.evaluation.audit.limits import LIMITS
from src.evaluation.audit.records import Records, row_ids


def copies(part: str, vectors: np.ndarray, label: np.ndarray) -> Finding:
    """Count the records of a file that are copies of another; the level is that of feature vectors.

    Args:
        vectors: Ids of the feature vectors, uint64, shape (n,).
        label: Attack type of each record, int, shape (n,).
    """
    counts = np.unique(vectors, return_counts=True)[1]
    n, distinct, largest = len(vectors), len(counts), int(counts.max())
    of_rows = len(np.unique(row_ids(vectors, label)))
    numbers = {
        "records": n,
        "distinct_vectors": distinct,
        "distinct_rows": of_rows,
        "copies_share": (n - distinct) / n,
        "largest_group": largest,
    }
    text = (
        f"{share(n - distinct, n)} have a feature vector that an earlier record has; with the label, "
        f"{share(n - of_rows, n)}. The most frequent vector has {largest:,} records."
    )
    return Finding("copies", part, LIMITS["copies"].level((n - distinct) / n), text, numbers)


def shared(
    part: str,
    train_vectors: np.ndarray,
    train_label: np.ndarray,
    vectors: np.ndarray,
    label: np.ndarray,
    place: str = "training file",
) -> Finding:
    """Count the records of a test that training has too; the level is that of feature vectors.

    Three counts: equal feature vectors, equal vectors with the same verdict, and whole rows, which have the same attack
    type too.

    Args:
        train_vectors: Ids of the feature vectors of training, uint64, shape (m,).
        train_label: Attack type of each training record, int, shape (m,).
        vectors: Ids of the feature vectors of the test, uint64, shape (n,).
        label: Attack type of each test record, int, shape (n,).
        place: Name of the training part in words.
    """
    seen = overlap(train_vectors, vectors)
    verdicts, rows = (
        overlap(row_ids(train_vectors, one), row_ids(vectors, other))
        for one, other in ((train_label != 0, label != 0), (train_label, label))
    )
    n = len(label)
    counts = [round(one * n) for one in (seen, verdicts, rows)]
    numbers = {
        "records": n,
        "vectors_seen": counts[0],
        "verdicts_seen": counts[1],
        "rows_seen": counts[2],
        "share_seen_in_training": seen,
    }
    text = (
        f"{share(counts[0], n)} have a feature vector of the {place}; with the same verdict, {counts[1]:,}; "
        f"whole rows with the same attack type, {share(counts[2], n)}."
    )
    return Finding("shared", part, LIMITS["shared"].level(seen), text, numbers)


def copies_in(records: Records) -> Finding:
    """Count the copies within one file."""
    return copies(records.part, records.vectors, records.label)


def shared_with(train: Records, test: Records) -> Finding:
    """Count the records of a test file that the training file has too."""
    return shared(test.part, train.vectors, train.label, test.vectors, test.label)
