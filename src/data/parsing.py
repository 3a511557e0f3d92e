"""Parses raw text into checked records. Arrow reads whole blocks; a block that fails is read again line by line.

The two readers accept the same lines, which a property test checks. The slow one finds the wrong line, its column and
the reason.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv

from src.data.schema import COLUMNS, DIFFICULTY, EXPECTED, LABEL, LABELS, TRAILING, Kind, RecordFormat, in_range

BLOCK_BYTES = 16 << 20  # about 110,000 records: large enough for Arrow's threads, small beside the encoded matrix
CHUNK_BYTES = 1 << 20  # bytes that one of Arrow's threads reads at once: they fit the processor's cache
SHOWN = 100  # characters of a wrong value that a message shows
OnBadRecord = Literal["stop", "quarantine"]
LabelColumn = Literal["required", "ignored"]
Field = Kind | Literal["label", "ignored"]  # kind of value that a field of a line must have

_WORD = pa.dictionary(pa.int32(), pa.string())
_ARROW_TYPES: dict[Field, pa.DataType] = {
    "count": pa.int64(),
    "binary": pa.int64(),
    "rate": pa.float64(),
    "level": pa.int64(),
    "symbol": _WORD,
    "label": _WORD,
    "ignored": _WORD,
}
_WHOLE_NUMBER = re.compile(r"(-?)0*([0-9]{1,19})")  # more digits than int64 has do not fit
_NUMBER = re.compile(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
_INT64_MAX = 2**63 - 1
_PADDING = re.compile(rb"(?<![^,\n])[ \t]+|[ \t]+(?![^,\n])")  # white space beside a value, not inside it


@dataclass(frozen=True)
class BadRecord:
    """Malformed line: its 1-based `line`, the wrong `column` and `value`, what was `expected`, and its `text`."""

    line: int
    column: str
    value: str
    expected: str
    text: str

    def __str__(self) -> str:
        value = self.value if len(self.value) <= SHOWN else f"{self.value[:SHOWN]}..."
        return f"line {self.line}, column {self.column}: found {value!r}, expected {self.expected}"


class BadRecordError(ValueError):
    """Malformed record in a file that must not contain any."""


@dataclass(frozen=True)
class Block:
    """Checked records in file order.

    Attributes:
        columns: The 41 columns by name, n values each (int64, float64 or dictionary of string).
        label: Labels without the final dot, n values, dictionary of string; None where labels are not read.
        line: 1-based line of each record in its source, int64, shape (n,).
        bad: Malformed lines, in order; they have no records in the block.
    """

    columns: pa.Table
    label: pa.DictionaryArray | None
    line: np.ndarray
    bad: list[BadRecord]


def read_blocks(
    stream: BinaryIO,
    source: str,
    *,
    label: LabelColumn = "required",
    record_format: RecordFormat = "kdd99",
    on_bad_record: OnBadRecord = "stop",
    block_bytes: int = BLOCK_BYTES,
    on_bytes: Callable[[int], object] = lambda count: None,
) -> Iterator[Block]:
    """Read records of 41 comma-separated values (and a label, and a difficulty level) block by block.

    Args:
        stream: Uncompressed text, one record a line.
        source: Name of the file, for messages.
        label: `required`: each line has all fields of the format and a known label. `ignored`: each line has as many
            fields as the first, 41 to 43. Fields behind the columns are ignored; a header of column names is skipped.
        record_format: `kdd99`: 42 fields, the last one a label. `nsl_kdd`: 43 fields, the last two a label and a
            difficulty level. The level is checked and then dropped.
        on_bad_record: `stop` raises at the first malformed record; `quarantine` leaves it out and lists it.
        block_bytes: Bytes to parse at once; a longer line is still read whole.
        on_bytes: Callback for each block that was read, with its number of bytes.
    Yields:
        Blocks, in order; a block may have no records.
    Raises:
        BadRecordError: a record is malformed; names file, line, column, value and what was expected.
    """
    fields: dict[str, Field] = {**COLUMNS}
    if label == "required":
        fields |= {name: "label" if name == LABEL else "level" for name in TRAILING[record_format]}
    line, counted = 1, label == "required"
    for text in _whole_lines(stream, block_bytes):
        size = len(text)
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n")
        if line == 1:
            text = text.removeprefix(codecs.BOM_UTF8)  # spreadsheets write it before the first value
        if b" " in text or b"\t" in text:
            text = _PADDING.sub(b"", text)
        if line == 1 and label == "ignored":
            head, _, rest = text.partition(b"\n")
            if head.startswith(f"{next(iter(COLUMNS))},".encode()):
                text, line = rest, 2
        if text and not counted:  # the header may fill the first block
            extra = max(0, text.partition(b"\n")[0].count(b",") + 1 - len(COLUMNS))
            fields |= dict.fromkeys((LABEL, DIFFICULTY)[:extra], "ignored")
            counted = True
        if text:
            block = _parse(text, fields, line)
            if block.bad and on_bad_record == "stop":
                raise BadRecordError(
                    f"{source}: {block.bad[0]}; correct the line, or leave bad records out with "
                    "preprocess.on_bad_record=quarantine (predict: --on-bad-record quarantine)"
                )
            line += len(block.line) + len(block.bad)
            yield block
        on_bytes(size)


def ahead(blocks: Iterator[Block]) -> Iterator[Block]:
    """Yield the same blocks, but read and parse the next block in a thread while the caller uses the current one."""
    with ThreadPoolExecutor(1) as thread:
        next_block = thread.submit(next, blocks, None)
        while (block := next_block.result()) is not None:
            next_block = thread.submit(next, blocks, None)
            yield block


def _whole_lines(stream: BinaryIO, block_bytes: int) -> Iterator[bytes]:
    """Cut the stream after line ends, so that no line is in two blocks."""
    rest = b""
    while chunk := stream.read(block_bytes):
        head, end, tail = chunk.rpartition(b"\n")
        if end:
            yield rest + head + end
            rest = tail
        else:
            rest += chunk
    if rest:
        yield rest


def _parse(text: bytes, fields: dict[str, Field], line: int) -> Block:
    table = None if _is_odd(text) else _parse_fast(text, fields)
    if table is not None:
        return _block(table, np.arange(line, line + table.num_rows), [])
    lines = (text[:-1] if text.endswith(b"\n") else text).split(b"\n")
    bad = [record for number, row in enumerate(lines, line) if (record := _diagnose(row, number, fields))]
    left_out = {record.line for record in bad}
    good = [(number, row) for number, row in enumerate(lines, line) if number not in left_out]
    text = b"\n".join(row for _, row in good)
    table = _parse_fast(text, fields, chunk=len(text) + 1)  # a line may be longer than a chunk, which Arrow refuses
    if table is None:
        raise AssertionError(f"lines {line} to {line + len(lines) - 1}: found no wrong line, expected one that Arrow "
                             "refuses; correct _diagnose")  # fmt: skip
    return _block(table, np.array([number for number, _ in good], dtype=np.int64), bad)


def _is_odd(text: bytes) -> bool:
    """Detect text that Arrow accepts but the format does not: hexadecimal numbers, plus signs, byte order marks.

    A search for two bytes in a row takes ten times as long as one for a single byte, which most texts lack.
    """
    if b"\r" in text or b"\0" in text or text.startswith(codecs.BOM_UTF8) or (b"+" in text and b",+" in text):
        return True
    if b"x" not in text and b"X" not in text:
        return False
    letters = np.frombuffer(text, dtype=np.uint8)
    return bool(((letters[:-1] == ord("0")) & ((letters[1:] | 0x20) == ord("x"))).any())  # 0x20: small or capital


def _parse_fast(text: bytes, fields: dict[str, Field], chunk: int = CHUNK_BYTES) -> pa.Table | None:
    """Parse all records of the text with Arrow; None if any of them is malformed."""
    types = {name: _ARROW_TYPES[kind] for name, kind in fields.items()}
    if not text:
        return pa.table({name: pa.array([], kind) for name, kind in types.items()})
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(text),
            pa.csv.ReadOptions(column_names=list(fields), block_size=chunk),
            pa.csv.ParseOptions(quote_char=False, escape_char=False, ignore_empty_lines=False),
            pa.csv.ConvertOptions(column_types=types, null_values=[], strings_can_be_null=False),
        ).combine_chunks()
    except pa.ArrowInvalid:
        return None
    if table.num_rows != text.count(b"\n") + (not text.endswith(b"\n")):
        return None
    for name, kind in fields.items():
        if kind == "label":
            if not {value.removesuffix(".") for value in _dictionary(table, name)} <= set(LABELS):
                return None
        elif kind == "symbol":
            if "" in _dictionary(table, name):
                return None
        elif kind != "ignored":
            values = table.column(name).to_numpy()
            if not (in_range(kind, values.min()) and in_range(kind, values.max())):
                return None
    return table


def _dictionary(table: pa.Table, name: str) -> list[str]:
    return table.column(name).unify_dictionaries().chunk(0).dictionary.to_pylist()


def _diagnose(line: bytes, number: int, fields: dict[str, Field]) -> BadRecord | None:
    """Describe the first error of a line; None for a valid line."""
    text = line.decode("utf-8", "backslashreplace")
    values = text.split(",")
    if len(values) != len(fields):
        return BadRecord(number, "(record)", f"{len(values)} fields", f"{len(fields)} fields", text)
    if "\r" in text or "\0" in text or text.encode() != line:
        return BadRecord(number, "(record)", text, "text in UTF-8 without control characters", text)
    for (name, kind), value in zip(fields.items(), values, strict=True):
        if kind == "label":
            if value.removesuffix(".") not in LABELS:
                return BadRecord(number, name, value, f"one of {', '.join(LABELS)}", text)
        elif kind != "ignored" and not _is_valid(value, kind):
            return BadRecord(number, name, value, EXPECTED[kind], text)
    return None


def _is_valid(value: str, kind: Kind) -> bool:
    if kind == "symbol":
        return value != ""
    if kind == "rate":
        return bool(_NUMBER.fullmatch(value)) and bool(in_range(kind, float(value)))
    digits = _WHOLE_NUMBER.fullmatch(value)
    number = int(digits[1] + digits[2]) if digits else -1
    return number <= _INT64_MAX and bool(in_range(kind, number))


def _block(table: pa.Table, line: np.ndarray, bad: list[BadRecord]) -> Block:
    label = None
    if LABEL in table.column_names:
        encoded = table.column(LABEL).unify_dictionaries().chunk(0) if table.num_rows else pa.array([], _WORD)
        words = [value.removesuffix(".") for value in encoded.dictionary.to_pylist()]
        label = pa.DictionaryArray.from_arrays(encoded.indices, pa.array(words, pa.string()))
    return Block(table.select(list(COLUMNS)), label, line, bad)
