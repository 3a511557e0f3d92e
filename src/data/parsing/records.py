"""Parses raw text into checked records. Arrow reads whole blocks; a block that fails is read again line by line.

The two readers accept the same lines, which a property test checks. The slow one, `src.data.parsing.line_reader`, also
reads numbers that are written another way, and finds the wrong line, its column and the reason.
"""

import codecs
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from threading import Event
from typing import Any, BinaryIO, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv

from src.data.parsing.dialect import is_odd, is_whole, read_label, read_word, without_quotes
from src.data.parsing.header import LabelColumn, first_lines, read_head, refuse_headers, without_lines
from src.data.parsing.line_reader import Field, LineReader, Wrong
from src.data.parsing.lines import LONGEST_LINE, LongLine, pieces, split_lines, whole_lines, without_padding
from src.data.parsing.reading import Reading
from src.data.schema import Schema, in_range

BLOCK_BYTES = 16 << 20  # about 110,000 records: large enough for Arrow's threads, small beside the encoded matrix
PIECE_BYTES = 128 << 10  # of a block with a bad line: at most so many lines are bad at once
GATHERED, GATHERED_BAD = 50_000, 1_000  # records or bad lines that blocks are joined up to
CHUNK_BYTES = 1 << 20  # bytes that one of Arrow's threads reads at once: they fit the processor's cache
SHOWN = 100  # characters of a wrong value that a message shows
OnBadRecord = Literal["stop", "quarantine"]

_WORD, _WHOLE = pa.dictionary(pa.int32(), pa.string()), pa.int64()
_ARROW_TYPES: dict[Field, pa.DataType] = {
    **dict.fromkeys(("count", "binary", "level"), _WHOLE),
    **dict.fromkeys(("rate", "real"), pa.float64()),
    **dict.fromkeys(("category", "label", "ignored", "empty"), _WORD),
}


class BadRecord(NamedTuple):
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
        columns: Columns that features are made of, by name, n values each (int64, float64 or dictionary of string).
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
    schema: Schema,
    *,
    label: LabelColumn = "required",
    on_bad_record: OnBadRecord = "stop",
    separator: bytes = b",",
    block_bytes: int = BLOCK_BYTES,
    on_bytes: Callable[[int], object] = lambda count: None,
    reading: Reading | None = None,
) -> Iterator[Block]:
    """Read records of comma-separated values block by block.

    Below a header the columns are taken by its names. Without one they have the order of the schema. Values are read as
    `src.data.parsing.dialect` says. Blank lines are passed over.

    Args:
        stream: Uncompressed text, one record a line.
        source: Name of the file, for messages.
        schema: Columns and labels.
        label: `required`: each record has a known label. `ignored`: it is not read, and may be missing.
        on_bad_record: `stop` raises at the first malformed record; `quarantine` leaves it out and lists it.
        separator: Byte between two fields.
        block_bytes: Bytes to read at once. A block is shorter where a line is malformed.
        on_bytes: Callback for each block that was read, with its number of bytes.
        reading: Takes notes on how the source was read.
    Yields:
        Blocks, in order; a block may have no records.
    Raises:
        BadRecordError: a record is malformed; names file, line, column, value and what was expected.
        HeaderError: a header lacks a column, or names it twice, or stands among the records; or there are no records.
    """
    reading = reading if reading is not None else Reading()
    blocks = _plain_blocks(stream, block_bytes, separator)
    begin = first_lines(blocks, schema)
    start = b"".join(text for _, text in begin)
    head = read_head(start, source, schema=schema, label=label, reading=reading)
    reader = LineReader(schema, head.fields, comments=head.is_arff)
    line = 1
    for raw, plain in chain(begin, blocks):
        n_lines = _count_lines(plain)
        parsed: Iterable[Block]
        if isinstance(raw, LongLine):
            parsed = [_left_out(raw, reader, line)]
        else:
            parts = without_lines(raw, plain, line, head.passed_over)
            parsed = chain.from_iterable(
                _parse(part, text, first, n_lines if text is plain else _count_lines(text), separator, reader, reading)
                for part, text, first in parts
            )
        for block in parsed:
            refuse_headers(((bad.line, bad.raw) for bad in block.bad), head, source, schema)
            if block.bad and on_bad_record == "stop":
                raise BadRecordError(
                    f"{source}: {block.bad[0]}; correct the line, or leave bad records out with "
                    "preprocess.on_bad_record=quarantine (predict: --on-bad-record quarantine); kinds of columns are "
                    f"declared in conf/dataset/schema/{schema.name}.yaml"
                )
            yield block
        line += n_lines
        on_bytes(raw.size if isinstance(raw, LongLine) else len(raw))


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


