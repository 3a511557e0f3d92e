"""Text of Parquet and Arrow files: CSV below a header, batch by batch, so that one parser checks every record."""

import csv
import re
from collections.abc import Iterator
from io import BytesIO, StringIO
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from src.data.formats.arrow_messages import MessageStream
from src.data.formats.parquet_pages import MOST_SUMMARY_BYTES, Chunk, check_pages, read_row_groups
from src.data.parsing.header import is_header, names_field
from src.data.schema import Schema

BATCH = 20_000  # records that are in memory at once
MOST_COLUMNS = 1_000
_BATCH_BYTES = 32 << 20  # of records that are in memory at once, as text
_PANDAS_INDEX = re.compile(r"__index_level_[0-9]+__")


def parquet_text(file: Any, schema: Schema) -> Iterator[bytes]:
    """Write the records of an open Parquet file as CSV.

    Args:
        schema: Columns of the data set; others are not read.

    Raises:
        ValueError: the file is damaged, or is no table of records, or takes too much memory.
    """
    options: dict[str, Any] = {
        "pre_buffer": False,
        "buffer_size": 1 << 20,  # pages are read as they come, not a whole row group
        "thrift_string_size_limit": MOST_SUMMARY_BYTES,
        "thrift_container_size_limit": MOST_SUMMARY_BYTES,
    }
    groups = read_row_groups(file)
    parquet = pq.ParquetFile(file, **options)
    types = parquet.schema_arrow  # made anew at each access
    names = _columns(types, schema)
    kinds = [types.field(name).type for name in names]
    # words stay numbers of a dictionary, as one long word may stand in every record
    words = [name for name, kind in zip(names, kinds, strict=True) if _is_text(kind) or pa.types.is_string(kind)]
    parquet = pq.ParquetFile(file, read_dictionary=words, metadata=parquet.metadata, **options)
    types = parquet.schema_arrow
    return _csv(_parquet_batches(file, parquet, types, names, groups), types, names)


def _parquet_batches(
    file: Any, parquet: pq.ParquetFile, types: pa.Schema, names: list[str], groups: list[list[Chunk]]
) -> Iterator[pa.RecordBatch]:
    width = sum(_width(types.field(name).type) for name in names)
    stored, wanted = parquet.metadata.schema, set(names)
    columns = {number for number in range(parquet.metadata.num_columns) if stored.column(number).path in wanted}
    records = max(1, min(BATCH, _BATCH_BYTES // max(1, width)))
    for number, group in enumerate(groups):
        check_pages(file, group, columns)
        yield from parquet.iter_batches(records, row_groups=[number], columns=names, use_threads=False)


def arrow_text(file: Any, schema: Schema, *, stream: bool) -> Iterator[bytes]:
    """Write the records of an open Arrow file or stream as CSV.

    Args:
        schema: Columns of the data set; others are not read.

    Raises:
        ValueError: the file is damaged, or is no table of records, or takes too much memory.
    """
    reader = pa.ipc.open_stream(MessageStream(file, whole_file=not stream))
    names = _columns(reader.schema, schema)
    slices = (
        batch.slice(start, BATCH).select(names) for batch in reader for start in range(0, max(1, len(batch)), BATCH)
    )
    return _csv(slices, reader.schema, names)


def _columns(types: pa.Schema, schema: Schema) -> list[str]:
    """Names of the columns to read; lists, structures, pandas' index and columns of no meaning here are passed over.

    Where few names are known, the columns may be numbered, and all are read.
    """
    if len(types) > MOST_COLUMNS:
        raise ValueError(f"found {len(types):,} columns, expected at most {MOST_COLUMNS:,}")
    if len(set(types.names)) < len(types):
        raise ValueError("found two columns of one name, expected each name once")
    for one in types:
        if pa.types.is_run_end_encoded(one.type):
            raise ValueError(f"column {one.name}: found run-end encoded values, expected plain ones or a dictionary")
    names = [one.name for one in types if not (pa.types.is_nested(one.type) or _PANDAS_INDEX.fullmatch(one.name))]
    known = [name for name in names if names_field(schema, name)]
    return known if is_header(schema, known) else names


def _csv(batches: Iterator[pa.RecordBatch], types: pa.Schema, names: list[str]) -> Iterator[bytes]:
    plain = pa.schema([pa.field(name, _plain_type(types.field(name).type)) for name in names])
    yield _header(names)
    for batch in batches:
        batch.validate(full=True)  # a crafted table has places outside of its memory
        for part in _parts(batch, _bytes(batch)):
            table = pa.Table.from_batches([part]).select(names)
            yield _text(pa.table([_cast(table.column(one.name), one) for one in plain], schema=plain))


def _parts(batch: pa.RecordBatch, size: np.ndarray) -> Iterator[pa.RecordBatch]:
    """Divide a batch so that the text of a part is not much longer than `_BATCH_BYTES`.

    Args:
        size: Bytes of the values of each record.
    """
    begin = 0
    ends = np.cumsum(size)
    while begin < len(batch):
        before = ends[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, before + _BATCH_BYTES, side="right")))
        if end == begin + 1 and size[begin] > _BATCH_BYTES:
            raise ValueError(f"found a record of {size[begin]:,} bytes, expected at most {_BATCH_BYTES:,}")
        yield batch.slice(begin, end - begin)
        begin = end


