"""Guesses of the kinds of columns, each with the reason in words."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Literal

from src.data.column_names import name_key
from src.data.parsing.dialect import MISSING
from src.data.parsing.reading import shown
from src.data.proposals.column_summary import ColumnSummary
from src.data.proposals.undeclared import is_declarable
from src.data.schema import Encoding, Kind

LISTED: Final = 20  # known values that are written out
_INDICATORS: Final = 50  # values of a category that become indicators; more become a code
_FEW_NUMBERS: Final = 50  # different numbers among words: more are a column of numbers with wrong values
_FEW_RECORDS: Final = 10  # whose numbers may be in order by chance
_WRONG: Final = 0.01  # share of words in a column of numbers that may be wrong values
_INT64_MAX: Final = 2**63 - 1
_INDEX_KEYS: Final = ("index", "id", "row", "rowid", "rownames", "unnamed0", "flowid", "uid", "no", "number")
_TIME_NAME: Final = re.compile(r"time|stamp|date|epoch|^ts$", re.IGNORECASE)
_RATE_NAME: Final = re.compile(r"rate|ratio|share|frac|percent|prob", re.IGNORECASE)
_TIME: Final = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?)?( ?[AP]M)?(Z|[-+]\d{2}:?\d{2})?"
    r"|\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AP]M)?",
    re.IGNORECASE,
)
_HARDWARE: Final = re.compile(r"([0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.IGNORECASE)
WRONG_VALUES: Final = "correct or quarantine"
THOUSANDS: Final = "separators of thousands"
_THOUSANDS: Final = re.compile(
    r"[-+]?[0-9]{1,3}+([,;][0-9]{3})++(\.[0-9]*+)?"
)  # `;` where it divides fields: see `plain`
_EPOCHS: Final = tuple((9e8 * unit, 2.2e9 * unit) for unit in (1, 1e3, 1e6, 1e9))  # 1998 to 2039
_VALUE: Final = re.compile(r'[^\x00-\x1f\x7f,"]{1,100}')  # a known value that a schema may hold


@dataclass(frozen=True)
class Guess:
    """Guess of the kind of a column.

    Attributes:
        kind: Kind.
        reason: Reason in words.
        values: Known values of a category.
        encoding: Encoding of a category.
    """

    kind: Kind
    reason: str
    values: tuple[str, ...] | Literal["learn"] | None = None
    encoding: Encoding | None = None


def guess_kind(column: ColumnSummary) -> Guess:
    """Guess the kind of a column that is no label."""
    wrong = sum(count for count, _ in column.further_words.values())
    missing = sum(column.missing.values())
    if not column.numbers and not wrong and not column.many_words:
        return Guess("ignore", "no value, or none that is not a mark of a missing value")
    if reason := _thousands(column):
        return Guess("ignore", reason)
    many = column.many or len(column.values) - len(column.words) > _FEW_NUMBERS
    if column.numbers and not column.many_words and (not wrong or (many and wrong <= _WRONG * column.records)):
        found = _guess_number(column)
        marks = f"; {missing:,} missing" if missing else ""
        return Guess(found.kind, f"{found.reason}{marks}{_wrong_values(column)}")
    return _guess_words(column)


def _guess_number(column: ColumnSummary) -> Guess:
    low, high = column.smallest, column.largest
    between = f"{_shown(low)} to {_shown(high)}" if low < high else f"always {_shown(low)}"
    if column.whole and column.records > _FEW_RECORDS and column.steps >= 0.99 * (column.records - 1):
        return Guess("ignore", f"each value is one more than the one before ({between}): a number of the record")
    if column.whole and name_key(column.name) in _INDEX_KEYS and (column.many or len(column.values) == column.records):
        return Guess("ignore", f"{column.distinct} distinct whole numbers, and the name of an index")
    if _TIME_NAME.search(column.name) and any(least <= low and high <= most for least, most in _EPOCHS):
        return Guess("time", f"{between}, which are times since 1970, and the name")
    if column.whole and low >= 0 and high <= 1:
        return Guess("binary", "0 or 1" if low < high else between)
    if column.whole and low >= 0 and high <= _INT64_MAX:
        return Guess("count", f"whole numbers, {between}" if low < high else between)
    if low >= 0 and high <= 1 and (high == 1 or _RATE_NAME.search(column.name)):
        return Guess("rate", f"numbers from 0 to 1, {between}")
    return Guess("real", f"numbers, {between}" if low < high else between)


def _thousands(column: ColumnSummary) -> str:
    """Say that numbers have separators of thousands, and what to do; empty where words are none, or are few."""
    words = column.further_words
    count = sum(one for one, _ in words.values())
    written = {word: line for word, (_, line) in words.items() if _THOUSANDS.fullmatch(word)}
    if not written or len(written) < len(words) or count <= _WRONG * column.records:
        return ""
    word, line = next(iter(written.items()))
    plain = re.sub("[,;]", "", word)
    return (
        f"numbers with {THOUSANDS}, such as {word.replace(';', ',')!r} in line {line:,}, which are not read: write "
        f"{plain} instead, or the column is lost"
    )


def _wrong_values(column: ColumnSummary) -> str:
    words = column.further_words
    if not words:
        return ""
    word, (_, line) = next(iter(words.items()))
    count = sum(one for one, _ in words.values())
    verb = "is not a number" if count == 1 else "are not numbers"
    return f"; {count:,} {verb}, such as {shown(word)!r} in line {line:,}: {WRONG_VALUES}"


def _guess_words(column: ColumnSummary) -> Guess:
    found = f"{column.distinct} distinct words in {column.records:,} records"
    words = [word for word in column.values if word.lower() not in ("", MISSING)][:1_000]
    if words and all(map(_is_time, words)):
        return Guess("time", f"{found}, which are dates or times, such as {shown(words[0])!r}")
    if words and all(map(_is_address, words)):
        return Guess("host", f"{found}, which are addresses; a model would learn the network by heart")
    if column.many or (len(column.values) > column.records / 2 and column.records > 2 * _INDICATORS):
        return Guess("ignore", f"{found}: an identifier or a text; {{kind: category, encoding: code}} keeps it")
    if odd := next((word for word in column.values if not _VALUE.fullmatch(word)), None):
        return Guess(
            "ignore", f"{found}; {shown(odd)!r} has a comma, a quote or over 100 letters, as no known value may"
        )
    encoding: Encoding = "indicators" if len(column.values) <= _INDICATORS else "code"
    listed = len(column.values) <= LISTED and not column.missing and all(map(is_declarable, column.values))
    return Guess("category", found, tuple(sorted(column.values)) if listed else "learn", encoding)


def _is_time(word: str) -> bool:
    return _TIME.fullmatch(word) is not None


def _is_address(word: str) -> bool:
    if _HARDWARE.fullmatch(word):
        return True
    try:
        ip_address(word)
    except ValueError:
        return False
    return True


def _shown(number: float) -> str:
    return f"{int(number):,}" if number == int(number) and abs(number) < 1e15 else f"{number:.6g}"
