"""Values as exporters write them: quotes, bytes literals, letter case, whole floats. One rule for every way in.

A value is read another way than it is written only where it can mean one thing: `b'tcp'`, `'tcp'` and `TCP` are `tcp`,
`215.0` and `2.15e+02` are 215. A number in place of a word is refused: the list that it is an index of is not known.
"""

import codecs
import csv
import re
from typing import Final, Literal

from src.data.schema import EXPECTED, LABEL, LABELS, VOCABULARIES, Kind, in_range

Number = Literal["count", "binary", "rate", "level"]

_WHOLE_NUMBER = re.compile(r"(-?)(?=[0-9])0*+([0-9]{0,19})")  # more digits than int64 has do not fit
# `++` and `*+` give nothing back, so that a long run of digits takes no quadratic time
_NUMBER = re.compile(r"-?([0-9]++\.?[0-9]*+|\.[0-9]++)([eE][-+]?[0-9]++)?")
_SEARCHES = 1_000  # for a single byte, before the slower search for two in a row
_THOUSANDS = re.compile(r"[0-9]{1,3}+([,;][0-9]{3})++")
_DECIMAL_COMMA = re.compile(r"-?[0-9]++[,;][0-9]++")  # `;` where fields are separated by it: see `parsing`
_INT64_MAX = 2**63 - 1
_WRAPPED = re.compile(r"""b?(["'])(.*)\1""", re.DOTALL)
_LAYERS = 3  # quotes within quotes that are taken off: more are no export, and each costs a copy
_TRUTH: Final = {"true": 1, "false": 0}
_LETTERS: Final = {  # small letters of each known word to its spelling
    **{name: {word.lower(): word for word in words} for name, words in VOCABULARIES.items()},
    LABEL: {word: word for word in LABELS},
}


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


def unwrapped(text: str) -> str:
    """Take off quotes, the mark of a bytes literal, and white space around a value.

    >>> [unwrapped(text) for text in ("tcp", "b'tcp'", "'tcp'", '"tcp "', "b'", "o'clock")]
    ['tcp', 'tcp', 'tcp', 'tcp', "b'", "o'clock"]
    """
    for _ in range(_LAYERS):
        text = text.strip(" \t")
        match = _WRAPPED.fullmatch(text)
        if match is None:
            break
        text = match[2]
    return text


def read_word(name: str, text: str) -> str | None:
    """Read a value of a symbolic column, or a label.

    Args:
        name: Column, or `label`.
        text: Value without the quotes of CSV.
    Returns:
        The word in its published spelling, a symbol that is not known as it stands without quotes; None for a value
        that is no word of the column: nothing, a number, an unknown label.

    >>> [read_word("service", text) for text in ("http", "HTTP", "b'http'", "https", "24", "")]
    ['http', 'http', 'http', 'https', None, None]
    >>> read_word("label", "normal."), read_word("label", "Martian")
    ('normal', None)
    """
    word = unwrapped(text)
    small = word.lower() if word.isascii() else ""  # the Kelvin sign has k as its small letter
    if name == LABEL:
        return _LETTERS[LABEL].get(small.removesuffix("."))
    if word == "" or _NUMBER.fullmatch(word):
        return None
    return _LETTERS[name].get(small, word)


def read_number(kind: Number, text: str) -> int | float | None:
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


def _plain_number(kind: Number, text: str) -> int | float | None:
    if digits := _WHOLE_NUMBER.fullmatch(text):
        number: int | float = int(f"{digits[1]}0{digits[2]}")
    elif _NUMBER.fullmatch(text):
        number = float(text)
    else:
        return _TRUTH.get(text.lower()) if kind in ("count", "binary") else None
    if not in_range(kind, number):
        return None
    if kind == "rate":
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


def expected(name: str, kind: Kind | Literal["label"], text: str) -> str:
    """Say what a field should hold instead of a wrong value, in the words of error messages."""
    if kind == "label":
        return f"one of {', '.join(LABELS)}"
    if kind == "symbol" and _NUMBER.fullmatch(unwrapped(text)):
        return label_encoded(name)
    if kind not in ("symbol", "rate") and _THOUSANDS.fullmatch(unwrapped(text)):
        return f"{EXPECTED[kind]}, without separators of thousands"
    if kind != "symbol" and _DECIMAL_COMMA.fullmatch(unwrapped(text)):
        return f"{EXPECTED[kind]}, with a point instead of the comma"
    return EXPECTED[kind]


def label_encoded(name: str) -> str:
    """Say that a number is no word of a symbolic column."""
    words = ", ".join(VOCABULARIES[name][:3])
    return f"a word such as {words}; a label-encoded word cannot be read, since the order of its list is not known"
