"""Opens a file of records by what it is, and gives its text: packed, in UTF-16, with other separators, or a table.

Everything is read in blocks, so that no file is in memory as a whole. What cannot be read is refused by its name.
"""

import codecs
import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa

from src.data.formats.kinds import (
    ARROW_FILE,
    ARROW_STREAM,
    COMPRESSED_NAMES,
    HEAD_BYTES,
    PARQUET,
    SEPARATORS,
    ZIP,
    compression,
    ends_lines_by_returns,
    foreign,
    separator,
    wide_encoding,
)
from src.data.schema import Schema

STANDARD_INPUT = Path("-")
_CHUNK = 1 << 20
_DIRECTORY_BYTES = 16 << 20  # of a zip: enough for 100,000 files
_TABLES = ("a Parquet file", "an Arrow file")  # whose text is ours
_EXPECTED = "raw records, comma-separated columns in each line, also packed as gz or zip, Parquet or Arrow"


@dataclass(frozen=True)
class RecordText:
    """Text of a file of records.

    Attributes:
        stream: Text in UTF-8 from its begin, a record a line.
        name: Name of the file, for messages.
        separator: Byte between two fields.
        notes: What the file is, where it is not a plain text or gz, in words.
        wrong_separator: What was found and expected, where text has another separator than its schema says.
        size: Bytes of the file; None for a pipe.
        position: Function that counts the bytes of the file that were read.
    """

    stream: BinaryIO
    name: str
    separator: bytes
    notes: tuple[str, ...]
    wrong_separator: str
    size: int | None
    position: Callable[[], int]