def _bytes(batch: pa.RecordBatch) -> np.ndarray:
    """Count the bytes of the values of each record."""
    size = np.full(len(batch), sum(map(_width, batch.schema.types)), dtype=np.int64)
    for column in batch.columns:
        if (lengths := _lengths(column)) is not None:
            size += lengths
    return size


def _lengths(column: pa.Array) -> np.ndarray | None:
    """Bytes of each value of a column of words; None for a column of values of one width."""
    if pa.types.is_dictionary(column.type):
        lengths = _lengths(column.dictionary)
        if lengths is None or not len(lengths):
            return None
        return lengths[column.indices.fill_null(0).to_numpy(zero_copy_only=False)]
    if pa.types.is_string_view(column.type) or pa.types.is_binary_view(column.type):
        if not len(column):
            return np.zeros(0, dtype=np.int64)
        views = np.frombuffer(column.buffers()[1], dtype=np.int32).reshape(-1, 4)  # the first is the length
        lengths = views[column.offset : column.offset + len(column), 0].astype(np.int64)
        return np.where(column.is_null().to_numpy(zero_copy_only=False), 0, lengths)
    if _is_text(column.type) or pa.types.is_string(column.type):
        lengths = pc.binary_length(column).cast(pa.int64()).fill_null(0)
        return lengths.to_numpy(zero_copy_only=False)
    return None


def _width(kind: pa.DataType) -> int:
    """Bytes of a value whose type says them."""
    try:
        return -(-kind.bit_width // 8)
    except ValueError:  # words
        return 0


def _plain_type(kind: pa.DataType) -> pa.DataType:
    """Type whose values CSV can hold."""
    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_boolean(kind):
        return pa.int8()
    if pa.types.is_float16(kind):
        return pa.float32()
    return pa.string() if _is_text(kind) or pa.types.is_duration(kind) else kind


def _is_text(kind: pa.DataType) -> bool:
    tests = (
        *(pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary, pa.types.is_binary_view),
        *(pa.types.is_large_string, pa.types.is_string_view),
    )
    return any(test(kind) for test in tests)


def _cast(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    try:
        if pa.types.is_duration(column.type):  # CSV would have the bare number of whichever unit
            number = column.cast(pa.int64()).cast(pa.string())
            return pc.binary_join_element_wise(number, pa.scalar(column.type.unit), " ")
        return column.cast(field.type)
    except pa.ArrowInvalid as error:
        raise ValueError(f"column {field.name}: {error}") from None


def _header(names: list[str]) -> bytes:
    out = StringIO()
    csv.writer(out, lineterminator="\n").writerow(names)
    return out.getvalue().encode()


def _text(table: pa.Table) -> bytes:
    """Write a table as CSV, with quotes only where a value needs them."""
    out = BytesIO()
    try:
        pa.csv.write_csv(table, out, pa.csv.WriteOptions(include_header=False, quoting_style="none"))
    except pa.ArrowInvalid:
        out = BytesIO()
        for number, name in enumerate(table.column_names):
            if pa.types.is_string(table.schema.field(number).type):  # a line end in a value would begin another record
                column = pc.replace_substring_regex(table.column(number), "[\\r\\n]", " ")
                table = table.set_column(number, name, column)
        pa.csv.write_csv(table, out, pa.csv.WriteOptions(include_header=False, quoting_style="needed"))
    return out.getvalue()
