"""Guesses of the kinds of columns, of the label and of normal traffic, each with the reason in words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Literal

from src.data.column_names import name_key
from src.data.dialect import MISSING
from src.data.proposals.column_summary import ColumnSummary
from src.data.proposals.undeclared import is_declarable
from src.data.reading import shown
from src.data.schema import Encoding, Kind

MOST_LABELS: Final = 200
LISTED: Final = 20  # known values that are written out
_INDICATORS: Final = 50  # values of a category that become indicators; more become a code
_FEW_NUMBERS: Final = 50  # different numbers among words: more are a column of numbers with wrong values
_FEW_RECORDS: Final = 10  # whose numbers may be in order by chance
_WRONG: Final = 0.01  # share of words in a column of numbers that may be wrong values
_INT64_MAX: Final = 2**63 - 1
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
_INDEX_KEYS: Final = ("index", "id", "row", "rowid", "rownames", "unnamed0", "flowid", "uid", "no", "number")
_TIME_NAME: Final = re.compile(r"time|stamp|date|epoch|^ts$", re.IGNORECASE)
_RATE_NAME: Final = re.compile(r"rate|ratio|share|frac|percent|prob", re.IGNORECASE)
_TIME: Final = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?)?( ?[AP]M)?(Z|[-+]\d{2}:?\d{2})?"
    r"|\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AP]M)?",
    re.IGNORECASE,
)
_HARDWARE: Final = re.compile(r"([0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.IGNORECASE)
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


@dataclass(frozen=True)
class LabelGuess:
    """Guess of the column of the label, and of normal traffic.

    Attributes:
        name: Column.
        reason: Reason for the column in words.
        normal: Label of normal traffic.
        normal_reason: Reason for normal traffic in words.
        attacks: Numbers of records of the other labels, the most frequent first.
    """

    name: str
    reason: str
    normal: str
    normal_reason: str
    attacks: dict[str, int]


def guess_kind(column: ColumnSummary) -> Guess:
    """Guess the kind of a column that is no label."""
    wrong = sum(count for count, _ in column.further_words.values())
    missing = sum(column.missing.values())
    if not column.numbers and not wrong and not column.many_words:
        return Guess("ignore", "no value, or none that is not a mark of a missing value")
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


def _wrong_values(column: ColumnSummary) -> str:
    words = column.further_words
    if not words:
        return ""
    word, (_, line) = next(iter(words.items()))
    count = sum(one for one, _ in words.values())
    verb = "is not a number" if count == 1 else "are not numbers"
    return f"; {count:,} {verb}, such as {shown(word)!r} in line {line:,}: correct or quarantine"


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
    candidates = [one for one in columns.values() if not _fault_of_label(one)]
    named = [one for one in candidates if name_key(one.name) in _LABEL_KEYS]
    ranked = sorted(named, key=lambda one: (_rank_of_values(one), _LABEL_KEYS.index(name_key(one.name))))
    if not ranked:
        ranked = [one for one in candidates if _rank_of_values(one) == 0]
    if not ranked:
        ranked = [one for one in [*columns.values()][-1:] if one in candidates and _rank_of_values(one) == 1]
    if not ranked:
        raise ValueError(
            "found no column that may be the label, by its name or a value such as `normal` or `benign`; expected one "
            f"with the attack type of each record, 2 to {MOST_LABELS} different values, none of them empty; name it "
            f"with --label, one of {', '.join(columns)}"
        )
    best = ranked[0]
    by = "the name" if best in named else "its values" if _rank_of_values(best) == 0 else "the last column"
    others = ", ".join(one.name for one in ranked[1:])
    further = f"; {others} may be it too" if others else ""
    return _of_column(best, f"{by}, and {best.distinct} distinct values in {best.records:,} records{further}")


def _fault_of_label(column: ColumnSummary) -> str:
    """Say why a column cannot be the label; empty if it can."""
    if column.many or not 2 <= len(column.values) <= MOST_LABELS:
        return f"{column.distinct} different values, expected 2 to {MOST_LABELS}"
    if MISSING in column.values:
        return f"{column.values[MISSING]:,} empty fields, expected a label in each record"
    if odd := next((value for value in column.values if not is_declarable(value)), None):
        return f"the value {shown(odd)!r}, expected labels of up to 100 letters without comma and quote"
    return ""


def _rank_of_values(column: ColumnSummary) -> int:
    """0 where a word of normal traffic is among the values, 1 for 0 and 1 and their like, 2 for others."""
    keys = {name_key(value) for value in column.values}
    if keys & {*_NORMAL_KEYS}:
        return 0
    return 1 if keys & {*_NO_KEYS} and len(keys) == 2 else 2


def _of_column(column: ColumnSummary, reason: str) -> LabelGuess:
    labels: dict[str, int] = {}
    spelled: dict[str, str] = {}
    for text, count in sorted(column.values.items(), key=lambda one: -one[1]):
        name = text
        if text.isascii():  # then letter case and a final dot tell no labels apart
            name = text.removesuffix(".") or text
            name = spelled.setdefault(name.lower(), name)
        labels[name] = labels.get(name, 0) + count
    share = "{:,} of {:,} records have it".format
    for keys, why in ((_NORMAL_KEYS, "the word"), (_NO_KEYS, "the smaller of two values")):
        for name in labels:
            if name_key(name) in keys:
                attacks = {one: count for one, count in labels.items() if one != name}
                return LabelGuess(column.name, reason, name, f"{why}; {share(labels[name], column.records)}", attacks)
    normal, *others = labels
    if not others:
        raise ValueError(f"found one label {normal!r} in column {column.name}, expected normal traffic and attacks")
    why = f"the most frequent of {len(labels)} labels, none of which says it; {share(labels[normal], column.records)}"
    return LabelGuess(column.name, reason, normal, why, {one: labels[one] for one in others})


def _shown(number: float) -> str:
    return f"{int(number):,}" if number == int(number) and abs(number) < 1e15 else f"{number:.6g}"