@contextmanager
def open_records(path: Path, schema: Schema, name: str | None = None) -> Iterator[RecordText]:
    """Open a file of records.

    Args:
        path: File, pipe or device; `-` is standard input.
        schema: Columns of the data set, whose number and separator it says.
        name: Name for messages, where the file is a copy of another.
    Raises:
        ValueError: the file is of a kind that is not read; says which.
        OSError: the file cannot be read, or is damaged; names it.
    """
    name = name or ("standard input" if path == STANDARD_INPUT else str(path))
    notes: list[str] = []
    with ExitStack() as stack:
        raw = stack.enter_context(os.fdopen(0, "rb", closefd=False) if path == STANDARD_INPUT else path.open("rb"))
        status = os.fstat(raw.fileno())
        plain = stat.S_ISREG(status.st_mode)
        file = raw if plain else io.BufferedReader(_Pipe(raw), HEAD_BYTES)
        begin = raw.tell() if plain else 0
        with _named(name):
            stream = _Stream(_unpacked(stack, file, schema, notes, plain=plain), name)
            text = _utf_8(stream, notes)
            head = text.head(HEAD_BYTES)
            if ends_lines_by_returns(head):
                notes.append("text with lines that end with a carriage return alone")
                text = _Stream(_Chunks(_with_line_feeds(_chunks(text))), name)
            head = text.head(HEAD_BYTES)
            declared = schema.separator.encode() if schema.separator else None
            if declared and declared in head.partition(b"\n")[0]:  # not so in the text of a Parquet file
                between = declared
            else:
                between = separator(head, len(schema.kinds))
            is_table = any(note in _TABLES for note in notes)
        wrong = ""
        if declared and between != declared and not is_table:
            names = {b",": "commas", **SEPARATORS}
            wrong = f"found {names[between]} between the fields, expected {names[declared]}, as the schema says"
        if between not in (b",", declared):
            notes.append(f"text with fields separated by {SEPARATORS[between]}")
        size = status.st_size - begin if plain else None
        position = (lambda: raw.tell() - begin) if plain else cast(_Pipe, cast(Any, file).raw).tell
        yield RecordText(cast(BinaryIO, text), name, between, tuple(notes), wrong, size, position)


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Put the name of the file before what is wrong with it; without a name, errors are left alone."""
    if not name:
        yield
        return
    try:
        yield
    except UnicodeError as error:
        raise ValueError(f"{name}: found {error}, expected text; the file is damaged: fetch it again") from error
    except (pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise ValueError(f"{name}: {error}; expected {_EXPECTED}") from error
    except (zlib.error, zipfile.BadZipFile, NotImplementedError, EOFError, struct.error, pa.ArrowException) as error:
        raise OSError(f"{name}: {' '.join(str(error).split())}; the file is damaged: fetch it again") from error
    except OSError as error:
        if str(error).startswith(f"{name}: "):
            raise
        raise OSError(f"{name}: {' '.join(str(error).split())}; the file is damaged: fetch it again") from error
    except ValueError as error:
        if str(error).startswith(f"{name}: "):
            raise
        raise ValueError(f"{name}: {error}") from error


def _unpacked(stack: ExitStack, file: Any, schema: Schema, notes: list[str], *, plain: bool) -> Any:
    """Stream of the text that a file holds."""
    head = file.peek(HEAD_BYTES) if not plain else file.read(HEAD_BYTES)
    if plain:
        file.seek(-len(head), os.SEEK_CUR)
    if kind := compression(head):
        if kind != "gzip":
            notes.append(f"a {COMPRESSED_NAMES[kind]} file")
        unpacked = stack.enter_context(pa.CompressedInputStream(file, kind))
        return _inside(unpacked, f"a {COMPRESSED_NAMES[kind]} file")
    table = head.startswith((PARQUET, ARROW_FILE))
    if (table or head.startswith(ZIP)) and not plain:
        what = "a zip" if not table else "a Parquet or Arrow file"
        raise ValueError(f"found {what} in a pipe, expected the path of a file: its end has to be read first")
    if head.startswith(ZIP):
        return _inside(stack.enter_context(_zip_member(file, notes)), "a zip")
    if table or head.startswith(ARROW_STREAM):
        from src.data.formats.tabular import arrow_text, parquet_text  # only now: Parquet takes a tenth of a second

        if head.startswith(PARQUET):
            notes.append(_TABLES[0])
            return _Chunks(parquet_text(file, schema))
        notes.append(_TABLES[1])
        return _Chunks(arrow_text(file, schema, stream=head.startswith(ARROW_STREAM)))
    if what_else := foreign(head):
        raise ValueError(f"found {what_else}, expected {_EXPECTED}")
    return file


def _inside(stream: Any, container: str) -> "_Stream":
    """Check that an unpacked stream is text."""
    unpacked = _Stream(stream)
    head = unpacked.head(HEAD_BYTES)
    packed = compression(head) or head.startswith((*ZIP, PARQUET, ARROW_FILE, ARROW_STREAM))
    what = "a packed file or table" if packed else foreign(head)
    if what:
        raise ValueError(f"found {what} inside {container}, expected records as text; unpack it once")
    return unpacked


@contextmanager
def _zip_member(file: Any, notes: list[str]) -> Iterator[Any]:
    """Open the only file in a zip."""
    with zipfile.ZipFile(cast(BinaryIO, _Directory(file))) as archive:
        members = [one for one in archive.infolist() if not (one.is_dir() or one.filename.startswith("__MACOSX/"))]
        names = [one.filename for one in members]
        if "[Content_Types].xml" in names:
            raise ValueError(f"found an Office document, such as an Excel workbook, expected {_EXPECTED}")
        if len(members) != 1:
            some = ", ".join(repr(one[:40]) for one in names[:3])
            raise ValueError(f"found a zip of {len(members):,} files ({some}), expected one; unpack it and name one")
        (member,) = members
        if member.flag_bits & 1:
            raise ValueError("found a zip with a password, expected one without; unpack it")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2):
            raise ValueError(f"found a zip of method {member.compress_type}, expected deflate; unpack it")
        notes.append(f"a zip of {member.filename[:40]!r}")
        with archive.open(member) as unpacked:
            yield unpacked


def _utf_8(stream: "_Stream", notes: list[str]) -> "_Stream":
    """Convert a text in UTF-16 or UTF-32; other texts are left alone."""
    encoding = wide_encoding(stream.head(HEAD_BYTES))
    if encoding is None:
        return stream
    notes.append(f"a text in {encoding[:6].upper()}")
    return _Stream(_Chunks(_decoded(_chunks(stream), encoding)), stream.name)


def _decoded(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    # half of a surrogate pair becomes bytes that are no UTF-8: the parser then refuses that line alone
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", "surrogatepass")
    yield decoder.decode(b"", True).encode("utf-8", "surrogatepass")


def _with_line_feeds(chunks: Iterator[bytes]) -> Iterator[bytes]:
    held = b""
    for chunk in chunks:
        text = held + chunk
        held = b"\r" if text.endswith(b"\r") else b""  # a line feed may follow
        yield text[: len(text) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    yield held.replace(b"\r", b"\n")


def _chunks(stream: "_Stream") -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk


class _Stream:
    """Stream whose first bytes can be looked at, and whose errors name the file."""

    def __init__(self, stream: Any, name: str = ""):
        self._stream = stream
        self._head = b""
        self.name = name

    def head(self, size: int) -> bytes:
        """First bytes that are not read yet; fewer than `size` at the end."""
        with _named(self.name):
            while len(self._head) < size and (chunk := self._stream.read(size - len(self._head))):
                self._head += chunk
        return self._head[:size]

    def read(self, size: int) -> bytes:
        """Next bytes; none at the end."""
        head, self._head = self._head[:size], self._head[size:]
        with _named(self.name):
            return head + self._stream.read(size - len(head)) if len(head) < size else head


class _Chunks:
    """Stream of chunks that are made one by one."""

    def __init__(self, chunks: Iterator[bytes]):
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int) -> bytes:
        parts, length = [self._rest], len(self._rest)
        while length < size and (chunk := next(self._chunks, None)) is not None:
            parts.append(chunk)
            length += len(chunk)
        whole = b"".join(parts)
        self._rest = whole[size:]
        return whole[:size]


class _Pipe(io.RawIOBase):
    """Pipe that counts the bytes that were read."""

    def __init__(self, raw: BinaryIO):
        self._raw = raw
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._raw.read(len(buffer))
        buffer[: len(chunk)] = chunk
        self._count += len(chunk)
        return len(chunk)

    def tell(self) -> int:
        return self._count


class _Directory:
    """File whose parts are read in limited sizes: the directory of a zip is read at once, whatever its size."""

    def __init__(self, file: BinaryIO):
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size > _DIRECTORY_BYTES:
            raise ValueError(f"found a zip with a directory of {size:,} bytes, expected one file in it")
        return self._file.read(size)
