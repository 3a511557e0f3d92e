"""Text of Parquet and Arrow files: CSV below a header, batch by batch, so that one parser checks every record."""

import csv
import re
from collections.abc import Iterator
from io import BytesIO, StringIO
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

BATCH = 20_000  # records that are in memory at once
MOST_COLUMNS = 1_000
_METADATA_BYTES = 16 << 20  # a file that describes itself at greater length is refused
_PANDAS_INDEX = re.compile(r"__index_level_[0-9]+__")


def parquet_text(file: Any) -> Iterator[bytes]:
    """Write the records of an open Parquet file as CSV.

    Raises:
        ValueError: the file is damaged, or is no table of records.
    """
    parquet = pq.ParquetFile(
        file,
        pre_buffer=False,
        buffer_size=1 << 20,  # pages are read as they come, not a whole row group
        thrift_string_size_limit=_METADATA_BYTES,
        thrift_container_size_limit=_METADATA_BYTES,
    )
    names = _columns(parquet.schema_arrow)
    return _csv(parquet.iter_batches(BATCH, columns=names, use_threads=False), parquet.schema_arrow, names)


def arrow_text(file: Any, *, stream: bool) -> Iterator[bytes]:
    """Write the records of an open Arrow file or stream as CSV.

    Raises:
        ValueError: the file is damaged, or is no table of records.
    """
    if stream:
        reader = pa.ipc.open_stream(file)
        batches: Iterator[pa.RecordBatch] = iter(reader)
    else:
        reader = pa.ipc.open_file(file)
        batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
    names = _columns(reader.schema)
    slices = (
        batch.slice(start, BATCH).select(names) for batch in batches for start in range(0, max(1, len(batch)), BATCH)
    )
    return _csv(slices, reader.schema, names)


def _columns(schema: pa.Schema) -> list[str]:
    """Names of the columns that hold values; lists, structures and pandas' index are passed over."""
    if len(schema) > MOST_COLUMNS:
        raise ValueError(f"found {len(schema):,} columns, expected at most {MOST_COLUMNS:,}")
    if len(set(schema.names)) < len(schema):
        raise ValueError("found two columns of one name, expected each name once")
    return [one.name for one in schema if not (pa.types.is_nested(one.type) or _PANDAS_INDEX.fullmatch(one.name))]


def _csv(batches: Iterator[pa.RecordBatch], schema: pa.Schema, names: list[str]) -> Iterator[bytes]:
    plain = pa.schema([pa.field(name, _plain_type(schema.field(name).type)) for name in names])
    yield _header(names)
    for batch in batches:
        table = pa.Table.from_batches([batch]).select(names)
        yield _text(pa.table([_cast(table.column(one.name), one) for one in plain], schema=plain))


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
        pa.csv.write_csv(table, out, pa.csv.WriteOptions(include_header=False, quoting_style="needed"))
    return out.getvalue()
