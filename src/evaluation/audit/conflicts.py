"""Equal feature vectors with different labels, and the accuracy that they leave to any model of single records."""

import numpy as np

from src.evaluation.audit.findings import Finding, percent, share, worst
from src.evaluation.audit.limits import LIMITS
from src.evaluation.audit.records import row_ids
from src.evaluation.leakage import ceiling


def conflicts(part: str, vectors: np.ndarray, label: np.ndarray) -> Finding:
    """Find equal vectors with different labels within one file, by verdict and by attack type.

    Args:
        vectors: Ids of the feature vectors, uint64, shape (n,).
        label: Attack type of each record, int, shape (n,); 0 is normal traffic.
    """
    n = len(label)
    by_verdict = ceiling(vectors, (label != 0).astype(np.int64), 2)
    names, types = np.unique(label, return_inverse=True)
    by_type = ceiling(vectors, types, len(names))
    numbers = {"records": float(n)}
    for name, bounds in (("verdict", by_verdict), ("type", by_type)):
        numbers |= {
            f"ambiguous_{name}": round(bounds["share_ambiguous"] * n),
            f"ceiling_{name}": bounds["ceiling_accuracy"],
        }
    limit = LIMITS["conflicts"]
    level = worst(limit.level(1 - bounds["ceiling_accuracy"]) for bounds in (by_verdict, by_type))
    text = (
        f"{share(int(numbers['ambiguous_verdict']), n)} have a vector that is both normal and an attack: no "
        f"model of single records exceeds {percent(by_verdict['ceiling_accuracy'])} accuracy. By attack type, "
        f"{share(int(numbers['ambiguous_type']), n)}: {percent(by_type['ceiling_accuracy'])}."
    )
    return Finding("conflicts", part, level, text, numbers)


def contradicted(
    part: str, train_vectors: np.ndarray, train_label: np.ndarray, vectors: np.ndarray, label: np.ndarray
) -> Finding:
    """Count the test records whose vector training has, but only with other labels.

    Args:
        train_vectors: Ids of the feature vectors of training, uint64, shape (m,).
        train_label: Attack type of each training record, int, shape (m,).
        vectors: Ids of the feature vectors of the test, uint64, shape (n,).
        label: Attack type of each test record, int, shape (n,).
    """
    n, seen = len(label), np.isin(vectors, train_vectors)
    counts = {
        name: int((seen & ~np.isin(row_ids(vectors, other), row_ids(train_vectors, one))).sum())
        for name, one, other in (("verdict", train_label != 0, label != 0), ("type", train_label, label))
    }
    text = (
        f"{share(counts['verdict'], n)} have a vector that training has only with the other verdict, and "
        f"{share(counts['type'], n)} one that it has only with other attack types."
    )
    numbers = {"records": float(n), **{f"contradicted_{name}": float(count) for name, count in counts.items()}}
    level = worst(LIMITS["conflicts"].level(count / n) for count in counts.values())
    return Finding("contradicted", part, level, text, numbers)
