"""Finds what the fields of a file are: by the names of a header, else by the number and kinds of fields of its records.

No single line decides: a damaged first line does not change how the others are read.
"""

import codecs
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from src.data.column_names import name_key, shortened, unwrapped
from src.data.parsing.dialect import split
from src.data.parsing.line_reader import Field, LineReader, Wrong
from src.data.parsing.lines import LONGEST_LINE
from src.data.parsing.reading import Reading, shown
from src.data.schema import Schema

LabelColumn = Literal["required", "ignored"]
Raw = TypeVar("Raw")

HEAD_LINES = 200  # lines at the start of a file that are looked at, beside blanks and comments; ARFF has about 45
_HEAD_BYTES = 16 << 20  # of blanks and comments that are looked through for the first of these lines
_SAMPLE = 50  # of these, lines that choose between orders of fields
_NAMES_OF_A_HEADER = 2  # column names that make a line a header: a record may hold the word `land`
_NAMES_OF_A_RUIN = 3  # among other text: a line that holds so many is a header that cannot be read
_FILLED = re.compile(rb"[^\n]+")
ATTRIBUTE: Final = re.compile(r"""@attribute\s+('[^']*'|"[^"]*"|\S+)""", re.IGNORECASE)  # column of an ARFF file
_ARFF = ("@relation", "@attribute", "@data")
_SHOWN = 5  # names that a message shows
_NUMBER = re.compile(r"[-+]?[0-9.,]+([eE][-+]?[0-9]+)?")

_LABEL_KEYS: Final = (
    *("label", "labels", "attack", "attacktype", "attackname", "attackcat", "class", "classes", "target", "outcome"),
    *("connectiontype", "result", "type", "y"),
)
_LEVEL_KEYS: Final = ("difficulty", "difficultylevel", "level", "lastflag", "score")
_INDEX_KEYS: Final = ("", "unnamed0", "index", "id", "row", "rowid", "rownames")
_NUMBERED = re.compile(r"((?:.*[^0-9])?)([0-9]{1,4})")


class HeaderError(ValueError):
    """Start of a file that does not tell its columns, or a header where none belongs."""


@dataclass(frozen=True)
class Head:
    """Start of a file, read.

    Attributes:
        fields: Kind of each field of a line, by name, in the order of the file.
        passed_over: Lines that are no records: the header, or all lines to the end of it; 1-based.
        is_arff: If true, the file is ARFF, where a line that begins with `%` is a comment.
    """

    fields: dict[str, Field]
    passed_over: range
    is_arff: bool = False


def read_head(text: bytes, source: str, *, schema: Schema, label: LabelColumn, reading: Reading) -> Head:
    """Find the fields of a file and its header.

    Args:
        text: First lines of the file, whole, without white space beside values.
        source: Name of the file, for messages.
        schema: Columns of the data set, in the order of a file without a header.
        label: `required`: a label, below a header anywhere. `ignored`: it may be missing.
        reading: Takes notes on the order of the columns.
    Raises:
        HeaderError: a header lacks a column, or names it twice; there is none, and the schema says that there is; or
            no line is like a record.
    """
    lines = _head_lines(text, schema)
    header = _find_header(lines, schema)
    if header is None:
        if schema.header and lines:
            raise HeaderError(f"{source}: {_without_names(*lines[0], schema)}")
        orders = _orders_without_names(label, schema)
        passed_over = range(1, 1)
    else:
        names, passed_over = header
        named = _named_fields(names, f"{source}: line {passed_over[-1]}", label, schema, reading)
        orders = [named, {"(index)": "ignored", **named}, {**named, "(end)": "empty"}]
    records = [(number, line) for number, line in lines if number >= passed_over.stop and not _is_comment(line)]
    _check_lengths(records, source, schema)
    fields = _best(orders, [line for _, line in records[:_SAMPLE]], schema)
    if "(index)" in fields:
        reading.columns.append("the first field of each line has no name and was passed over as an index")
    return Head(fields, passed_over, header is not None and len(passed_over) > 1)


