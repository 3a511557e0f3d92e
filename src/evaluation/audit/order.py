"""Order of the lines of a file, and of what a split makes of it."""

from collections.abc import Mapping

import numpy as np

from src.evaluation.audit.findings import Finding, share
from src.evaluation.audit.limits import LIMITS, SHUFFLED_RUNS


def label_runs(label: np.ndarray) -> tuple[int, float]:
    """Number of runs of equal labels in file order, and the number to expect if the file were shuffled.

    A neighbor in a shuffled file has the same label with probability sum n_i (n_i - 1) / n (n - 1).

    >>> label_runs(np.array([0, 0, 1, 1]))
    (2, 3.0)
    """
    n, counts = len(label), np.unique(label, return_counts=True)[1].astype(float)
    same = (counts * (counts - 1)).sum() / (n * (n - 1)) if n > 1 else 1.0
    return int((np.diff(label) != 0).sum()) + 1, float(1 + (n - 1) * (1 - same))


def looks_ordered(label: np.ndarray) -> bool:
    """Tell whether labels come in longer runs than in a shuffled file."""
    runs, expected = label_runs(label)
    return runs <= SHUFFLED_RUNS * expected


def order(part: str, label: np.ndarray, *, declared: bool) -> Finding:
    """Compare the runs of labels in file order with those of a shuffled file, and with what the data set says.

    Args:
        label: Attack type of each record in file order, int, shape (n,).
        declared: True if the data set says that its lines are in the order of the traffic.
    """
    runs, expected = label_runs(label)
    n, ordered = len(label), looks_ordered(label)
    says = f"dataset.ordered={str(declared).lower()}"
    if ordered == declared:
        meaning = f"{says} agrees"
    elif declared:
        meaning = f"that is as in a shuffled file, but {says}: layouts of previous records may read noise"
    else:
        meaning = f"the lines are in some order, though {says}: a split at random puts neighbors into different parts"
    text = f"{runs:,} runs of equal labels in {n:,} lines; a shuffled file would have {expected:,.0f}: {meaning}."
    numbers = {"records": float(n), "label_runs": runs, "expected_runs": expected, "runs_ratio": runs / expected}
    return Finding("order", part, "green" if ordered == declared else "yellow", text, numbers)


def sorted_columns(part: str, columns: Mapping[str, np.ndarray]) -> Finding:
    """Find number columns that never fall, or never rise, through a file: times and numbers of records."""
    found = [
        name
        for name, column in columns.items()
        if len(np.unique(column[:: max(1, len(column) // 1000)])) > 10
        and ((steps := np.diff(column)) >= 0).all() | (steps <= 0).all()
    ]
    names = f": {', '.join(found)}" if found else ""
    text = f"{len(found)} columns that never fall or never rise through the file{names}."
    return Finding("sorted", part, "red" if found else "green", text, {"sorted_columns": len(found)})


def neighbors(train_line: np.ndarray, test_line: np.ndarray, *, ordered: bool) -> Finding:
    """Count the test records of a split whose line before or after is in training.

    Args:
        train_line: Lines of the training part in the file, int, shape (m,).
        test_line: Lines of the test part in the same file, int, shape (n,).
        ordered: True if the lines of the file are in some order.
    """
    n = len(test_line)
    count = int((np.isin(test_line - 1, train_line) | np.isin(test_line + 1, train_line)).sum())
    level = LIMITS["neighbors"].level(count / n) if ordered else "green"
    why = "" if ordered else ", but the file looks shuffled, so that says nothing"
    text = f"{share(count, n)} of the split's test are beside a training record in the file{why}."
    return Finding("neighbors", "split", level, text, {"records": n, "beside_training": count})