def _plain_blocks(stream: BinaryIO, block_bytes: int, separator: bytes) -> Iterator[tuple[bytes | LongLine, bytes]]:
    """Cut a stream into blocks of whole lines; yields each as it is and as `plain` writes it.

    A line that is too long is a blank line there, so that the lines after it keep their numbers.
    """
    for number, raw in enumerate(whole_lines(stream, block_bytes)):
        yield raw, b"\n" if isinstance(raw, LongLine) else plain(raw, separator, first=number == 0)


def plain(raw: bytes, separator: bytes, *, first: bool) -> bytes:
    """Write lines with commas between values and nothing beside them; the number of lines stays the same.

    Args:
        first: If true, the lines are the first of the file, where spreadsheets write a byte order mark.
    """
    if first:
        raw = raw.removeprefix(codecs.BOM_UTF8)
    text = raw.replace(b"\r\n", b"\n") if b"\r" in raw else raw
    if separator != b",":
        # a comma inside a value would separate fields, so it becomes a semicolon, which no number has
        text = text.translate(bytes.maketrans(b"," + separator, b";,"))
    return without_padding(text)


def _count_lines(text: bytes) -> int:
    return text.count(b"\n") + (text != b"" and not text.endswith(b"\n"))


def _parse(
    raw: bytes, text: bytes, line: int, n_lines: int, separator: bytes, reader: LineReader, reading: Reading
) -> Iterator[Block]:
    """Parse lines at once, or in pieces where one of them is malformed: memory and time are bounded.

    Args:
        raw: The lines as they are in the input.
        text: The same lines as `plain` writes them.
        line: 1-based line of the first.
        n_lines: Number of the lines.
    """
    if text.startswith(b"\n") and not text.strip(b"\n"):
        reading.blank_lines += len(text)
        return
    table = _parse_fast(text, n_lines, reader, reading)
    if table is None and reader.has_floats(text[: text.find(b"\n")]):
        table = _parse_fast(text, n_lines, reader, reading, whole=pa.float64())
    if table is not None:
        yield _block(table, reader, np.arange(line, line + table.num_rows), [])
        return
    short = n_lines * reader.shortest > len(text)  # many lines in few bytes: Ctrl-C waits for a piece
    for piece in pieces(raw, PIECE_BYTES // 8 if short else PIECE_BYTES):
        text = plain(piece, separator, first=line == 1)
        block = _parse_piece(piece, text, line, reader, reading)
        if separator != b",":
            block = replace(block, bad=[bad._replace(value=bad.value.replace(";", ",")) for bad in block.bad])
        line += _count_lines(text)
        yield block


def _parse_piece(raw: bytes, text: bytes, line: int, reader: LineReader, reading: Reading) -> Block:
    """Parse lines at once but for blank ones, or one by one."""
    lines = split_lines(text)
    if reader.comments:
        commented = sum(one.startswith(b"%") for one in lines)
        lines = [b"" if one.startswith(b"%") else one for one in lines] if commented else lines
        reading.comments += commented
        reading.blank_lines -= commented
    filled = [number for number, one in enumerate(lines) if one]
    reading.blank_lines += len(lines) - len(filled)
    text = b"\n".join([lines[number] for number in filled])
    table, bad = _parse_fast(text, len(filled), reader, reading), []
    if table is None:
        raw_lines, rows, good = split_lines(raw), [], []
        for number in filled:
            row = reader.read(lines[number])
            if isinstance(row, Wrong):
                bad.append(BadRecord(line + number, *row, raw_lines[number]))
            else:
                rows.append(row)
                good.append(number)
        table, filled = _table(rows, reader, reading), good
    return _block(table, reader, np.array(filled, dtype=np.int64) + line, bad)


def _table(rows: list[list[Any]], reader: LineReader, reading: Reading) -> pa.Table:
    """Make a table of values that `LineReader` read."""
    columns: dict[str, pa.Array] = {}
    for position, (name, kind) in enumerate(reader.fields.items()):
        if kind not in ("ignored", "empty"):
            is_word = kind in ("category", "label")
            array = pa.array([row[position] for row in rows], pa.string() if is_word else _ARROW_TYPES[kind])
            columns[name] = array.dictionary_encode() if is_word else array
    table = _read_words(pa.table(columns), reader, reading, quoted=False)
    assert table is not None  # LineReader takes no word that cannot be read
    reading.missing.update(reader.missing)
    reader.missing.clear()
    return table


def _left_out(long: LongLine, reader: LineReader, line: int) -> Block:
    """Make the block of one line that is too long to be a record."""
    expected = f"at most {LONGEST_LINE:,} bytes in a line"
    bad = BadRecord(line, "(record)", f"a line of {long.size:,} bytes", expected, long.start)
    return _block(_table([], reader, Reading()), reader, np.zeros(0, dtype=np.int64), [bad])


def _parse_fast(
    text: bytes, n_lines: int, reader: LineReader, reading: Reading, whole: pa.DataType = _WHOLE
) -> pa.Table | None:
    """Parse all records of the text with Arrow; None if any of them is malformed, or not written plainly.

    Args:
        n_lines: Number of lines of the text.
        whole: Type that whole numbers are read as: int64, or float64 where they are written with a dot.
    """
    fields, marks = reader.fields, reader.schema.missing
    types = {name: whole if _ARROW_TYPES[kind] == _WHOLE else _ARROW_TYPES[kind] for name, kind in fields.items()}
    if not text:
        return pa.table({name: pa.array([], kind) for name, kind in types.items()})
    if "" in marks and (text.startswith(b"\n") or b"\n\n" in text):
        return None  # Arrow would make a record of missing values of a blank line
    # Arrow would make an empty value for each field of an empty line before it fails
    if is_odd(text) or n_lines * reader.shortest > len(text) + 1:
        return None
    # a copy that Arrow owns: its threads may let go of it after Python has begun to end, where they cannot free bytes
    owned = pa.allocate_buffer(len(text))
    memoryview(owned).cast("B")[:] = text
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(owned),
            pa.csv.ReadOptions(column_names=list(fields), block_size=CHUNK_BYTES),
            pa.csv.ParseOptions(quote_char=False, escape_char=False, ignore_empty_lines=False),
            pa.csv.ConvertOptions(column_types=types, null_values=marks, strings_can_be_null=False),
        ).combine_chunks()
    except pa.ArrowInvalid:
        return None
    if table.num_rows != n_lines:
        return None
    quotes, counts = b'"' in text, dict[str, int]()
    for name, kind in fields.items():
        if kind == "category" or kind == "label" or kind == "ignored" or kind == "empty":  # mypy narrows no `in`
            if quotes and not all(map(is_whole, _dictionary(table, name))):
                return None
            if kind == "empty" and _dictionary(table, name) != [""]:
                return None
        else:
            if marks and (missing := table.column(name).null_count):
                counts[name] = missing
                filled = table.column(name).fill_null(0)
                table = table.set_column(table.column_names.index(name), name, filled)
            values = table.column(name).to_numpy()
            if not (in_range(kind, values.min()) and in_range(kind, values.max())):
                return None
            if types[name] != _ARROW_TYPES[kind]:
                # beyond 2^53 neighbors are one float64: a number without a dot is read digit by digit
                if values.max() >= 2**53 or (values % 1).any():
                    return None
                table = table.set_column(table.column_names.index(name), name, pa.array(values.astype(np.int64)))
    read = _read_words(table, reader, reading, quoted=quotes)
    reading.missing.update(counts if read is not None else {})
    return read


