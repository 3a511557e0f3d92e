"""Messages of an Arrow file or stream, each checked before Arrow unpacks it: by the sizes that it states.

Arrow reads a whole batch at once, and unpacks all of it. The first 8 bytes of a packed buffer say how large it becomes.
The layout of messages is that of `Message.fbs` in Apache Arrow's format.
"""

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from src.data.formats.kinds import ARROW_FILE, ARROW_STREAM

MOST_BATCH_BYTES = 256 << 20  # packed and unpacked together: about 700,000 records
MOST_DESCRIPTION_BYTES = 1 << 20  # of a message; 1,000 columns take 100 kB
_SCHEMA, _DICTIONARY, _BATCH = 1, 2, 3  # kinds of messages
_TYPES_WITH_LIST = (10, 14)  # timestamp, union
_POINTER_BYTES = 16  # that Arrow takes for a field or a pair, at least
_SMALLER = "write the table again in batches of 100,000 records, or as Parquet or CSV"


class MessageStream:
    """Stream of the messages of an Arrow file or stream, for `pyarrow.ipc.open_stream`.

    An Arrow file holds an Arrow stream between its marks. It is read as such, and has to be complete.

    Args:
        file: Open file at its begin.
        whole_file: True for an Arrow file, False for an Arrow stream.
    Raises:
        ValueError: while it is read: a message is larger than is read at once.
        EOFError: while it is read: the file ends too early.
    """

    closed = False

    def __init__(self, file: Any, *, whole_file: bool):
        self._parts = _parts(file, whole_file)
        self._part = memoryview(b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        """Leave the file open: its owner closes it."""

    def read(self, size: int) -> memoryview:
        """Next bytes: as many as asked for, or those to the end of a part of a message; none at the end."""
        if not self._part:
            self._part = memoryview(next(self._parts, b""))
        taken, self._part = self._part[:size], self._part[size:]
        return taken


class _Message(NamedTuple):
    """Facts of a message.

    Attributes:
        kind: Number of its kind.
        body: Bytes of its body.
        records: Number of its records, or of the words of a dictionary.
        packed: True if the buffers of its body are packed.
        buffers: Offset in the body and length of each buffer.
        dictionary: Number of the dictionary that it sets, if it is one.
        more: True if it adds to that dictionary.
    """

    kind: int
    body: int
    records: int = 0
    packed: bool = False
    buffers: tuple[tuple[int, int], ...] = ()
    dictionary: int = 0
    more: bool = False


def _parts(file: Any, whole_file: bool) -> Iterator[bytes]:
    """Yield the start, the description and the body of each message, all checked."""
    if whole_file:
        file.read(8)  # the mark, and two bytes behind it
    dictionaries: dict[int, int] = {}
    while start := _whole(file, 4):
        if start == ARROW_STREAM:  # older writers leave it out
            start += _exactly(file, 4)
        size = struct.unpack("<i", start[-4:])[0]
        if size == 0:
            break
        if not 0 < size <= MOST_DESCRIPTION_BYTES:
            raise ValueError(f"found a message that describes itself in {size:,} bytes, expected at most "
                             f"{MOST_DESCRIPTION_BYTES:,}")  # fmt: skip
        description = _exactly(file, size)
        message = _read_message(description)
        _check(message.body)
        body = _exactly(file, message.body)
        unpacked = sum(_unpacked_size(body, *buffer) for buffer in message.buffers) if message.packed else 0
        _check(message.body + unpacked)
        if message.kind == _BATCH and message.records > message.body + unpacked:
            raise ValueError(f"found {message.records:,} records in {message.body + unpacked:,} bytes, expected "
                             "a byte or more in each")  # fmt: skip
        if message.kind == _DICTIONARY:
            before = dictionaries.get(message.dictionary, 0) if message.more else 0
            dictionaries[message.dictionary] = before + message.body + unpacked
            _check(sum(dictionaries.values()))
        yield start
        yield description
        if body:
            yield body
    else:
        if whole_file:
            raise EOFError("the end of the table is missing")
        return
    if whole_file:
        _check_end(file)
    yield start


def _check(size: int) -> None:
    if not 0 <= size <= MOST_BATCH_BYTES:
        raise ValueError(
            f"found a batch that takes {size:,} bytes of memory, expected at most {MOST_BATCH_BYTES:,}; {_SMALLER}"
        )


def _check_end(file: Any) -> None:
    """Check that an Arrow file ends with its mark."""
    last = b""
    while chunk := file.read(1 << 20):
        last = (last + chunk)[-len(ARROW_FILE) :]
    if last != ARROW_FILE:
        raise EOFError("the end of the file is missing")


def _whole(file: Any, size: int) -> bytes:
    """Next bytes of a file, or none at its end."""
    data: bytes = file.read(size)
    while data and len(data) < size and (more := file.read(size - len(data))):
        data += more
    if data and len(data) < size:
        raise EOFError("a message is cut off")
    return data


def _exactly(file: Any, size: int) -> bytes:
    data = _whole(file, size)
    if len(data) < size:
        raise EOFError("a message is cut off")
    return data


def _unpacked_size(body: bytes, offset: int, length: int) -> int:
    """Bytes of a buffer after it is unpacked; -1 in the file says that this one is not packed."""
    size: int = struct.unpack_from("<q", body, offset)[0] if length else 0
    if size < -1:
        raise struct.error("a packed buffer has a negative size")
    return max(size, 0)


def check_schema(data: bytes) -> None:
    """Check that a schema takes no more memory than its description: many places may lead to one field or name.

    Args:
        data: Description of a message; one of another kind is passed over.
    Raises:
        ValueError: the schema takes more.
    """
    root = _table(data, 0)
    schema = _child(data, root, 2) if _scalar(data, root, 1, "<B") == _SCHEMA else 0
    if not schema:
        return
    left = 2 * len(data) - _size_of_pairs(data, _child(data, schema, 2), 2 * len(data))
    lists = [_child(data, schema, 1)]
    while lists:
        place = lists.pop()
        count = _count(data, place)
        left -= _POINTER_BYTES * count
        for number in range(count if left >= 0 else 0):
            field = _table(data, place + 4 + 4 * number)
            left -= _count(data, _child(data, field, 0)) + _count(data, _type_list(data, field))
            left -= _size_of_pairs(data, _child(data, field, 6), left)
            if left < 0:
                break
            lists.append(_child(data, field, 5))
        if left < 0:
            raise ValueError("found a schema that uses a field or name again and again, expected each once")


def _count(data: bytes, place: int) -> int:
    """Number of items of a list, or bytes of a text; 0 without a place."""
    return int(struct.unpack_from("<I", data, place)[0]) if place else 0


def _type_list(data: bytes, field: int) -> int:
    """Place of what a type lists: a timestamp its time zone, a union its ids; 0 for another type."""
    kind = _child(data, field, 3)
    return _child(data, kind, 1) if kind and _scalar(data, field, 2, "<B") in _TYPES_WITH_LIST else 0


def _size_of_pairs(data: bytes, place: int, most: int) -> int:
    """Bytes of a list of names and values; counted no further than beyond `most`."""
    size = 0
    for number in range(_count(data, place)):
        pair = _table(data, place + 4 + 4 * number)
        size += _POINTER_BYTES + _count(data, _child(data, pair, 0)) + _count(data, _child(data, pair, 1))
        if size > most:
            break
    return size


def _read_message(data: bytes) -> _Message:
    """Read the description of a message."""
    root = _table(data, 0)
    check_schema(data)
    kind, body = _scalar(data, root, 1, "<B"), _scalar(data, root, 3, "<q")
    batch = _child(data, root, 2)
    dictionary, more = 0, False
    if kind == _DICTIONARY and batch:
        dictionary, more = _scalar(data, batch, 0, "<q"), bool(_scalar(data, batch, 2, "<B"))
        batch = _child(data, batch, 1)
    if kind not in (_DICTIONARY, _BATCH) or not batch:
        return _Message(kind, body)
    buffers: tuple[tuple[int, int], ...] = ()
    if place := _child(data, batch, 2):
        count = struct.unpack_from("<I", data, place)[0]
        if count > len(data) // 16:
            raise struct.error("a message has fewer buffers than it says")
        buffers = tuple(struct.iter_unpack("<qq", data[place + 4 : place + 4 + 16 * count]))
    packed = _child(data, batch, 3) != 0
    return _Message(kind, body, _scalar(data, batch, 0, "<q"), packed, buffers, dictionary, more)


# A table begins with the distance back to the list of its fields. That list holds its own size, the size of the table
# and the place of each field in the table: 0 for one that is left out.


def _table(data: bytes, place: int) -> int:
    """Place that the offset at `place` leads to."""
    return place + struct.unpack_from("<I", data, place)[0]


def _field(data: bytes, table: int, number: int) -> int:
    """Place of a field; 0 if it is left out."""
    fields = table - struct.unpack_from("<i", data, table)[0]
    size = struct.unpack_from("<H", data, fields)[0]
    if 4 + 2 * number >= size:
        return 0
    offset = struct.unpack_from("<H", data, fields + 4 + 2 * number)[0]
    return table + offset if offset else 0


def _scalar(data: bytes, table: int, number: int, form: str) -> int:
    place = _field(data, table, number)
    return struct.unpack_from(form, data, place)[0] if place else 0


def _child(data: bytes, table: int, number: int) -> int:
    """Place of a table or list that a field leads to; 0 if it is left out."""
    place = _field(data, table, number)
    return _table(data, place) if place else 0