def _without_names(number: int, line: bytes, schema: Schema) -> str:
    """Say that the first line names no columns of the schema: it has other names, or is a record."""
    names = split(line.decode("utf-8", "replace")) or []
    wanted = shortened([*schema.kinds, schema.label], _SHOWN)
    if len(names) > 1 and not any(_NUMBER.fullmatch(unwrapped(name)) for name in names):
        return (
            f"line {number}: found {shortened(map(shown, map(unwrapped, names)), _SHOWN)}, which are no columns of "
            f"schema {schema.name!r}, expected {wanted}; correct the names, or write those of the file into the schema "
            "as aliases"
        )
    return (
        f"line {number}: found a record, expected a header with the names of the columns of schema {schema.name!r}: "
        f"{wanted}; add it, or train with dataset.schema.header=false"
    )


def without_lines(raw: bytes, text: bytes, line: int, passed_over: range) -> Iterator[tuple[bytes, bytes, int]]:
    """Cut lines out of a block.

    Args:
        raw: Whole lines as they are in the file.
        text: The same lines, as many of them, as they are parsed.
        line: 1-based line of the file that the block begins with.
        passed_over: Lines to cut out, 1-based.
    Yields:
        What is left of both, and the line that it begins with.
    """
    if line >= passed_over.stop:
        yield raw, text, line
        return
    before, after = passed_over.start - line, passed_over.stop - line
    if before > 0:
        yield raw[: _offset(raw, before)], text[: _offset(text, before)], line
    if _offset(text, after) < len(text):
        yield raw[_offset(raw, after) :], text[_offset(text, after) :], passed_over.stop


def first_lines(blocks: Iterable[tuple[Raw, bytes]], schema: Schema) -> list[tuple[Raw, bytes]]:
    """Take blocks, with what each was made of, until they hold the head of a file."""
    taken, lines, size = [], 0, 0
    for raw, text in blocks:
        taken.append((raw, text))
        lines += sum(not _is_comment(line) for _, line in _head_lines(text, schema))
        size += max(len(text), LONGEST_LINE)  # a line that is too long is a blank one there
        if lines >= HEAD_LINES or size >= _HEAD_BYTES:
            break
    return taken


def holds_header(schema: Schema, line: bytes) -> bool:
    """Check that a line which is no record is a header, or what is left of one: damaged, or with other separators."""
    text = line.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace").strip().lower()
    if text.startswith(_ARFF):
        return True
    needed = _names_of_a_comment(schema) if text.startswith(("%", "#")) else _NAMES_OF_A_RUIN
    return schema.names.in_line(text, needed) >= needed


def _names_of_a_comment(schema: Schema) -> int:
    """More than half of the columns: a comment may name a few, NumPy writes `# ` before a header."""
    return len(schema.kinds) // 2 + 1


def refuse_headers(lines: Iterable[tuple[int, bytes]], head: Head, source: str, schema: Schema) -> None:
    """Refuse a header among bad lines, in any mode: the records below it may have another order.

    Args:
        lines: Bad lines and their 1-based numbers; those above the header of the file are left alone.
    Raises:
        HeaderError: a line is a header, or what is left of one.
    """
    for number, line in lines:
        if number >= head.passed_over.start and holds_header(schema, line):
            raise HeaderError(
                f"{source}: line {number}: found names of columns, expected a record; a header belongs in the first "
                "line, its names separated as the values are; correct it, or divide the file there"
            )


def find_columns(schema: Schema, names: Iterable[object]) -> dict[str, int]:
    """Find columns among names in any order, letter case and punctuation: position by column.

    A name of no column is passed over; so is a column that is missing.

    Raises:
        HeaderError: two names mean one column of which features are made.
    """
    found: dict[str, int] = {}
    for position, name in enumerate(names):
        column = schema.names.column(str(name))
        if column in found and column in schema.kinds:
            raise HeaderError(f"found the column {column!r} twice, expected each column once; rename one of them")
        if column is not None:
            found.setdefault(column, position)
    return found


def missing_columns(schema: Schema, found: Iterable[str]) -> str:
    """Say which of the columns that features are made of are missing; empty if none is."""
    have = set(found)
    missing = [name for name in schema.kinds if name not in have]
    if not missing:
        return ""
    return f"found no column {shortened(missing, _SHOWN)}, expected the {len(schema.kinds)} columns in any order"


def is_header(schema: Schema, texts: Iterable[str]) -> bool:
    """Check that a line names columns."""
    return _count_names(schema, texts) >= _NAMES_OF_A_HEADER


