"""Parses raw text into checked records. Arrow reads whole blocks; a block that fails is read again line by line.

The two readers accept the same lines, which a property test checks. The slow one finds the wrong line, its column and
the reason.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv

from src.data.dialect import is_whole, read_word, without_quotes
from src.data.header import LabelColumn, first_lines, read_head, without_lines
from src.data.line_reader import Field, LineReader, Wrong
from src.data.reading import Reading
from src.data.schema import COLUMNS, LABEL, RecordFormat, in_range

BLOCK_BYTES = 16 << 20  # about 110,000 records: large enough for Arrow's threads, small beside the encoded matrix
CHUNK_BYTES = 1 << 20  # bytes that one of Arrow's threads reads at once: they fit the processor's cache
SHOWN = 100  # characters of a wrong value that a message shows
OnBadRecord = Literal["stop", "quarantine"]

_WORD = pa.dictionary(pa.int32(), pa.string())
_ARROW_TYPES: dict[Field, pa.DataType] = {
    "count": pa.int64(),
    "binary": pa.int64(),
    "rate": pa.float64(),
    "level": pa.int64(),
    "symbol": _WORD,
    "label": _WORD,
    "ignored": _WORD,
    "empty": _WORD,
}
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
    reading: Reading | None = None,
) -> Iterator[Block]:
    """Read records of 41 comma-separated values (and a label, and a difficulty level) block by block.

    Below a header the columns are taken by its names, in any order. Without one they have the published order. Values
    are read as `src.data.dialect` says. Blank lines are passed over.

    Args:
        stream: Uncompressed text, one record a line.
        source: Name of the file, for messages.
        label: `required`: each record has a known label. `ignored`: fields behind the columns are not read.
        record_format: Fields behind the columns where there is no header. `kdd99`: a label. `nsl_kdd`: a label and a
            difficulty level. The level is checked and then dropped.
        on_bad_record: `stop` raises at the first malformed record; `quarantine` leaves it out and lists it.
        block_bytes: Bytes to parse at once; a longer line is still read whole.
        on_bytes: Callback for each block that was read, with its number of bytes.
        reading: Takes notes on how the source was read.
    Yields:
        Blocks, in order; a block may have no records.
    Raises:
        BadRecordError: a record is malformed; names file, line, column, value and what was expected.
        HeaderError: a header lacks a column, or names it twice.
    """
    reading = reading if reading is not None else Reading()
    blocks = _trimmed(_whole_lines(stream, block_bytes))
    begin = first_lines(blocks)
    start = b"".join(text for text, _ in begin)
    head = read_head(start, source, label=label, record_format=record_format, reading=reading)
    line = 1
    for whole, size in chain(begin, blocks):
        for number, text in without_lines(whole, line, head.passed_over):
            block = _parse(text, head.fields, number, reading)
            if block.bad and on_bad_record == "stop":
                raise BadRecordError(
                    f"{source}: {block.bad[0]}; correct the line, or leave bad records out with "
                    "preprocess.on_bad_record=quarantine (predict: --on-bad-record quarantine)"
                )
            yield block
        line += _count_lines(whole)
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


def _trimmed(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, int]]:
    """Take off what is no part of any value; yields each text and the number of bytes that it was made of."""
    for number, text in enumerate(blocks):
        size = len(text)
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n")
        if number == 0:
            text = text.removeprefix(codecs.BOM_UTF8)  # spreadsheets write it before the first value
        if b" " in text or b"\t" in text:
            text = _PADDING.sub(b"", text)
        yield text, size


def _count_lines(text: bytes) -> int:
    return text.count(b"\n") + (text != b"" and not text.endswith(b"\n"))


def _parse(text: bytes, fields: dict[str, Field], line: int, reading: Reading) -> Block:
    table = _parse_fast(text, fields, reading)
    if table is not None:
        return _block(table, fields, np.arange(line, line + table.num_rows), [])
    if text.startswith(b"\n") or b"\n\n" in text:
        text, number = _without_blank_lines(text, line, reading)
        table = _parse_fast(text, fields, reading)
    else:
        number = np.arange(line, line + _count_lines(text))
    if table is None:
        return _parse_slowly(text, fields, number, reading)
    return _block(table, fields, number, [])


def _without_blank_lines(text: bytes, line: int, reading: Reading) -> tuple[bytes, np.ndarray]:
    """Leave out blank lines, and count them; returns the text, and the line of the file of each line in it."""
    lines = text.removesuffix(b"\n").split(b"\n")
    number = np.flatnonzero(np.fromiter(map(len, lines), dtype=np.int64, count=len(lines)))
    reading.blank_lines += len(lines) - len(number)
    return b"\n".join(filter(None, lines)), number + line


def _parse_slowly(text: bytes, fields: dict[str, Field], lines: np.ndarray, reading: Reading) -> Block:
    """Parse line by line."""
    reader, rows, good, bad = LineReader(fields), [], [], []
    for number, one in zip(lines.tolist(), text.removesuffix(b"\n").split(b"\n"), strict=True):
        row = reader.read(one)
        if isinstance(row, Wrong):
            bad.append(BadRecord(number, *row, one.decode("utf-8", "backslashreplace")))
        else:
            rows.append(row)
            good.append(number)
    columns: dict[str, pa.Array] = {}
    for position, (name, kind) in enumerate(fields.items()):
        if kind not in ("ignored", "empty"):
            is_word = kind in ("symbol", "label")
            array = pa.array([row[position] for row in rows], pa.string() if is_word else _ARROW_TYPES[kind])
            columns[name] = array.dictionary_encode() if is_word else array
    table = _read_words(pa.table(columns), fields, reading)
    if table is None:
        raise AssertionError(f"lines {lines[0]} to {lines[-1]}: found a word that cannot be read; correct LineReader")
    return _block(table, fields, np.array(good, dtype=np.int64), bad)


def _is_odd(text: bytes) -> bool:
    """Detect text that Arrow accepts but the format does not: hexadecimal numbers, plus signs, byte order marks.

    A search for two bytes in a row takes ten times as long as one for a single byte, which most texts lack.
    """
    if b"\r" in text or b"\0" in text or text.startswith((codecs.BOM_UTF8, b"+")):
        return True
    if b"+" in text and (b",+" in text or b"\n+" in text):
        return True
    if b"x" not in text and b"X" not in text:
        return False
    letters = np.frombuffer(text, dtype=np.uint8)
    return bool(((letters[:-1] == ord("0")) & ((letters[1:] | 0x20) == ord("x"))).any())  # 0x20: small or capital


def _parse_fast(text: bytes, fields: dict[str, Field], reading: Reading) -> pa.Table | None:
    """Parse all records of the text with Arrow; None if any of them is malformed, or not written plainly."""
    types = {name: _ARROW_TYPES[kind] for name, kind in fields.items()}
    if not text:
        return pa.table({name: pa.array([], kind) for name, kind in types.items()})
    if _is_odd(text):
        return None
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(text),
            pa.csv.ReadOptions(column_names=list(fields), block_size=CHUNK_BYTES),
            pa.csv.ParseOptions(quote_char=False, escape_char=False, ignore_empty_lines=False),
            pa.csv.ConvertOptions(column_types=types, null_values=[], strings_can_be_null=False),
        ).combine_chunks()
    except pa.ArrowInvalid:
        return None
    if table.num_rows != _count_lines(text):
        return None
    quotes = b'"' in text
    for name, kind in fields.items():
        if kind == "symbol" or kind == "label" or kind == "ignored" or kind == "empty":  # mypy narrows no `in`
            if quotes and not all(map(is_whole, _dictionary(table, name))):
                return None
            if kind == "empty" and _dictionary(table, name) != [""]:
                return None
        else:
            values = table.column(name).to_numpy()
            if not (in_range(kind, values.min()) and in_range(kind, values.max())):
                return None
    return _read_words(table, fields, reading)


def _read_words(table: pa.Table, fields: dict[str, Field], reading: Reading) -> pa.Table | None:
    """Put the words of symbolic columns and labels in their published spelling; None if one cannot be read."""
    respelled: dict[str, tuple[str, int]] = {}
    for name, kind in fields.items():
        if kind not in ("symbol", "label") or not table.num_rows:
            continue
        encoded = table.column(name).unify_dictionaries().chunk(0)
        texts = [without_quotes(text) for text in encoded.dictionary.to_pylist()]
        words = [read_word(name, text) for text in texts]
        if None in words:
            return None
        if [text.removesuffix(".") if kind == "label" else text for text in texts] != words:
            counts = np.bincount(encoded.indices.to_numpy(), minlength=len(words)).tolist()
            respelled |= {
                text: (word, count)
                for text, word, count in zip(texts, words, counts, strict=True)
                if word is not None and text not in (word, f"{word}.")
            }
        if encoded.dictionary.to_pylist() != words:
            read = pa.DictionaryArray.from_arrays(encoded.indices, pa.array(words, pa.string()))
            table = table.set_column(table.column_names.index(name), name, read)
    reading.add_words(respelled)
    return table


def _dictionary(table: pa.Table, name: str) -> list[str]:
    return table.column(name).unify_dictionaries().chunk(0).dictionary.to_pylist()


def _block(table: pa.Table, fields: dict[str, Field], line: np.ndarray, bad: list[BadRecord]) -> Block:
    label = None
    if fields.get(LABEL) == "label":
        chunks = table.column(LABEL).unify_dictionaries().chunks
        label = chunks[0] if chunks else pa.array([], _WORD)
    return Block(table.select(list(COLUMNS)), label, line, bad)
