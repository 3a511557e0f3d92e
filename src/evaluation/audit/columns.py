"""Columns that say nothing, repeat another, or name single records; and missing values."""

from collections.abc import Mapping

import numpy as np

from src.evaluation.audit.findings import Details, Finding, listed, share, worst
from src.evaluation.audit.limits import FEW_RECORDS, LIMITS
from src.evaluation.audit.records import Records


def constant(part: str, columns: Mapping[str, np.ndarray]) -> Finding:
    """Find the columns with one value in all records of a file."""
    found = [name for name, column in columns.items() if len(column) and (column == column[0]).all()]
    text = f"{len(found)} of {len(columns)} columns with one value in all records{_named(found)}."
    return Finding(
        "constant", part, LIMITS["constant"].level(len(found)), text, {"columns": len(columns), "constant": len(found)}
    )


def follows(columns: Mapping[str, np.ndarray]) -> list[tuple[str, str]]:
    """Find pairs of columns: the first has the same value wherever the second has.

    Columns with one value in nearly all records are left out, as chance decides about the others. So are second columns
    with most values once: all columns follow from a number of the record.
    """
    found = []
    codes = {name: np.unique(column, return_inverse=True)[1] for name, column in columns.items()}
    codes = {name: code for name, code in codes.items() if len(code) - np.bincount(code).max() >= FEW_RECORDS}
    for source, code in codes.items():
        order = np.argsort(code, kind="stable")
        same = np.diff(code[order]) == 0
        if same.sum() * 2 < len(code):
            continue
        for name, other in codes.items():
            if name != source and not (np.diff(other[order]) != 0)[same].any():
                found.append((name, source))
    return found


def redundant(records: Records) -> Finding:
    """Find the columns that follow from another column in every record of a file."""
    distinct = np.unique(records.vectors, return_index=True)[1]
    pairs = follows({name: column[distinct] for name, column in records.columns.items()})
    names = list(dict.fromkeys(name for name, _ in pairs))
    text = f"{len(names)} of {len(records.columns)} columns that follow from another{_named(names)}."
    both = {pair for pair in pairs if pair[::-1] in pairs}
    rows = [(name, source, "yes" if (name, source) in both else "no") for name, source in pairs]
    return Finding(
        "redundant",
        records.part,
        LIMITS["redundant"].level(len(names)),
        text,
        {"columns": len(records.columns), "redundant": len(names)},
        Details(("column", "follows from", "and the other way round"), rows) if rows else None,
    )


def distinct_share(column: np.ndarray) -> float:
    """Number of distinct values, as a share of the records without the most frequent value; 0 where these are few.

    >>> distinct_share(np.r_[np.zeros(100), np.arange(1, 101)]), distinct_share(np.zeros(200))
    (1.0, 0.0)
    """
    counts = np.unique(column, return_counts=True)[1]
    others = len(column) - int(counts.max())
    return (len(counts) - 1) / others if others >= max(100, len(column) // 100) else 0.0


def identifiers(records: Records) -> Finding:
    """Find whole numbers and words that name records: nearly every value occurs once.

    Numbers with fractions are left out: measurements seldom repeat.
    """
    shares = {
        name: distinct_share(column)
        for name, column in records.columns.items()
        if name in records.words or (np.mod(column, 1) == 0).all()
    }
    limit = LIMITS["identifiers"]
    found = {name: one for name, one in shares.items() if limit.level(one) != "green"}
    of = f"{len(found)} of {len(shares)} columns of words or whole numbers"
    text = f"{of} with values that name records{_named(list(found))}."
    rows = [(name, one, limit.level(one)) for name, one in sorted(found.items(), key=lambda item: -item[1])]
    return Finding(
        "identifiers",
        records.part,
        worst(limit.level(one) for one in shares.values()),
        text,
        {"columns": len(shares), "identifiers": len(found)},
        Details(("column", "distinct values beside the most frequent one", "level"), rows) if rows else None,
    )


def missing(part: str, n: int, counts: Mapping[str, int]) -> Finding:
    """Give the missing values of each column.

    Args:
        n: Number of records.
        counts: Number of missing values by column.
    """
    limit, found = LIMITS["missing"], {name: count for name, count in counts.items() if count}
    text = f"{len(found)} columns with missing values{_named(list(found))}."
    if found:
        worst_name = max(found, key=lambda name: found[name])
        text += f" Most: {worst_name}, {share(found[worst_name], n)}."
    rows = [(name, count, count / n, limit.level(count / n)) for name, count in found.items()]
    return Finding(
        "missing",
        part,
        worst(limit.level(count / n) for count in found.values()),
        text,
        {"records": n, "columns_missing": len(found), "values_missing": sum(found.values())},
        Details(("column", "missing", "share", "level"), rows) if rows else None,
    )


def _named(names: list[str]) -> str:
    return f": {listed(names)}" if names else ""