def names_field(schema: Schema, text: str) -> bool:
    """Check for the name of a column that is read, of a label, or of a difficulty level."""
    column = schema.names.column(text)
    if column is not None:
        return schema.fields[column] != "ignored"
    return name_key(text) in (*_own_label_keys(schema), *_LABEL_KEYS, *_LEVEL_KEYS)


def _own_label_keys(schema: Schema) -> list[str]:
    """Names that the schema has for its label, as keys."""
    return [name_key(name) for name in (schema.label, *schema.aliases.get(schema.label, ()))]


def _count_names(schema: Schema, texts: Iterable[str]) -> int:
    """Count the texts that name a column."""
    return sum(schema.names.column(text) is not None for text in texts)


def _offset(text: bytes, lines: int) -> int:
    """Bytes of the first lines of a text; all of them where it has fewer."""
    at = 0
    for _ in range(lines):
        end = text.find(b"\n", at)
        if end < 0:
            return len(text)
        at = end + 1
    return at


def _is_comment(line: bytes) -> bool:
    return line.startswith((b"%", b"#"))


def _head_lines(text: bytes, schema: Schema) -> list[tuple[int, bytes]]:
    """First lines of a text and their 1-based numbers, without blanks and comments that name no columns."""
    lines: list[tuple[int, bytes]] = []
    count, number, at = 0, 1, 0
    for match in _FILLED.finditer(text):
        number += text.count(b"\n", at, match.start())
        at, line = match.start(), match[0]
        if not _is_comment(line):
            lines.append((number, line))
            count += 1
            if count == HEAD_LINES:
                break
        elif line.count(b",") >= _names_of_a_comment(schema) - 1:
            if lines and _is_comment(lines[-1][1]):
                lines.pop()  # memory holds one comment, not all of them
            lines.append((number, line))
    return lines


def _find_header(lines: list[tuple[int, bytes]], schema: Schema) -> tuple[list[str], range] | None:
    """Names of the fields and the lines of the header; None where the first line that may be a record is none.

    A comment that names the columns is the header only where no other line is.
    """
    comment = None
    for number, line in lines:
        text = line.decode("utf-8", "replace").strip()
        if text[:9].lower() == "@relation":
            return _arff_header(lines)
        names = split(text)
        if names is None:
            continue
        header = names, range(number, number + 1)
        if _is_comment(line):
            comment = header if _count_names(schema, names) >= _names_of_a_comment(schema) else comment
        elif is_header(schema, names) or _numbers_columns(names, schema):
            return header
        elif len(names) >= len(schema.kinds):
            break
    return comment


def _arff_header(lines: list[tuple[int, bytes]]) -> tuple[list[str], range] | None:
    """Names that an ARFF file declares, and its lines to the one that says `@data`."""
    names: list[str] = []
    for number, line in lines:
        text = line.decode("utf-8", "replace").strip()
        if text[:5].lower() == "@data":
            return names, range(1, number + 1)
        if declared := ATTRIBUTE.match(text):
            names.append(declared[1])
    return None


def _check_lengths(lines: list[tuple[int, bytes]], source: str, schema: Schema) -> None:
    """Refuse a file without a line that has half the values of a record: it is something else.

    Raises:
        HeaderError: no line has; counts the fields of the first.
    """
    if lines and 2 * max(line.count(b",") + 1 for _, line in lines) < len(schema.kinds):
        number, line = lines[0]
        count = line.count(b",") + 1
        raise HeaderError(
            f"{source}: found no records: line {number} has {count} field{'s' * (count > 1)}; expected text with "
            f"{len(schema.kinds)} values a line, separated by commas, `;`, tabs or `|`"
        )


def _numbers_columns(names: list[str], schema: Schema) -> bool:
    """Check for a header that numbers the columns from 0 or 1, such as pandas' 0,1,2 or R's "V1","V2"."""
    if len(names) < len(schema.kinds):
        return False
    parts = [_NUMBERED.fullmatch(unwrapped(name)) for name in names[names[0] == "" :]]
    if not all(parts):
        return False
    prefixes = {part[1] for part in parts if part}
    numbers = [int(part[2]) for part in parts if part]
    return len(prefixes) == 1 and numbers in (list(range(len(parts))), list(range(1, len(parts) + 1)))


