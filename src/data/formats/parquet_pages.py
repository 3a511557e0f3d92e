"""Sizes of a Parquet file, checked before anything is unpacked: of its summary, and of its pages by their headers.

Parquet is unpacked page by page, a page of each column at once. The summary may give other sizes than the headers of
the pages, which are those that count. Both are laid out as `parquet.thrift` in Apache Parquet's format says.
"""

import base64
import os
import struct
from collections.abc import Collection
from typing import Any, NamedTuple

from src.data.formats.arrow_messages import check_schema
from src.data.formats.kinds import ARROW_STREAM
from src.data.formats.thrift import Fields, read_structure

MOST_PAGE_BYTES = 256 << 20  # of the largest page of each column, packed and unpacked, in all columns together
MOST_SUMMARY_BYTES = 2 << 20  # about 400 row groups; Arrow takes up to 70 times as much memory for it
_HEADER_BYTES = 1 << 10  # that nearly every header of a page has at most
_MOST_HEADER_BYTES = 1 << 20
_DELTA_STRINGS = 7  # encoding: one byte may stand for as many letters as the value before has
_END = 8  # bytes: the size of the summary, and the mark
_SMALLER = "write the table again with pages of 1 MB, as most programs do, or as CSV"


class Chunk(NamedTuple):
    """Pages of one column in a row group: those from `start` to `end` in the file."""

    column: str
    start: int
    end: int


def read_row_groups(file: Any) -> list[list[Chunk]]:
    """Find the pages of each row group of a Parquet file.

    Args:
        file: Open file; its position is the same afterwards.
    Raises:
        ValueError: the summary is larger than is read at once.
        EOFError: the file is cut off.
        struct.error: the summary is damaged.
    """
    before = file.tell()
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - _END))
    size = int.from_bytes(file.read(4), "little")
    if size + _END > end:
        raise EOFError("the summary of the table is cut off")
    if size > MOST_SUMMARY_BYTES:
        raise ValueError(
            f"found a table with a summary of {size:,} bytes, expected at most {MOST_SUMMARY_BYTES:,}; write the table "
            "again in row groups of 1,000,000 records, or as CSV"
        )
    file.seek(end - _END - size)
    try:
        summary, _ = read_structure(file.read(size))
    except IndexError:
        raise EOFError("the summary of the table is cut off") from None
    file.seek(before)
    _check_arrow_schema(summary)
    return [
        [_chunk(chunk.fields(3), end) for chunk in group.items_of(1, Fields)] for group in summary.items_of(4, Fields)
    ]


def _check_arrow_schema(summary: Fields) -> None:
    """Check the schema of Arrow that a summary may have among its texts."""
    for one in summary.items_of(5, Fields):
        if one.get(1) == b"ARROW:schema":
            try:
                message = base64.b64decode(one.get(2, b""), validate=True)
            except ValueError:
                raise EOFError("the schema in the summary of the table is damaged") from None
            check_schema(message[8:] if message.startswith(ARROW_STREAM) else message[4:])


def _chunk(facts: Fields, end: int) -> Chunk:
    name = b".".join(facts.items_of(3, bytes)).decode("utf-8", "replace")
    start, dictionary, size = facts.number(9), facts.number(11), facts.number(7)
    if 0 < dictionary < start:
        start = dictionary
    if start < 0 or size < 0 or start + size > end:
        raise EOFError(f"column {name} is cut off")
    return Chunk(name, start, start + size)


def check_pages(file: Any, group: list[Chunk], columns: Collection[int]) -> None:
    """Check that the pages of a row group can be unpacked.

    Args:
        file: Open file; its position is the same afterwards.
        columns: Numbers of those that will be read, by their place in the summary: Arrow goes by no name there.
    Raises:
        ValueError: they take too much memory, or words are written in a way that has no bound.
        EOFError: a page is cut off.
        struct.error: a page has a damaged header.
    """
    before = file.tell()
    total = 0
    if columns and max(columns) >= len(group):
        raise EOFError("a row group lacks columns")
    for number in columns:
        total += _largest_page(file, group[number])
        if total > MOST_PAGE_BYTES:
            raise ValueError(
                f"found pages that take {total:,} bytes of memory, expected at most {MOST_PAGE_BYTES:,}; {_SMALLER}"
            )
    file.seek(before)


def _largest_page(file: Any, chunk: Chunk) -> int:
    """Bytes that the largest page of a column takes, and its dictionary with it."""
    largest = dictionary = 0
    place = chunk.start
    while place < chunk.end:
        header, length = _read_header(file, place)
        unpacked, packed = header.number(2), header.number(3)
        if unpacked < 0 or packed < 0:
            raise struct.error(f"a page of column {chunk.column} has a negative size")
        if _DELTA_STRINGS in (header.fields(5).number(2), header.fields(8).number(4)):
            raise ValueError(
                f"column {chunk.column}: found the encoding DELTA_BYTE_ARRAY, expected plain values or a dictionary; "
                "write the table again without it, or as CSV"
            )
        dictionary = max(dictionary, unpacked if 7 in header else 0)
        largest = max(largest, unpacked + packed)
        place += length + packed
    return largest + dictionary


def _read_header(file: Any, place: int) -> tuple[Fields, int]:
    """Header of the page at a place, and its length."""
    size = _HEADER_BYTES
    while True:
        file.seek(place)
        data = file.read(size)
        try:
            return read_structure(data)
        except IndexError:
            if len(data) < size or size >= _MOST_HEADER_BYTES:
                raise EOFError("the header of a page is cut off") from None
        size = min(16 * size, _MOST_HEADER_BYTES)
