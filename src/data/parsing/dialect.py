"""Values as exporters write them: quotes, bytes literals, letter case, whole floats. One rule for every way in.

A value is read another way than it is written only where it can mean one thing: `b'tcp'`, `'tcp'` and `TCP` are `tcp`,
`215.0` and `2.15e+02` are 215. A number in place of a word is refused: the list that it is an index of is not known.
"""

import codecs
import csv
import re
from typing import Final

from src.data.column_names import unwrapped
from src.data.schema import EXPECTED, FieldKind, NumberKind, Schema, in_range

_WHOLE_NUMBER = re.compile(r"(-?)(?=[0-9])0*+([0-9]{0,19})")  # more digits than int64 has do not fit
# `++` and `*+` give nothing back, so that a long run of digits takes no quadratic time
_NUMBER = re.compile(r"-?([0-9]++\.?[0-9]*+|\.[0-9]++)([eE][-+]?[0-9]++)?")
_SEARCHES = 1_000  # for a single byte, before the slower search for two in a row
_THOUSANDS = re.compile(r"[0-9]{1,3}+([,;][0-9]{3})++")
_DECIMAL_COMMA = re.compile(r"-?[0-9]++[,;][0-9]++")  # `;` where fields are separated by it: see `parsing`
_INT64_MAX = 2**63 - 1
_TRUTH: Final = {"true": 1, "false": 0}
MISSING: Final = "missing"  # word for an empty value of a category, where the schema has the mark for it


def split(text: str) -> list[str] | None:
    """Split a line at its commas, but not within double quotes; None where a quote has no end, or ends in a value.

    >>> split('0,"a,b",1'), split('0,"a')
    (['0', 'a,b', '1'], None)
    """
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        return None


def is_whole(field: str) -> bool:
    """Check that a comma is no part of a field's value: it has no double quote, or one at each end alone.

    A line whose fields all pass is split at its commas as `split` splits it.
    """
    return '"' not in field or (len(field) > 1 and field[0] == field[-1] == '"' and '"' not in field[1:-1])


def without_quotes(field: str) -> str:
    """Take off the double quotes of CSV from a field that `is_whole`."""
    return field[1:-1] if field[:1] == '"' else field


def read_word(schema: Schema, name: str, text: str) -> str | None:
    """Read a value of a category.

    Args:
        schema: Schema of the data set.
        name: Column.
        text: Value without the quotes of CSV.
    Returns:
        The word in its known spelling, a word that is not known as it stands without quotes; None for a value that is
        no word of the column: nothing, or a number where no known word is one.
    """
    word = unwrapped(text)
    if word == "":
        return MISSING if "" in schema.missing else None
    spellings = schema.spellings[name]
    if known := spellings.get(word) or spellings.get(_small(word)):
        return known
    return None if _NUMBER.fullmatch(word) and name not in schema.numeric_words else word


def read_label(schema: Schema, text: str) -> str | None:
    """Read a label; it may end with a dot. None for a label that the schema lacks."""
    word = unwrapped(text)
    small = _small(word)
    known = schema.label_spellings.get(small) or schema.label_spellings.get(small.removesuffix("."))
    return known or (word if word in schema.labels else None)


def _small(word: str) -> str:
    """Small letters of a word; empty for one that has others than ASCII: the Kelvin sign has k as its small letter."""
    return word.lower() if word.isascii() else ""


def read_number(kind: NumberKind, text: str) -> int | float | None:
    """Read a number of a kind; None for a value that is none, or is out of range.

    Counts are int64, so a whole number has up to 19 digits; with a dot or an exponent it is read as float64 is.

    >>> [read_number("count", text) for text in ("215", "215.0", "2.15e+02", "'215'", "True", "215.5", "-1", "nan")]
    [215, 215, 215, 215, 1, None, None, None]
    >>> read_number("rate", ".5"), read_number("rate", "1.01")
    (0.5, None)
    """
    number = _plain_number(kind, text)
    if number is None and (inner := unwrapped(text)) != text:
        return _plain_number(kind, inner)
    return number


def _plain_number(kind: NumberKind, text: str) -> int | float | None:
    if digits := _WHOLE_NUMBER.fullmatch(text):
        number: int | float = int(f"{digits[1]}0{digits[2]}")
    elif _NUMBER.fullmatch(text):
        number = float(text)
    else:
        return _TRUTH.get(text.lower()) if kind in ("count", "binary") else None
    if not in_range(kind, number):
        return None
    if kind == "rate" or kind == "real":
        return float(number)
    return int(number) if number <= _INT64_MAX and number == int(number) else None


def is_odd(text: bytes) -> bool:
    """Detect text that Arrow accepts but the format does not: hexadecimal numbers, plus signs, byte order marks."""
    if b"\r" in text or b"\0" in text or text.startswith((codecs.BOM_UTF8, b"+")):
        return True
    return any(_has_pair(text, pair) for pair in (b",+", b"\n+", b"0x", b"0X"))


def _has_pair(text: bytes, pair: bytes) -> bool:
    """Search for two bytes in a row.

    A search for a single byte is forty times as fast, and most texts have none or few of the second byte.

    >>> _has_pair(b"x,exec,0x1f", b"0x"), _has_pair(b"x,exec,1", b"0x")
    (True, False)
    """
    place = 0
    for _ in range(_SEARCHES):
        place = text.find(pair[1], place + 1)
        if place < 0 or text[place - 1] == pair[0]:
            return place > 0
    return pair in text


def expected(schema: Schema, name: str, kind: FieldKind, text: str) -> str:
    """Say what a field should hold instead of a wrong value, in the words of error messages."""
    if kind == "label":
        hint = f"; a new attack type belongs in a category of schema {schema.name!r}"
        return f"one of {', '.join(schema.labels)}{'' if unwrapped(text).lower() in ('', 'nan') else hint}"
    if kind == "category" and _NUMBER.fullmatch(unwrapped(text)):
        return label_encoded(schema, name)
    if kind not in ("category", "rate", "real") and _THOUSANDS.fullmatch(unwrapped(text)):
        return f"{EXPECTED[kind]}, without separators of thousands"
    if kind != "category" and _DECIMAL_COMMA.fullmatch(unwrapped(text)):
        return f"{EXPECTED[kind]}, with a point instead of the comma"
    return EXPECTED[kind]


def label_encoded(schema: Schema, name: str) -> str:
    """Say that a number is no word of a category."""
    words = ", ".join(list(schema.spellings[name].values())[:3])
    return f"a word such as {words}; a label-encoded word cannot be read, since the order of its list is not known"
