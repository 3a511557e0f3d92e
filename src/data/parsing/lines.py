"""Cuts a stream into blocks of whole lines, in memory that no input exceeds and in time that grows with its bytes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

LONGEST_LINE = 64 << 10  # bytes; a record has about 150
# White space beside a value, not inside it. A run of blanks is looked at once: a match begins where the run does, and
# `*+` gives nothing back. Otherwise the time would grow with the square of the run's length.
_PADDING = re.compile(rb"[ \t](?:(?<![^,\n][ \t])[ \t]*+|(?<![ \t][ \t])[ \t]*+(?![^,\n]))")


@dataclass(frozen=True)
class LongLine:
    """Line of more than `LONGEST_LINE` bytes, which is never in memory as a whole.

    Attributes:
        start: Its first `LONGEST_LINE` bytes.
        size: Number of its bytes, with the line end if there is one.
    """

    start: bytes
    size: int


def whole_lines(stream: BinaryIO, block_bytes: int) -> Iterator[bytes | LongLine]:
    """Cut the stream after line ends, so that no line is in two blocks; a line that is too long comes alone.

    Args:
        block_bytes: Bytes to read at once.
    """
    rest, long = b"", 0
    while chunk := stream.read(block_bytes):
        if long:
            end = chunk.find(b"\n") + 1
            if not end:
                long += len(chunk)
                continue
            yield LongLine(rest, long + end)
            rest, long, chunk = b"", 0, chunk[end:]
        end = chunk.rfind(b"\n") + 1
        if end:
            yield from _without_long_lines(b"".join((rest, memoryview(chunk)[:end])))  # one copy, where + makes two
        rest = chunk[end:] if end else rest + chunk
        if len(rest) > LONGEST_LINE:
            rest, long = rest[:LONGEST_LINE], len(rest)
    if long:
        yield LongLine(rest, long)
    elif rest:
        yield rest


def _without_long_lines(text: bytes) -> Iterator[bytes | LongLine]:
    """Divide lines that all have an end into blocks and lines that are too long."""
    begin = place = 0
    while place < len(text):
        end = text.rfind(b"\n", place, place + LONGEST_LINE + 1) + 1  # the last line that ends within this reach
        if not end:
            if begin < place:
                yield text[begin:place]
            end = text.index(b"\n", place) + 1
            yield LongLine(text[place : place + LONGEST_LINE], end - place)
            begin = end
        place = end
    if begin < place:
        yield text[begin:] if begin else text


def pieces(text: bytes, size: int) -> Iterator[bytes]:
    """Divide whole lines into pieces of whole lines of about `size` bytes."""
    place = 0
    while place < len(text):
        end = text.find(b"\n", place + size) + 1 or len(text)
        yield text[place:end]
        place = end


def split_lines(text: bytes) -> list[bytes]:
    """Split text into its lines without their ends; an end at the very end begins no further line."""
    return (text[:-1] if text.endswith(b"\n") else text).split(b"\n")


def without_padding(text: bytes) -> bytes:
    r"""Remove blanks and tabs beside values.

    >>> without_padding(b" 5\t, a b ,\n ,c")
    b'5,a b,\n,c'
    """
    return _PADDING.sub(b"", text) if b" " in text or b"\t" in text else text
