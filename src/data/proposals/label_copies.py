"""Finds columns that say the label in other words, such as 0 and 1 beside the attack type: no feature may be one."""

from collections.abc import Collection, Iterable

import numpy as np
import pyarrow as pa

from src.data.parsing.reading import shown
from src.data.parsing.records import Block
from src.data.proposals.undeclared import words_of

FEWEST_RECORDS = 50  # in fewer, columns agree with the label by chance
_REPEATS = 10  # records of a value on average, from which on one label each is no chance
_SHOWN = 3  # values that a reason shows


class _Pairs:
    """Pairs of a value and a label that occur together."""

    def __init__(self) -> None:
        self.records = 0
        self.labels: dict[str, set[str]] = {}  # by value
        self.values: dict[str, set[str]] = {}  # by label

    def add(self, values: pa.DictionaryArray, labels: pa.DictionaryArray) -> None:
        """Add the next records."""
        self.records += len(values)
        n_labels = len(labels.dictionary)
        names, texts = labels.dictionary.to_pylist(), values.dictionary.to_pylist()
        codes = values.indices.to_numpy().astype(np.int64) * n_labels + labels.indices.to_numpy()
        for code in np.unique(codes).tolist():
            text, name = texts[code // n_labels], names[code % n_labels]
            self.labels.setdefault(text, set()).add(name)
            self.values.setdefault(name, set()).add(text)

    @property
    def follows(self) -> bool:
        """True if the column has one value for each label."""
        return all(len(values) == 1 for values in self.values.values())

    @property
    def tells(self) -> bool:
        """True if each value of the column has one label."""
        return all(len(labels) == 1 for labels in self.labels.values())

    @property
    def is_copy(self) -> bool:
        """True if the column says the label; values that hardly repeat have one label each by chance."""
        repeats = _REPEATS * len(self.labels) <= self.records
        return len(self.labels) > 1 and (self.follows or (self.tells and repeats))


def copies_of_label(blocks: Iterable[Block], label: str, columns: Collection[str]) -> dict[str, str]:
    """Find the columns whose value follows from the label, or whose values have one label each.

    Reading ends where no column is left that may be one.

    Args:
        blocks: Records with each value as a word.
        label: Column of the label.
        columns: Columns to look at, of few different values.
    Returns:
        Reason for each such column, in words.
    """
    pairs = {name: _Pairs() for name in columns}
    for block in blocks:
        labels = words_of(block, label)
        for name, found in list(pairs.items()):
            found.add(words_of(block, name), labels)
            if not (found.follows or found.tells):
                del pairs[name]
        if not pairs:
            break
    return {name: _reason(found, label) for name, found in pairs.items() if found.is_copy}


def _reason(found: _Pairs, label: str) -> str:
    if not found.follows:
        return f"each of its {len(found.labels):,} values has one label of {label} only, which gives the label away"
    parts = []
    for value, labels in sorted(found.labels.items(), key=lambda one: len(one[1]))[:_SHOWN]:
        parts.append(
            f"{shown(value)!r} for {next(iter(labels))!r}"
            if len(labels) == 1
            else f"{shown(value)!r} for {len(labels)} labels"
        )
    more = ", ..." if len(found.labels) > _SHOWN else ""
    return f"follows from {label}, which it gives away: {', '.join(parts)}{more}"
