"""Files whose columns no schema declares: their separator and names, and their records with each value as a word.

A schema is made for the reading that has every column as a category. So one parser reads declared files and others.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pydantic import ValidationError

from src.data.column_names import name_key, unwrapped
from src.data.formats.containers import open_records
from src.data.formats.kinds import SEPARATORS, refuse_decimal_commas
from src.data.parsing.dialect import read_number, split
from src.data.parsing.header import ATTRIBUTE, HeaderError
from src.data.parsing.lines import LongLine, whole_lines
from src.data.parsing.reading import Reading
from src.data.parsing.records import BLOCK_BYTES, Block, plain, read_blocks
from src.data.schema import Schema, schema_of
from src.utils.validation import first_fault

MOST_COLUMNS: Final = 1_000
_FEWEST_COLUMNS: Final = 3  # a label, and two more: a line with one name of a column is no header
_HEAD_BYTES: Final = 1 << 20
_HEAD_LINES: Final = 200
_NO_LABEL: Final = "(no label)"  # a schema has one; none of the columns is it while they are looked at
_LETTERS_OF_A_NAME: Final = 100
_NAMES_OF_A_HEADER: Final = 3  # of a line among the records
_WORD: Final = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Undeclared:
    """File whose columns no schema declares.

    Attributes:
        path: File.
        separator: Character between two fields.
        header: True if the file names its columns.
        columns: Columns in the order of the file, by names that a schema may have.
        left_out: Names that no schema can have, with the reason; they are of no column in `columns`.
    """

    path: Path
    separator: str
    header: bool
    columns: tuple[str, ...]
    left_out: dict[str, str]

    def words(self, columns: Collection[str] | None = None, reading: Reading | None = None) -> Iterator[Block]:
        """Read the records, with each value as a word; an empty field is the word `missing`.

        Args:
            columns: Columns to read; None reads all. Without a header all are read.
            reading: Takes notes on how the file is read.
        Raises:
            HeaderError: names of columns are among the records.
            OSError, ValueError: the file is damaged.
        """
        chosen = set(self.columns if columns is None or not self.header else columns)
        schema = _schema_of_words(self.columns, chosen, self.separator)
        with open_records(self.path, schema) as text:
            for block in read_blocks(
                text.stream,
                text.name,
                schema,
                label="ignored",
                on_bad_record="quarantine",
                separator=text.separator,
                block_bytes=BLOCK_BYTES,
                reading=reading,
            ):
                _refuse_names(block, text.name)
                yield block


def check_plain_file(path: Path) -> None:
    """Check that there is a file to read, which can be read twice.

    Raises:
        ValueError: there is no file, or it is a folder, a pipe, or empty.
    """
    expected = "expected a file of records, such as examples/records.csv"
    if not path.exists():
        raise ValueError(f"{path}: found no such file, {expected}")
    if not path.is_file():
        raise ValueError(f"{path}: found {'a folder' if path.is_dir() else 'a pipe or a device'}, {expected}")
    if not path.stat().st_size:
        raise ValueError(f"{path}: found an empty file, {expected}")


def look(path: Path) -> Undeclared:
    """Find the separator and the names of the columns of a file by its first lines.

    Raises:
        ValueError: the file has no records, or fewer than three columns, or too many.
        OSError: the file cannot be read, or is damaged.
    """
    with open_records(path, _schema_of_words(("(any)",), {"(any)"}, None)) as text:
        raw = next(whole_lines(text.stream, _HEAD_BYTES), b"")
        if isinstance(raw, LongLine):
            raise ValueError(f"{path}: line 1: found {raw.size:,} bytes, expected a header or a record")
        between = _separator(plain(raw, b",", first=True))
        lines = _lines(plain(raw, between, first=True))
        fields = _count_fields([line for line in lines if line[:1] not in "@%#"] or lines)
    if between != b",":
        try:
            refuse_decimal_commas(raw.split(b"\n")[:_HEAD_LINES], between)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
    if not lines:
        raise ValueError(f"{path}: found no records, expected columns with a record a line")
    try:
        names = _names(lines, fields)
    except HeaderError as error:
        raise HeaderError(f"{path}: {error}; correct the header") from None
    found = len(names) if names else fields
    if not _FEWEST_COLUMNS <= found <= MOST_COLUMNS:
        raise ValueError(f"{path}: found {found:,} column{'s' * (found != 1)}, expected {_FEWEST_COLUMNS} to "
                         f"{MOST_COLUMNS:,}, separated by commas, `;`, tabs or `|`")  # fmt: skip
    if not names:
        columns = tuple(f"column_{number}" for number in range(1, fields + 1))
        return Undeclared(path, between.decode(), False, columns, {})
    left_out = _unusable(names)
    columns = tuple(name for name in map(unwrapped, names) if name not in left_out)
    if len(columns) < _FEWEST_COLUMNS:
        raise ValueError(f"{path}: found {len(columns)} columns with names of their own in the header, expected three "
                         "or more; write names that differ in letters a to z or digits")  # fmt: skip
    return Undeclared(path, between.decode(), True, columns, left_out)


def _schema_of_words(columns: Collection[str], read: Collection[str], between: str | None) -> Schema:
    """Schema that has columns as categories, and passes over the others."""
    kinds: dict[str, Any] = {
        name: {"kind": "category", "values": "learn"} if name in read else "ignore" for name in columns
    }
    try:
        return schema_of(
            {
                "name": "words",
                "columns": kinds | {_NO_LABEL: "label"},
                "normal": "normal",
                "categories": {},
                "missing": [""],
                "separator": between,
            }
        )
    except ValidationError as error:
        raise ValueError(f"found columns that no schema can have: {first_fault(error)}") from None


def _separator(text: bytes) -> bytes:
    """Byte that divides most lines into the same number of fields, two or more; the comma where none does."""
    lines = [line for line in text.split(b"\n")[:_HEAD_LINES] if line and line[:1] not in b"@%#"]
    best, most = b",", (0, 0)
    for one in (b",", *SEPARATORS):
        counts = Counter(count for line in lines if (count := line.count(one)))
        (count, votes), *_ = counts.most_common(1) or [(0, 0)]
        if (votes, count) > most:
            best, most = one, (votes, count)
    return best


def _lines(text: bytes) -> list[str]:
    """First lines of a text that are not blank: an ARFF file has a line for each column."""
    lines = text.decode("utf-8", "replace").split("\n")
    return [line for line in lines if line][: _HEAD_LINES + MOST_COLUMNS]


def _count_fields(lines: list[str]) -> int:
    """Number of fields that most lines have."""
    counts = Counter(len(fields) for line in lines[:_HEAD_LINES] if (fields := split(line)))
    return counts.most_common(1)[0][0] if counts else 0


def _names(lines: list[str], fields: int) -> list[str]:
    """Names of the columns; none where the first line is a record, or numbers the columns."""
    if any(line[:9].lower() == "@relation" for line in lines):
        return [match[1] for line in lines if (match := ATTRIBUTE.match(line))]
    first = next((line for line in lines if line[0] not in "%#"), lines[0])
    names = split(first) or []
    if _are_names(names):
        if abs(len(names) - fields) > 1:  # an index without a name, or a comma at the end
            raise HeaderError(f"found {len(names)} names in the header, expected {fields}, as most records have")
        return names
    before = lines[lines.index(first) - 1] if first != lines[0] else ""
    names = split(before.lstrip("%# ")) or []  # NumPy writes `# ` before a header
    return names if len(names) == fields and _are_names(names) else []


def _are_names(texts: list[str]) -> bool:
    """Check for names: words most of which differ; the first may be empty, as that of an index, and the last."""
    words = [unwrapped(text) for text in texts]
    named = [word for at, word in enumerate(words) if word or 0 < at < len(words) - 1]
    numbers = sum(read_number("real", word) is not None for word in named)
    distinct = len(set(named)) > len(named) // 2  # some files name two columns alike
    return bool(named) and all(named) and not numbers and distinct


def _unusable(names: list[str]) -> dict[str, str]:
    """Names that no schema can have, with the reason: reading tells columns apart by letters and digits alone."""
    keys = Counter(name_key(name) for name in names)
    found = {}
    for name in map(unwrapped, names):
        if name == "":
            found[name] = "it has no name"
        elif keys[name_key(name)] > 1:
            found[name] = f"{keys[name_key(name)]} columns have this name, so that it says nothing"
        elif not name_key(name):
            found[name] = "the name has none of the letters a to z and no digit"
        elif not is_declarable(name):
            found[name] = "the name has characters that a schema cannot hold, or is too long"
    return found


def words_of(block: Block, name: str) -> Any:
    """Words of a column as one array of a dictionary."""
    chunks = block.columns.column(name).unify_dictionaries().chunks
    return chunks[0] if len(chunks) == 1 else pa.chunked_array(chunks, _WORD).combine_chunks()


def is_declarable(text: str) -> bool:
    """Check that a text may be a name, a label or a value in a schema, and is no expression of the config."""
    return (
        0 < len(text) <= _LETTERS_OF_A_NAME
        and text.isprintable()
        and text == text.strip()
        and not any(one in text for one in (",", '"', "${"))
        and text != "???"
    )


def _refuse_names(block: Block, source: str) -> None:
    """Refuse a header among the records: the words below it may be of other columns.

    Raises:
        HeaderError: a record has the names of its columns as values.
    """
    suspects = []
    for name in block.columns.column_names:
        column = words_of(block, name)
        codes = [code for code, word in enumerate(column.dictionary.to_pylist()) if word == name]
        if codes:
            suspects += (column.indices.to_numpy() == codes[0]).nonzero()[0].tolist()
    if suspects:
        row, count = Counter(suspects).most_common(1)[0]
        if count >= min(_NAMES_OF_A_HEADER, block.columns.num_columns):
            raise HeaderError(
                f"{source}: line {block.line[row]}: found names of columns, expected a record; a header belongs in the "
                "first line; remove it, or divide the file there"
            )
