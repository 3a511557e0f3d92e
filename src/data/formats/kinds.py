"""Kinds of files, told by their first bytes: the name of a file says little about what is in it."""

import re
from typing import Final

HEAD_BYTES: Final = 64 << 10  # of a file or its text that are looked at
SEPARATORS: Final = {b";": ";", b"\t": "tabs", b"|": "|"}  # beside the comma, and their names in messages
_NUMBER_WITH_COMMA = re.compile(rb"-?[0-9]+,[0-9]+")

# Compressed texts that are read, by the name that Arrow has for the format.
COMPRESSED: Final = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\x28\xb5\x2f\xfd": "zstd", b"\x04\x22\x4d\x18": "lz4"}
COMPRESSED_NAMES: Final = {"gzip": "gz", "bz2": "bz2", "zstd": "zstd", "lz4": "lz4"}
ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
PARQUET: Final = b"PAR1"
ARROW_FILE: Final = b"ARROW1"
ARROW_STREAM: Final = b"\xff\xff\xff\xff"
# What is never read, by its first bytes.
_OTHERS: Final = {
    b"\xfd7zXZ\0": "an xz file",
    b"\x1f\x9d": "a file of `compress`",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a rar archive",
    b"%PDF-": "a PDF",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
    b"\x80\x02": "a pickle",
    b"\x80\x03": "a pickle",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
    b"SQLite format 3\0": "an SQLite database",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an Office document, such as an Excel workbook",
    b"\xd4\xc3\xb2\xa1": "a packet capture",
    b"\xa1\xb2\xc3\xd4": "a packet capture",
    b"\x4d\x3c\xb2\xa1": "a packet capture",
    b"\xa1\xb2\x3c\x4d": "a packet capture",
    b"\x0a\x0d\x0d\x0a": "a packet capture",
    b"\x7fELF": "a program",
    b"FEA1": "a Feather file of version 1",
    b"ORC": "an ORC file",
    b"Obj\x01": "an Avro file",
}
_TEXTS_OTHERS: Final = (
    (re.compile(rb"\s*+<(!doctype|html|\?xml|head|body)", re.IGNORECASE), "a page in HTML or XML"),
    (re.compile(rb"\s*+[\[{]\s*+(?:[\[{]\s*+)?\"[^\"]{0,100}\"\s*+:"), "JSON"),
    (re.compile(rb"\s*+\[\s*+\["), "JSON"),
)


def compression(head: bytes) -> str | None:
    """Name the compression of a text; None for none that is read."""
    return next((name for start, name in COMPRESSED.items() if head.startswith(start)), None)


def foreign(head: bytes) -> str | None:
    """Name what a file is if it holds no records in any form that is read; None otherwise.

    >>> foreign(b"%PDF-1.7"), foreign(b"0,tcp,http"), foreign(b'[{"duration": 0}]')
    ('a PDF', None, 'JSON')
    """
    for start, name in _OTHERS.items():
        if head.startswith(start):
            return name
    if head[257:262] == b"ustar":
        return "a tar archive"
    return next((name for pattern, name in _TEXTS_OTHERS if pattern.match(head)), None)


def wide_encoding(head: bytes) -> str | None:
    """Name the encoding of a text in UTF-16 or UTF-32, also without a byte order mark; None for others."""
    for mark, name in (
        (b"\xff\xfe\0\0", "utf-32"),
        (b"\0\0\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if head.startswith(mark):
            return name
    start = head[:64]  # of a record, or of a header: plain letters
    for first, name in ((0, "utf-16-le"), (1, "utf-16-be")):
        if len(start) >= 8 and not any(start[1 - first :: 2]) and all(start[first::2]):
            return name
    return None


def ends_lines_by_returns(head: bytes) -> bool:
    """Check for a text whose lines end with a carriage return alone, as on an old Macintosh."""
    return len(re.findall(rb"\r(?!\n)", head)) > head.count(b"\n")


def separator(head: bytes, fields: int) -> bytes:
    """Find the byte between fields: that which most lines have often enough, or a comma.

    Args:
        head: Start of a text whose lines end with line feeds.
        fields: Number of fields that a record has at least.
    Raises:
        ValueError: fields are separated by blanks, or by semicolons while commas stand in numbers.
    """
    lines = head.split(b"\n")
    if len(head) >= HEAD_BYTES and len(lines) > 1:
        lines.pop()  # cut
    votes = {one: sum(line.count(one) >= fields - 1 for line in lines) for one in (b",", *SEPARATORS)}
    if votes[b","]:
        return b","
    found = max(votes, key=lambda one: votes[one])
    if not votes[found]:
        if any(len(line.split()) > fields - 1 for line in lines):
            raise ValueError("fields are separated by blanks, expected commas; put a comma between two values")
        return b","
    refuse_decimal_commas(lines, found)
    return found


def refuse_decimal_commas(lines: list[bytes], between: bytes) -> None:
    """Refuse numbers with a decimal comma between fields that another byte separates.

    Raises:
        ValueError: a field is such a number.
    """
    for line in lines:
        for value in line.split(between):
            if _NUMBER_WITH_COMMA.fullmatch(value.strip(b" \"'")):
                raise ValueError(
                    f"fields are separated by {SEPARATORS[between]}, and numbers have a decimal comma such as "
                    f"{value.decode(errors='replace')[:20]}; write numbers with a point"
                )
