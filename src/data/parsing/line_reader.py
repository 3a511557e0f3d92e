"""Reads lines one by one where Arrow cannot: quoted commas, numbers written another way, wrong values."""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from src.data.column_names import unwrapped
from src.data.parsing.dialect import expected, read_label, read_number, read_word, split
from src.data.schema import FieldKind, Schema

Field = FieldKind | Literal["empty"]  # kind of value that a field of a line must have
_KEPT_VALUES = 1 << 15  # values remembered for a kind of field: records repeat few values many times
_MANY = 2  # times as many words in a line as a record has: it may be a header
_NUMBERS = ("count", "binary", "rate", "real", "level")
_FURTHER_FIELDS = 150  # of a line, beyond those of a record, that tell whether it is a header; it may have millions
_KEPT_LETTERS = 32  # letters of a value that is remembered, so that long ones take no memory


class Wrong(NamedTuple):
    """First error of a line: the column, the value found there, and what was expected."""

    column: str
    value: str
    expected: str


class LineReader:
    """Reads the lines of one file.

    Args:
        schema: Schema of the data set.
        fields: Kind of each field of a line, by name, in the order of the file.
        comments: If true, lines that begin with `%` are comments.

    Attributes:
        shortest: Bytes of a line at least.
        missing: Number of values of each column read as 0 because a mark says that they are missing.
    """

    def __init__(self, schema: Schema, fields: Mapping[str, Field], *, comments: bool = False):
        self.schema = schema
        self.comments = comments
        self.missing = Counter[str]()
        empty = "" in schema.missing  # else each value has a byte; a comma or line end is behind it
        self.shortest = len(schema.kinds) * (1 if empty else 2)
        self._header = f"; the line may be a header, which must have the names of the {len(schema.kinds)} columns"
        self._many_words = _MANY * (len(schema.categorical) + 1)
        self.fields = dict(fields)
        by_kind: dict[tuple[str, str], _Values] = {}
        self._values = [
            by_kind.setdefault((name if kind == "category" else "", kind), _Values(schema, name, kind))
            for name, kind in fields.items()
        ]

    def read(self, line: bytes) -> list[Any] | Wrong:
        """Read a line.

        Returns:
            A value for each field: an int, a float, or a word as it is written; or the first error.
        """
        text = line.decode("utf-8", "backslashreplace")
        damaged = "\r" in text or "\0" in text or text.encode() != line
        texts = text.split(",") if damaged else split(text)
        if texts is None:
            broken = text.count('"') % 2  # its other quote is in another line
            hint = "; where a value has a line break within quotes, write the record in one line" if broken else ""
            return Wrong("(record)", text, f"a double quote at both ends of a value, or at neither{hint}")
        if len(texts) != len(self._values):
            hint = self._header if not damaged and self._are_names(texts) else ""
            return Wrong("(record)", f"{len(texts)} fields", f"{len(self._values)} fields{hint}")
        if damaged:
            return Wrong("(record)", text, "text in UTF-8 without control characters")
        row = [values[text] for values, text in zip(self._values, texts, strict=True)]
        if None not in row:
            if self.schema.missing:
                fields = zip(texts, self.fields.items(), strict=True)
                marks = self.schema.missing
                self.missing.update(name for text, (name, kind) in fields if text in marks and kind in _NUMBERS)
            return row
        position = row.index(None)
        name, kind = list(self.fields.items())[position]
        if kind == "empty" or kind == "ignored":
            return Wrong("(record)", f"{texts[position]!r} behind the last column", "nothing there")
        in_order = kind == "category" and _are_numbers_in_order(texts)
        hint = self._header if self._are_names(texts) or in_order else ""
        return Wrong(name, texts[position], expected(self.schema, name, kind, texts[position]) + hint)

    def has_floats(self, line: bytes) -> bool:
        """Check for a line with a whole number that is written with a dot or an exponent."""
        texts = line.decode("utf-8", "replace").split(",")
        whole = (text for kind, text in zip(self.fields.values(), texts, strict=False) if kind in ("count", "binary"))
        return any("." in text or "e" in text for text in whole)

    def _are_names(self, texts: list[str]) -> bool:
        """Check for a line of words: many more than a record has, or nothing else."""
        texts = texts[: len(self._values) + _FURTHER_FIELDS]
        words = sum(unwrapped(text)[:1].isalpha() for text in texts)
        return words > self._many_words or 1 < words == len(texts)


def _are_numbers_in_order(texts: list[str]) -> bool:
    """Check for a line of numbers most of which are one more than that before."""
    numbers = [read_number("count", text) for text in texts]
    steps = sum(a is not None and b == a + 1 for a, b in pairwise(numbers))
    return 2 * steps > len(numbers)


class _Values(dict[str, Any]):
    """Values of one kind of field by their text; None for a wrong one."""

    def __init__(self, schema: Schema, name: str, kind: Field):
        super().__init__()
        self._schema = schema
        self._name = name
        self._kind = kind

    def __missing__(self, text: str) -> Any:
        value = self._read(text)
        if len(text) <= _KEPT_LETTERS:
            if len(self) == _KEPT_VALUES:
                self.clear()
            self[text] = value
        return value

    def _read(self, text: str) -> Any:
        if self._kind == "ignored":
            return ""
        if self._kind == "empty":
            return "" if text == "" else None
        if self._kind == "category":
            return text if read_word(self._schema, self._name, text) is not None else None
        if self._kind == "label":
            return text if read_label(self._schema, text) is not None else None
        if text in self._schema.missing:
            return 0
        return read_number(self._kind, text)
