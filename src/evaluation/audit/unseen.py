"""Values and labels of a test that training lacks."""

import numpy as np

from src.evaluation.audit.findings import Details, Finding, listed, share
from src.evaluation.audit.limits import LIMITS
from src.evaluation.audit.records import UNKNOWN, Records


def outside(train: Records, test: Records) -> Finding:
    """Count the test records with a word that training lacks, or a number beyond its range, by column."""
    n, anywhere, rows = len(test), np.zeros(len(test), dtype=bool), []
    words_new = 0
    for name, column in test.columns.items():
        known = train.columns[name]
        if name in test.words:
            new = ~np.isin(column, known) | (column == test.words[name].index(UNKNOWN))
            different = len(np.unique(column[new]))
            if unknown := test.unknown.get(name):
                different += len(unknown) - 1
            found = f"{different} {'word' if different == 1 else 'words'}"
            words_new += int(new.sum())
        else:
            low, high = known.min(), known.max()
            new = (column < low) | (column > high)
            found = f"training: {low:g} to {high:g}; test: {column.min():g} to {column.max():g}"
        anywhere |= new
        if new.any():
            rows.append((name, int(new.sum()), float(new.mean()), found))
    rows.sort(key=lambda row: -row[1])
    count = int(anywhere.sum())
    names = listed([row[0] for row in rows])
    text = (
        f"{share(count, n)} have a word or a number that training lacks, in {len(rows)} of "
        f"{len(test.columns)} columns{f': {names}' if rows else ''}."
    )
    numbers = {"records": n, "outside": count, "columns_outside": len(rows), "words_unseen": words_new}
    details = Details(("column", "records", "share", "found"), rows) if rows else None
    return Finding("outside", test.part, LIMITS["outside"].level(count / n), text, numbers, details)


def new_types(part: str, train_label: np.ndarray, label: np.ndarray, labels: tuple[str, ...]) -> Finding:
    """Count the test records with a label that training lacks.

    Args:
        train_label: Attack type of each training record, int, shape (m,).
        label: Attack type of each test record, int, shape (n,).
        labels: Names of the attack types.
    """
    known = np.bincount(train_label, minlength=len(labels)) > 0
    counts = np.bincount(label, minlength=len(labels))
    new = [index for index in np.argsort(-counts, kind="stable").tolist() if counts[index] and not known[index]]
    only_train = [name for name, one, other in zip(labels, known, counts, strict=True) if one and not other]
    n, count = len(label), int(counts[new].sum())
    text = (
        f"{share(count, n)} have one of {len(new)} labels that training lacks"
        f"{f': {listed([labels[index] for index in new])}' if new else ''}. "
        f"{len(only_train)} labels are in training alone."
    )
    rows = [(labels[index], int(counts[index]), float(counts[index] / n)) for index in new]
    numbers = {"records": n, "new_labels": len(new), "records_new_labels": count, "labels_lost": len(only_train)}
    details = Details(("label", "records", "share"), rows) if rows else None
    return Finding("new_labels", part, LIMITS["new_labels"].level(count / n), text, numbers, details)
