"""Guesses of the label and of normal traffic, each with the reason in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from src.data.column_names import name_key
from src.data.parsing.dialect import MISSING
from src.data.parsing.reading import shown
from src.data.proposals.column_summary import MISSING_WORDS, ColumnSummary
from src.data.proposals.undeclared import is_declarable

MOST_LABELS: Final = 200
_FEW_UNLABELED: Final = 0.01  # share of records without a label where no label says that it is normal traffic
_MOST_UNLABELED: Final = 0.5  # where one does
_NO_ATTACK: Final = "none"  # a mark of a missing value that is normal traffic where no other label is
# Names of label columns by rank: a name of attack types comes before one that may be 0 or 1.
_LABEL_KEYS: Final = (
    *("attackcat", "attackcategory", "attacktype", "attackname", "label", "labels", "class", "classes", "attack"),
    *(
        "type",
        "category",
        "subcategory",
        "target",
        "outcome",
        "result",
        "connectiontype",
        "traffictype",
        "detailedlabel",
    ),
    *("y",),
)
_NORMAL_KEYS: Final = ("normal", "benign", "background", "legitimate", "legit", "clean", "normaltraffic", "noattack")
_NO_KEYS: Final = ("0", "00", "false", "no", "negative")


@dataclass(frozen=True)
class LabelGuess:
    """Guess of the column of the label, and of normal traffic.

    Attributes:
        name: Column.
        reason: Reason for the column in words.
        normal: Label of normal traffic.
        normal_reason: Reason for normal traffic in words.
        attacks: Numbers of records of the other labels, the most frequent first.
        unlabeled: Numbers of records without a label by the mark that they have instead, such as `NaN`.
        line: 1-based line of the first of them.
        refused: Reason in words for each column that is no label, but has the name of one, or a word of normal traffic.
    """

    name: str
    reason: str
    normal: str
    normal_reason: str
    attacks: dict[str, int]
    unlabeled: dict[str, int] = field(default_factory=dict)
    line: int = 0
    refused: dict[str, str] = field(default_factory=dict)


def guess_label(columns: Mapping[str, ColumnSummary], chosen: str | None = None) -> LabelGuess:
    """Guess the column of the label.

    Args:
        chosen: Column that the user names; None guesses it.
    Raises:
        ValueError: no column may be the label, or the one that is named may not.
    """
    if chosen is not None:
        if chosen not in columns:
            raise ValueError(f"--label: found {chosen!r}, expected one of the columns {', '.join(columns)}")
        if fault := _fault_of_label(columns[chosen]):
            raise ValueError(f"--label: found {chosen!r} with {fault}")
        return _of_column(columns[chosen], "it was named with --label")
    faults = {one.name: _fault_of_label(one) for one in columns.values()}
    candidates = [one for one in columns.values() if not faults[one.name]]
    named = [one for one in candidates if name_key(one.name) in _LABEL_KEYS]
    ranked = sorted(named, key=lambda one: (_rank_of_values(one), _LABEL_KEYS.index(name_key(one.name))))
    if not ranked:
        ranked = [one for one in candidates if _rank_of_values(one) == 0]
    if not ranked:
        ranked = [one for one in [*columns.values()][-1:] if one in candidates and _rank_of_values(one) == 1]
    refused = {
        name: f"found {faults[name]}"
        for name, one in columns.items()
        if faults[name] and (name_key(name) in _LABEL_KEYS or _rank_of_values(one) == 0)
    }
    if not ranked:
        why = "".join(f"; {name} is not taken: {reason}" for name, reason in refused.items())
        raise ValueError(
            "found no column that may be the label, by its name or a value such as `normal` or `benign`; expected one "
            f"with the attack type of each record, 2 to {MOST_LABELS} different values{why}; correct it, or name "
            f"another with --label, one of {', '.join(columns)}"
        )
    best = ranked[0]
    by = "the name" if best in named else "its values" if _rank_of_values(best) == 0 else "the last column"
    others = ", ".join(one.name for one in ranked[1:])
    further = f"; {others} may be it too" if others else ""
    reason = f"{by}, and {len(_labels(best))} distinct values in {best.records:,} records{further}"
    return replace(_of_column(best, reason), refused=refused)


def _labels(column: ColumnSummary) -> dict[str, int]:
    """Count the values of a column that may be labels: no mark of a missing value is one."""
    labels = {text: count for text, count in column.values.items() if text.lower() not in MISSING_WORDS}
    if {name_key(text) for text in labels}.isdisjoint((*_NORMAL_KEYS, *_NO_KEYS)):
        labels |= {text: count for text, count in column.values.items() if text.lower() == _NO_ATTACK}
    return labels


def _fault_of_label(column: ColumnSummary) -> str:
    """Say why a column cannot be the label; empty if it can."""
    labels = _labels(column)
    if column.many or not 2 <= len(labels) <= MOST_LABELS:
        count = column.distinct if column.many else f"{len(labels):,}"
        marks = [shown(repr(text)) for text in column.values if text not in labels and text != MISSING]
        beside = f" beside {', '.join(marks)} for a missing one" if marks and not column.many else ""
        return f"{count} different value{'s' * (count != '1')}{beside}, expected 2 to {MOST_LABELS}"
    if odd := next((value for value in labels if not is_declarable(value)), None):
        return f"the value {shown(odd)!r}, expected labels of up to 100 letters without comma and quote"
    unlabeled = column.records - sum(labels.values())
    most = _FEW_UNLABELED if _rank_of_values(column) == 2 else _MOST_UNLABELED
    if unlabeled > most * column.records:
        return (
            f"{unlabeled:,} of {column.records:,} fields without a label ({marks_of(_unlabeled(column))}), expected a "
            f"label in each record; write the word for normal traffic there if that is meant"
        )
    return ""


def _unlabeled(column: ColumnSummary) -> dict[str, int]:
    """Count the values that are marks of a missing label."""
    labels = _labels(column)
    return {text: count for text, count in column.values.items() if text not in labels}


def marks_of(counts: Mapping[str, int]) -> str:
    """List marks of missing values with their counts.

    >>> marks_of({"missing": 2, "NaN": 1})
    "empty 2 times, 'NaN' once"
    """
    names = {mark: "empty" if mark == MISSING else repr(shown(mark)) for mark in counts}
    return ", ".join(f"{names[mark]} {f'{count:,} times' if count > 1 else 'once'}" for mark, count in counts.items())


def _rank_of_values(column: ColumnSummary) -> int:
    """0 where a word of normal traffic is among the values, 1 for 0 and 1 and their like, 2 for others."""
    keys = {name_key(value) for value in _labels(column)}
    if keys & {*_NORMAL_KEYS, _NO_ATTACK}:
        return 0
    return 1 if keys & {*_NO_KEYS} and len(keys) == 2 else 2


def _of_column(column: ColumnSummary, reason: str) -> LabelGuess:
    labels: dict[str, int] = {}
    spelled: dict[str, str] = {}
    for text, count in sorted(_labels(column).items(), key=lambda one: -one[1]):
        name = text
        if text.isascii():  # then letter case and a final dot tell no labels apart
            name = text.removesuffix(".") or text
            name = spelled.setdefault(name.lower(), name)
        labels[name] = labels.get(name, 0) + count
    if len(labels) == 1:
        raise ValueError(
            f"found one label {next(iter(labels))!r} in column {column.name}, expected normal traffic and attacks"
        )
    normal, why = _normal_of(labels)
    unlabeled = _unlabeled(column)
    return LabelGuess(
        name=column.name,
        reason=reason,
        normal=normal,
        normal_reason=f"{why}; {labels[normal]:,} of {column.records:,} records have it",
        attacks={one: count for one, count in labels.items() if one != normal},
        unlabeled=unlabeled,
        line=min((column.words[text][1] for text in unlabeled if text in column.words), default=0),
    )


def _normal_of(labels: Mapping[str, int]) -> tuple[str, str]:
    """Label of normal traffic, and the reason in words.

    Args:
        labels: Numbers of records, the most frequent label first.
    """
    for keys, why in (
        (_NORMAL_KEYS, "the word"),
        (_NO_KEYS, "the smaller of two values"),
        ((_NO_ATTACK,), "the word, as no other label says it"),
    ):
        for name in labels:
            if name_key(name) in keys:
                return name, why
    return next(iter(labels)), f"the most frequent of {len(labels)} labels, none of which says it"
