"""Parses raw text into checked records. Arrow reads whole blocks; a block that fails is read again line by line.

The two readers accept the same lines, which a property test checks. The slow one finds the wrong line, its column and
the reason.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Event
from typing import BinaryIO, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv

from src.data.lines import LONGEST_LINE, LongLine, pieces, split_lines, whole_lines, without_padding
from src.data.schema import COLUMNS, DIFFICULTY, EXPECTED, LABEL, LABELS, TRAILING, Kind, RecordFormat, in_range

BLOCK_BYTES = 16 << 20  # about 110,000 records: large enough for Arrow's threads, small beside the encoded matrix
PIECE_BYTES = 128 << 10  # of a block with a bad line: at most so many lines are bad at once
GATHERED, GATHERED_BAD = 50_000, 1_000  # records or bad lines that blocks are joined up to
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
_WHOLE_NUMBER = re.compile(r"(-?)(?=[0-9])0*+([0-9]{0,19})")  # more digits than int64 has do not fit
# `++` and `*+` give nothing back, so that a long run of digits takes no quadratic time
_NUMBER = re.compile(r"-?([0-9]++\.?[0-9]*+|\.[0-9]++)([eE][-+]?[0-9]++)?")
_INT64_MAX = 2**63 - 1
_SHORTEST = 2 * len(COLUMNS)  # bytes of a record: each value has a byte, and a comma or line end behind it
_ONE_OF_LABELS = f"one of {', '.join(LABELS)}"


@dataclass(frozen=True)
class BadRecord:
    """Malformed line: its 1-based `line`, the wrong `column` and `value`, what was `expected`, and its bytes.

    Attributes:
        raw: The line as it is in the input, without its end; of a line that is too long, the first bytes.
    """

    line: int
    column: str
    value: str
    expected: str
    raw: bytes

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
    separator: bytes = b",",
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
        separator: Byte between two fields.
        block_bytes: Bytes to read at once. A block is shorter where a line is malformed.
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
    for raw in whole_lines(stream, block_bytes):
        size = raw.size if isinstance(raw, LongLine) else len(raw)
        if isinstance(raw, LongLine):
            blocks: Iterable[Block] = [_left_out(raw, fields, line)]
        else:
            if line == 1:
                raw = raw.removeprefix(codecs.BOM_UTF8)  # spreadsheets write it before the first value
            text = _plain(raw, separator)
            if line == 1 and label == "ignored":
                head, _, rest = text.partition(b"\n")
                if head.startswith(f"{next(iter(COLUMNS))},".encode()):
                    raw, text, line = raw.partition(b"\n")[2], rest, 2
            if text and not counted:  # the header may fill the first block
                extra = max(0, text.partition(b"\n")[0].count(b",") + 1 - len(COLUMNS))
                fields |= dict.fromkeys((LABEL, DIFFICULTY)[:extra], "ignored")
                counted = True
            blocks = _parse(raw, text, separator, fields, line) if text else []
        for block in blocks:
            if block.bad and on_bad_record == "stop":
                raise BadRecordError(
                    f"{source}: {block.bad[0]}; correct the line, or leave bad records out with "
                    "preprocess.on_bad_record=quarantine (predict: --on-bad-record quarantine)"
                )
            line += len(block.line) + len(block.bad)
            yield block
        on_bytes(size)


def ahead(blocks: Iterator[Block]) -> Iterator[Block]:
    """Yield the same records, but read and parse the next block in a thread while the caller uses the current one.

    Short blocks, as bad lines make them, come as one. The thread ends soon after the caller does: after a short block,
    not after all that would come as one.
    """
    ended = Event()

    def next_block() -> Block | None:
        gathered: list[Block] = []
        for block in blocks:
            gathered.append(block)
            records, bad = sum(len(one.line) for one in gathered), sum(len(one.bad) for one in gathered)
            if records >= GATHERED or bad >= GATHERED_BAD or ended.is_set():
                break
        return _as_one(gathered)

    with ThreadPoolExecutor(1) as thread:
        try:
            future = thread.submit(next_block)
            while (block := future.result()) is not None:
                future = thread.submit(next_block)
                yield block
        finally:
            ended.set()


def _as_one(blocks: list[Block]) -> Block | None:
    """Join consecutive blocks; None for none."""
    if len(blocks) < 2:
        return blocks[0] if blocks else None
    label = None
    if blocks[0].label is not None:
        label = pa.chunked_array([block.label for block in blocks], _WORD).unify_dictionaries().combine_chunks()
    return Block(
        pa.concat_tables([block.columns for block in blocks]).combine_chunks(),
        label,
        np.concatenate([block.line for block in blocks]),
        [bad for block in blocks for bad in block.bad],
    )


def _plain(raw: bytes, separator: bytes) -> bytes:
    """Write lines with commas between values and nothing beside them; the number of lines stays the same."""
    text = raw.replace(b"\r\n", b"\n") if b"\r" in raw else raw
    if separator != b",":
        # a comma inside a value becomes a byte that no number has: a decimal comma must not begin a field
        text = text.translate(bytes.maketrans(b"," + separator, b";,"))
    return without_padding(text)


def _parse(raw: bytes, text: bytes, separator: bytes, fields: dict[str, Field], line: int) -> Iterator[Block]:
    """Parse lines at once, or in pieces where one of them is malformed: memory and time are bounded.

    Args:
        raw: The lines as they are in the input.
        text: The same lines as `_plain` writes them.
        line: 1-based line of the first.
    """
    table = None if _is_odd(text) else _parse_fast(text, fields)
    if table is not None:
        yield _block(table, np.arange(line, line + table.num_rows), [])
        return
    for piece in pieces(raw, PIECE_BYTES):
        block = _parse_piece(piece, _plain(piece, separator), fields, line)
        if separator != b",":
            block = replace(block, bad=[replace(bad, value=bad.value.replace(";", ",")) for bad in block.bad])
        line += len(block.line) + len(block.bad)
        yield block


def _parse_piece(raw: bytes, text: bytes, fields: dict[str, Field], line: int) -> Block:
    table = None if _is_odd(text) else _parse_fast(text, fields)
    if table is not None:
        return _block(table, np.arange(line, line + table.num_rows), [])
    lines = list(enumerate(split_lines(text), line))
    raw_lines = split_lines(raw)
    bad = [bad for number, row in lines if (bad := _diagnose(row, number, fields, raw_lines[number - line]))]
    left_out = {record.line for record in bad}
    good = [(number, row) for number, row in lines if number not in left_out]
    text = b"\n".join(row for _, row in good)
    table = _parse_fast(text, fields, chunk=len(text) + 1)  # a line may be longer than a chunk, which Arrow refuses
    if table is None:
        raise AssertionError(f"lines {line} to {lines[-1][0]}: found no wrong line, expected one that Arrow refuses; "
                             "correct _diagnose")  # fmt: skip
    return _block(table, np.array([number for number, _ in good], dtype=np.int64), bad)


def _left_out(long: LongLine, fields: dict[str, Field], line: int) -> Block:
    """Make the block of one line that is too long to be a record."""
    table = _parse_fast(b"", fields)
    assert table is not None
    expected = f"at most {LONGEST_LINE:,} bytes in a line"
    bad = BadRecord(line, "(record)", f"a line of {long.size:,} bytes", expected, long.start)
    return _block(table, np.zeros(0, dtype=np.int64), [bad])


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
    rows = text.count(b"\n") + (not text.endswith(b"\n"))
    if rows * _SHORTEST > len(text) + 1:  # Arrow would make 42 empty values of each empty line before it fails
        return None
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(text),
            pa.csv.ReadOptions(column_names=list(fields), block_size=chunk),
            pa.csv.ParseOptions(quote_char=False, escape_char=False, ignore_empty_lines=False),
            pa.csv.ConvertOptions(column_types=types, null_values=[], strings_can_be_null=False),
        ).combine_chunks()
    except pa.ArrowInvalid:
        return None
    if table.num_rows != rows:
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


def _diagnose(line: bytes, number: int, fields: dict[str, Field], raw: bytes) -> BadRecord | None:
    """Describe the first error of a line; None for a valid line."""
    text = line.decode("utf-8", "backslashreplace")
    values = text.split(",")
    if len(values) != len(fields):
        return BadRecord(number, "(record)", f"{len(values)} fields", f"{len(fields)} fields", raw)
    if "\r" in text or "\0" in text or text.encode() != line:
        return BadRecord(number, "(record)", text, "text in UTF-8 without control characters", raw)
    for (name, kind), value in zip(fields.items(), values, strict=True):
        if kind == "label":
            if value.removesuffix(".") not in LABELS:
                return BadRecord(number, name, value, _ONE_OF_LABELS, raw)
        elif kind != "ignored" and not _is_valid(value, kind):
            return BadRecord(number, name, value, EXPECTED[kind], raw)
    return None


def _is_valid(value: str, kind: Kind) -> bool:
    if kind == "symbol":
        return value != ""
    if kind == "rate":
        return bool(_NUMBER.fullmatch(value)) and bool(in_range(kind, float(value)))
    digits = _WHOLE_NUMBER.fullmatch(value)
    number = int(f"{digits[1]}0{digits[2]}") if digits else -1
    return number <= _INT64_MAX and bool(in_range(kind, number))


def _block(table: pa.Table, line: np.ndarray, bad: list[BadRecord]) -> Block:
    label = None
    if LABEL in table.column_names:
        encoded = table.column(LABEL).unify_dictionaries().chunk(0) if table.num_rows else pa.array([], _WORD)
        words = [value.removesuffix(".") for value in encoded.dictionary.to_pylist()]
        label = pa.DictionaryArray.from_arrays(encoded.indices, pa.array(words, pa.string()))
    return Block(table.select(list(COLUMNS)), label, line, bad)