def _named_fields(
    names: list[str], place: str, label: LabelColumn, schema: Schema, reading: Reading
) -> dict[str, Field]:
    """Kind of each field below a header."""
    if _numbers_columns(names, schema):
        return _numbered_fields(names, place, label, schema, reading)
    try:
        found = find_columns(schema, names)
    except HeaderError as error:
        raise HeaderError(f"{place}: {error}") from None
    keys = [name_key(name) for name in names]
    others = [position for position in range(len(names)) if position not in found.values()]
    label_keys = (*_own_label_keys(schema), *_LABEL_KEYS)
    labels = [position for key in label_keys for position in others if keys[position] == key]
    levels = [position for key in _LEVEL_KEYS for position in others if keys[position] == key]
    missing = missing_columns(schema, found)
    if label == "required" and not labels:
        missing = missing or f"found no column {schema.label!r}, expected one for the label of each record"
    if missing:
        raise HeaderError(
            f"{place}: {missing}; correct the header, or take it away where the order is the published one"
        )
    used = {name: position for name, position in found.items() if name in schema.kinds}
    fields: dict[int, tuple[str, Field]] = {position: (name, schema.kinds[name]) for name, position in used.items()}
    if label == "required":
        fields[labels[0]] = (schema.label, "label")
    known = {*fields, *labels, *levels, *found.values()}
    further = [position for position in others if position not in known and keys[position] not in _INDEX_KEYS]
    if list(used) != list(schema.kinds):
        reading.columns.append("the columns are in another order, taken by the names of the header")
    if further:
        shown_names = ", ".join(shown(unwrapped(names[position])) for position in further[:_SHOWN])
        reading.columns.append(f"{len(further)} further column{'s' * (len(further) > 1)} passed over: {shown_names}")
    return dict(fields.get(position, (f"(field {position + 1})", "ignored")) for position in range(len(names)))


def _numbered_fields(
    names: list[str], place: str, label: LabelColumn, schema: Schema, reading: Reading
) -> dict[str, Field]:
    """Kind of each field below a header that numbers the columns."""
    reading.columns.append("the header numbers the columns, which were taken by their position")
    unnamed = names[0] == ""
    count, orders = len(names) - unnamed, _plain_orders(label, schema)
    for order in orders:
        if len(order) == count:
            return {"(field 1)": "ignored", **order} if unnamed else order
    raise HeaderError(f"{place}: found {count} numbered columns, expected {len(orders[-1])}")


def _plain_orders(label: LabelColumn, schema: Schema) -> list[dict[str, Field]]:
    """Orders that the fields of a record may have without a header, and without an index or an empty field."""
    if label == "required":
        return [{**schema.fields}]
    behind = [f"(field {len(schema.kinds) + number})" for number in (1, 2)]
    ignored: list[dict[str, Field]] = [dict.fromkeys(behind[:count], "ignored") for count in range(3)]
    orders: list[dict[str, Field]] = [{**schema.kinds, **more} for more in ignored]
    declared: dict[str, Field] = {name: schema.kinds.get(name, "ignored") for name in schema.columns}
    without_label = {name: kind for name, kind in declared.items() if name != schema.label}
    known = [list(order.values()) for order in orders]
    return orders + [order for order in (declared, without_label) if list(order.values()) not in known]


def _orders_without_names(label: LabelColumn, schema: Schema) -> list[dict[str, Field]]:
    """Orders that the fields of a record may have without a header, the likeliest first."""
    plain = _plain_orders(label, schema)
    return [
        *plain,
        *({**order, "(end)": "empty"} for order in plain),  # a comma behind the last value
        *({"(index)": "ignored", **order} for order in plain),
    ]


def _best(orders: list[dict[str, Field]], sample: list[bytes], schema: Schema) -> dict[str, Field]:
    """Order that most lines of a sample follow; the first where none does, but of a length that lines have."""
    readers = [LineReader(schema, order) for order in orders]
    votes = [sum(not isinstance(reader.read(line), Wrong) for line in sample) for reader in readers]
    if max(votes):
        return orders[votes.index(max(votes))]
    lengths = Counter(len(split(line.decode("utf-8", "replace")) or ()) for line in sample)
    plain = [order for order in orders if not {"(index)", "(end)"} & set(order)]
    return max(plain, key=lambda order: lengths[len(order)])
