"""Summary of a column whose kind is not known: its numbers, its words and their counts, in bounded memory."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from src.data.parsing.dialect import MISSING, read_number

# Texts of missing values in files of others. An empty field is read as the word `missing`.
MISSING_WORDS: Final = frozenset(
    (
        MISSING,
        "?",
        "-",
        "na",
        "n/a",
        "nan",
        "null",
        "none",
        "nil",
        "undefined",
        "inf",
        "-inf",
        "infinity",
        "-infinity",
    )
)
_PLAIN_NUMBER: Final = r"^-?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?$"  # most numbers; the others are read one by one
_LETTERS: Final = 200  # of a word that is kept


@dataclass
class ColumnSummary:
    """Summary of the values of one column.

    Attributes:
        name: Name of the column.
        most: Number of different values, and of different words, that are kept.
        records: Number of values.
        numbers: Number of values that are numbers.
        whole: True if all numbers are whole.
        smallest, largest: Smallest and largest number; infinite where there is none.
        values: Counts of the different values, up to `most` of them.
        many: True if there are more different values.
        words: Counts of the values that are not numbers, with the line of the first; up to `most` of them.
        many_words: True if there are more different words.
        steps: Number of values that are one more than the value before.
        rising: True if each number is at least the number before.
    """

    name: str
    most: int
    records: int = 0
    numbers: int = 0
    whole: bool = True
    smallest: float = np.inf
    largest: float = -np.inf
    values: dict[str, int] = field(default_factory=dict)
    many: bool = False
    words: dict[str, tuple[int, int]] = field(default_factory=dict)
    many_words: bool = False
    steps: int = 0
    rising: bool = True
    _last: float = np.nan

    def add(self, column: pa.DictionaryArray, line: np.ndarray) -> None:
        """Add the next values.

        Args:
            column: Texts of the values.
            line: 1-based line of each value, shape (n,).
        """
        if not len(column):
            return
        indices = column.indices.to_numpy()
        codes, first, counts = np.unique(indices, return_index=True, return_counts=True)
        texts = column.dictionary.take(pa.array(codes))
        numbers = _numbers(texts)
        is_number = ~np.isnan(numbers)
        self.records += len(indices)
        if is_number.any():
            self._add_numbers(numbers[is_number], int(counts[is_number].sum()))
        self._add_order(numbers[np.searchsorted(codes, indices)])
        self._add_values(texts, counts)
        lines = line[first]
        for at in np.flatnonzero(~is_number)[: self.most + 1].tolist():
            text = texts[at].as_py()[:_LETTERS]
            if text in self.words or len(self.words) < self.most:
                before, at_line = self.words.get(text, (0, int(lines[at])))
                self.words[text] = before + int(counts[at]), at_line
            else:
                self.many_words = True

    def _add_numbers(self, numbers: np.ndarray, count: int) -> None:
        self.numbers += count
        self.whole = self.whole and not (numbers % 1).any()
        self.smallest = min(self.smallest, float(numbers.min()))
        self.largest = max(self.largest, float(numbers.max()))

    def _add_order(self, in_order: np.ndarray) -> None:
        steps = np.diff(in_order, prepend=self._last)
        self.steps += int((steps == 1).sum())
        self.rising = self.rising and not (steps < 0).any()
        self._last = float(in_order[-1])

    def _add_values(self, texts: pa.Array, counts: np.ndarray) -> None:
        if self.many:
            return
        for text, count in zip(texts[: self.most + 1].to_pylist(), counts.tolist(), strict=False):
            short = text[:_LETTERS]
            if short not in self.values and len(self.values) == self.most:
                self.many = True
                return
            self.values[short] = self.values.get(short, 0) + count

    @property
    def missing(self) -> dict[str, int]:
        """Counts of the words that are marks of missing values."""
        return {word: count for word, (count, _) in self.words.items() if word.lower() in MISSING_WORDS}

    @property
    def further_words(self) -> dict[str, tuple[int, int]]:
        """Counts and first lines of the words that are no marks of missing values."""
        return {word: found for word, found in self.words.items() if word.lower() not in MISSING_WORDS}

    @property
    def distinct(self) -> str:
        """Number of different values, in words."""
        return f"more than {self.most:,}" if self.many else f"{len(self.values):,}"


def _numbers(texts: pa.Array) -> np.ndarray:
    """Numbers that texts are read as, NaN where a text is none; float64, shape (n,)."""
    plain = pc.match_substring_regex(texts, _PLAIN_NUMBER).to_numpy(zero_copy_only=False)
    numbers = np.full(len(texts), np.nan)
    if plain.any():
        numbers[plain] = pc.cast(texts.filter(pa.array(plain)), pa.float64()).to_numpy()
    for at in np.flatnonzero(~plain).tolist():
        text = texts[at].as_py()
        if text[:1].isalpha() and text.lower() not in ("true", "false"):
            continue
        number = read_number("real", text)
        number = read_number("count", text) if number is None else number
        numbers[at] = np.nan if number is None else number
    return np.where(np.isfinite(numbers), numbers, np.nan)


def summaries(names: Iterable[str], most: int) -> dict[str, ColumnSummary]:
    """Make an empty summary of each column."""
    return {name: ColumnSummary(name, most) for name in names}
