"""Words that the encoding does not know: counted, told, and refused where they are more than a share of the records."""

from collections import Counter

import numpy as np
import pyarrow as pa

from src.data.parsing.reading import shown
from src.data.schema import Schema

FEW = 2  # unknown words that are never too many: a service that is new, in a short file or a call with one record
_SHOWN = 3  # words that a message shows
_KEPT = 1_000  # words of a column that are counted each; the others are counted as one
_OTHERS = "(others)"


class UnknownWordsError(ValueError):
    """More records than allowed have words that the encoding does not know."""


class UnknownWords:
    """Counts over the records of one source.

    Verdicts on words that nobody has seen mean little: such a word says nothing, and often it is a known word that is
    written another way. So a source with many of them is refused.

    A few words are told, but no reason to refuse a source, however short it is. A share of 0 allows not even these.

    Args:
        max_share: Share of the records that may have unknown words, 0 to 1.
        source: Name of the source, for messages.
        remedy: Setting of `max_share`, for messages.
    Raises:
        ValueError: `max_share` is no share.

    Attributes:
        counts: Unknown words of each category that has any, and how often each was found.
    """

    def __init__(self, max_share: float, source: str, remedy: str):
        if not 0 <= max_share <= 1:  # nor NaN, which would allow any number of words
            raise ValueError(f"found {max_share!r} in {remedy}, expected a share of the records from 0 to 1")
        self._max_share = max_share
        self._source = source
        self._remedy = remedy
        self._records = 0
        self._with_unknown = 0
        self.counts: dict[str, Counter[str]] = {}

    def add(self, columns: pa.Table, counts: dict[str, Counter[str]], schema: Schema) -> None:
        """Count the next records of the source.

        Args:
            columns: Columns of the schema by name.
            counts: Unknown words of these records, as `src.features.encoding.encode` counts them.
            schema: Schema with the known words.
        Raises:
            UnknownWordsError: of the records up to here, more than `max_share` have unknown words, more than `FEW` of
                them in all.
        """
        self._records += columns.num_rows
        if not counts:
            return
        self._with_unknown += int((unknown_per_record(columns, schema) > 0).sum())
        for name, words in counts.items():
            kept = self.counts.setdefault(name, Counter())
            for word, count in words.items():
                kept[word if word in kept or len(kept) < _KEPT else _OTHERS] += count
        few = FEW if self._max_share else 0
        if self._with_unknown > self._max_share * self._records and self._words() > few:
            raise UnknownWordsError(
                f"{self._source}: {self}, expected at most {_percent(self._max_share)}; write the words as the "
                f"published files do, or raise {self._remedy}"
            )

    def _words(self) -> int:
        return sum(words.total() for words in self.counts.values())

    def __str__(self) -> str:
        """Number and share of the records with unknown words, and the most frequent of these words."""
        found = [(count, name, word) for name, words in self.counts.items() for word, count in words.items()]
        found.sort(key=lambda one: (-one[0], one[1:]))
        words = ", ".join(f"{name} {shown(word)!r}" for _, name, word in found[:_SHOWN])
        share = _percent(self._with_unknown / max(1, self._records))
        records = f"{self._with_unknown:,} of {self._records:,} records ({share})"
        return f"found words that no published file has in {records}, such as {words}"


def unknown_per_record(columns: pa.Table, schema: Schema) -> np.ndarray:
    """Count the words of each record that the encoding does not know, int64, shape (n,)."""
    count = np.zeros(columns.num_rows, dtype=np.int64)
    for name, vocabulary in schema.vocabularies.items():
        start = 0
        for chunk in columns.column(name).chunks:
            unknown = np.array([word not in vocabulary for word in chunk.dictionary.to_pylist()], dtype=bool)
            if unknown.any():
                count[start : start + len(chunk)] += unknown[chunk.indices.to_numpy()]
            start += len(chunk)
    return count


def _percent(share: float) -> str:
    return f"{share:.2%}".replace("%", " %")