def _read_words(table: pa.Table, reader: LineReader, reading: Reading, *, quoted: bool) -> pa.Table | None:
    """Put the words of categories and labels in their known spelling; None if one cannot be read.

    Args:
        quoted: True if the words may still have the quotes of CSV.
    """
    respelled: list[tuple[str, str, int]] = []
    for name, kind in reader.fields.items():
        if kind not in ("category", "label") or not table.num_rows:
            continue
        encoded = table.column(name).unify_dictionaries().chunk(0)
        texts = [without_quotes(text) if quoted else text for text in encoded.dictionary.to_pylist()]
        schema = reader.schema
        words = [read_label(schema, text) if kind == "label" else read_word(schema, name, text) for text in texts]
        if None in words:
            return None
        if [text.removesuffix(".") if kind == "label" else text for text in texts] != words:
            counts = np.bincount(encoded.indices.to_numpy(), minlength=len(words)).tolist()
            respelled += [
                (text, word, count)
                for text, word, count in zip(texts, words, counts, strict=True)
                if word is not None and text not in ("", word, f"{word}.")  # `` is a missing value
            ]
        if encoded.dictionary.to_pylist() != words:
            read = pa.DictionaryArray.from_arrays(encoded.indices, pa.array(words, pa.string()))
            table = table.set_column(table.column_names.index(name), name, read)
    reading.add_words(respelled)
    return table


def _dictionary(table: pa.Table, name: str) -> list[str]:
    return table.column(name).unify_dictionaries().chunk(0).dictionary.to_pylist()


def _block(table: pa.Table, reader: LineReader, line: np.ndarray, bad: list[BadRecord]) -> Block:
    schema, label = reader.schema, None
    if reader.fields.get(schema.label) == "label":
        chunks = table.column(schema.label).unify_dictionaries().chunks
        label = chunks[0] if chunks else pa.array([], _WORD)
    return Block(table.select(list(schema.kinds)), label, line, bad)
