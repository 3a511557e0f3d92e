"""Made-up records without a fault, which tests plant faults in."""

from dataclasses import replace
from typing import Any

import numpy as np

from src.data.duplicates import vector_ids
from src.evaluation.audit.findings import Finding
from src.evaluation.audit.records import Records

WORDS = ("tcp", "udp", "(unknown)")
LABELS = ("Benign", "DDoS", "PortScan")
CATEGORIES = {"floods": ["DDoS"], "scans": ["PortScan"]}


def records(part: str, n: int, seed: int) -> Records:
    """Records in random order. No two are equal, and no column decides the label."""
    rng = np.random.default_rng([seed, 53])
    label = rng.choice(3, n, p=[0.6, 0.2, 0.2])
    columns = {
        "proto": rng.choice(2, n, p=[0.7, 0.3]),
        "seconds": (rng.random(n) + 0.2 * (label == 1)).clip(0, 1).astype(np.float32),
        "bytes": np.floor(rng.random(n) * 500 + 100 * (label == 2)).astype(np.float32),
        "loss": rng.random(n).round(2).astype(np.float32),
    }
    return with_columns(
        Records(part, {}, {"proto": WORDS}, label, label, LABELS, CATEGORIES, np.arange(1, n + 1)), columns
    )


def with_columns(old: Records, columns: dict[str, np.ndarray], **changes: Any) -> Records:
    """Records with further or other columns, and the ids of their new vectors."""
    columns = {**old.columns, **columns}
    vectors = vector_ids(np.stack([column.astype(np.float32) for column in columns.values()], axis=1))
    return replace(old, columns=columns, vectors=vectors, **changes)


def take(old: Records, index: np.ndarray) -> Records:
    """Some records of others, in the order of the index, on lines of their own."""
    columns = {name: column[index] for name, column in old.columns.items()}
    line = np.arange(1, len(index) + 1)
    return replace(old, columns=columns, vectors=old.vectors[index], label=old.label[index], line=line)


def by_check(findings: list[Finding]) -> dict[tuple[str, str], Finding]:
    """Findings by check and part."""
    return {(one.check, one.part): one for one in findings}
