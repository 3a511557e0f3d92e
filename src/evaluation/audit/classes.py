"""Number of records of each attack type and category."""

from collections.abc import Mapping, Sequence

import numpy as np

from src.evaluation.audit.findings import Details, Finding, Level, Value, listed
from src.evaluation.audit.limits import FEW_RECORDS

NORMAL = "normal traffic"


def classes(
    part: str,
    vectors: np.ndarray,
    label: np.ndarray,
    labels: Sequence[str],
    categories: Mapping[str, Sequence[str]],
) -> Finding:
    """Count records and distinct records of each attack type and category.

    A category with few is red, as it is a class of tasks; an attack type with few is yellow.

    Args:
        vectors: Ids of the feature vectors, uint64, shape (n,).
        label: Attack type of each record, int, shape (n,); 0 is normal traffic.
        labels: Names of the attack types.
        categories: Attack types by category.
    """
    place = {name: index for index, name in enumerate(labels)}
    members = {NORMAL: [0], **{name: [place[one] for one in types] for name, types in categories.items() if types}}
    rows: list[tuple[Value, ...]] = []
    few: dict[str, list[str]] = {"category": [], "type": []}
    for category, types in members.items():
        of_category = np.isin(label, types)
        rows.append(_row(category, "all", vectors[of_category], few["category"], always=True))
        for index in types if len(types) > 1 else []:
            one = vectors[label == index]
            if len(one):
                rows.append(_row(category, labels[index], one, few["type"]))
    level: Level = "red" if few["category"] else "yellow" if few["type"] else "green"
    parts = [
        f"{len(names)} {word} with fewer than {FEW_RECORDS} distinct records: {listed(names)}"
        for word, names in (("categories", few["category"]), ("attack types", few["type"]))
        if names
    ]
    n_types = int((np.bincount(label, minlength=len(labels)) > 0).sum())
    begin = f"{n_types} labels in {len(members)} categories, normal traffic among them"
    text = "; ".join([begin, *(parts or [f"none with fewer than {FEW_RECORDS} distinct records"])]) + "."
    numbers = {
        "records": float(len(label)),
        "labels": n_types,
        "few_categories": len(few["category"]),
        "few_types": len(few["type"]),
        "share_attacks": float((label != 0).mean()),
    }
    columns = ("category", "label", "records", "distinct")
    return Finding("classes", part, level, text, numbers, Details(columns, rows))


def _row(category: str, label: str, vectors: np.ndarray, few: list[str], *, always: bool = False) -> tuple[Value, ...]:
    """Row of the table; the name goes to `few` where distinct records are few."""
    distinct = len(np.unique(vectors))
    if distinct < FEW_RECORDS:
        few.append(category if always else label)
    return category, label, len(vectors), distinct
