"""Reader of Thrift's compact protocol, in which Parquet describes itself. Fields have numbers instead of names."""

import struct
from typing import Any

_MOST_DEPTH = 32  # of structures and lists in one another
_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(13)


class Fields(dict[int, Any]):
    """Fields of a structure by their numbers."""

    def number(self, field: int) -> int:
        """Whole number; 0 if it is left out."""
        return self._get(field, int, 0)

    def fields(self, field: int) -> "Fields":
        """Structure; an empty one if it is left out."""
        return self._get(field, Fields, Fields())

    def items_of(self, field: int, kind: type) -> list[Any]:
        """List of values of one kind; empty if it is left out."""
        items: list[Any] = self._get(field, list, [])
        if not all(isinstance(one, kind) for one in items):
            raise struct.error(f"field {field} is a list of other values")
        return items

    def _get(self, field: int, kind: type, left_out: Any) -> Any:
        value = self.get(field, left_out)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise struct.error(f"field {field} is of another kind")
        return value


def read_structure(data: bytes) -> tuple[Fields, int]:
    """Read a structure at the begin of data.

    Returns:
        Its fields, and its length.
    Raises:
        IndexError: the data ends within the structure.
        struct.error: it is no structure.
    """
    reader = _Reader(data)
    return reader.structure(0), reader.place


class _Reader:
    def __init__(self, data: bytes):
        self._data = data
        self.place = 0

    def structure(self, depth: int) -> Fields:
        if depth > _MOST_DEPTH:
            raise struct.error("structures in one another have no end")
        fields = Fields()
        number = 0
        while (byte := self._byte()) & 15 != _STOP:
            number = number + (byte >> 4) if byte >> 4 else self._signed()
            fields[number] = (byte & 15) == _TRUE if byte & 15 in (_TRUE, _FALSE) else self._value(byte & 15, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (_I16, _I32, _I64):
            return self._signed()
        if kind == _BINARY:
            return self._bytes(self._unsigned())
        if kind == _STRUCT:
            return self.structure(depth + 1)
        if kind in (_TRUE, _FALSE, _BYTE):  # a truth value in a list is a byte
            return self._byte()
        if kind == _DOUBLE:
            return self._bytes(8)
        if kind in (_LIST, _SET):
            return self._list(depth)
        if kind == _MAP:
            return self._map(depth)
        raise struct.error(f"there is no kind {kind} of values")

    def _list(self, depth: int) -> list[Any]:
        byte = self._byte()
        count = self._unsigned() if byte >> 4 == 15 else byte >> 4
        if depth > _MOST_DEPTH:
            raise struct.error("lists in one another have no end")
        return [self._value(byte & 15, depth + 1) for _ in range(count)]

    def _map(self, depth: int) -> None:
        count = self._unsigned()
        kinds = self._byte() if count else 0
        for _ in range(count):
            self._value(kinds >> 4, depth + 1)
            self._value(kinds & 15, depth + 1)

    def _byte(self) -> int:
        self.place += 1
        return self._data[self.place - 1]

    def _bytes(self, size: int) -> bytes:
        begin, self.place = self.place, self.place + size
        if self.place > len(self._data):
            raise IndexError(self.place)
        return self._data[begin : self.place]

    def _unsigned(self) -> int:
        """Number of 7 bits a byte, the lowest first."""
        number = shift = 0
        while True:
            byte = self._byte()
            number |= (byte & 127) << shift
            if byte < 128:
                return number
            shift += 7
            if shift > 63:
                raise struct.error("a number has more than 64 bits")

    def _signed(self) -> int:
        number = self._unsigned()
        return (number >> 1) ^ -(number & 1)
