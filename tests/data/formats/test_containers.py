"""Containers: a file is read as what it is, whatever its name, or refused by what it is."""

import bz2
import gzip
import io
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.data.formats import containers
from src.data.formats.containers import RecordText
from src.data.parsing.records import BadRecordError, ahead
from tests.kdd import COLUMNS, open_records, read_blocks

RECORD = (
    "0,tcp,http,SF,181,5450,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,8,8,0.00,0.00,0.00,0.00,1.00,0.00,0.00,"
    "9,9,1.00,0.00,0.11,0.00,0.00,0.00,0.00,0.00,normal."
)
LINES = [RECORD.replace("181", str(place)) for place in range(3)]
TEXT = "".join(f"{line}\n" for line in LINES).encode()


def zipped(*members: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def frame() -> pd.DataFrame:
    """The records as a program holds them: categories, booleans, and floats where other numbers will do."""
    table = pd.DataFrame([line.split(",")[:41] for line in LINES], columns=list(COLUMNS))
    kinds = {"count": "int64", "binary": "int64", "rate": "float64", "category": "category"}
    return table.astype({name: kinds[kind] for name, kind in COLUMNS.items()}).astype({"land": bool})


def arrow(*, stream: bool = False, compression: str | None = None) -> bytes:
    out = io.BytesIO()
    table = pa.Table.from_pandas(frame())
    options = pa.ipc.IpcWriteOptions(compression=compression)
    new = pa.ipc.new_stream if stream else pa.ipc.new_file
    with new(out, table.schema, options=options) as writer:
        writer.write_table(table)
    return out.getvalue()


def parquet() -> bytes:
    out = io.BytesIO()
    frame().to_parquet(out)
    return out.getvalue()


def saved(folder: Path, content: bytes, name: str = "records") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def rows(text: RecordText) -> list[dict[str, Any]]:
    blocks = read_blocks(text.stream, text.name, label="ignored", separator=text.separator, block_bytes=200)
    return [row for block in blocks for row in block.columns.to_pylist()]


def plain_rows() -> list[dict[str, Any]]:
    return [row for block in read_blocks(io.BytesIO(TEXT), "", label="ignored") for row in block.columns.to_pylist()]


# What is read

READ = {
    "text": (TEXT, ()),
    "text-without-end": (TEXT[:-1], ()),
    "gz": (gzip.compress(TEXT), ()),
    "gz-of-two-members": (gzip.compress(TEXT[:100]) + gzip.compress(b"") + gzip.compress(TEXT[100:]), ()),
    "bz2": (bz2.compress(TEXT), ("a bz2 file",)),
    "zstd": (pa.Codec("zstd").compress(TEXT, asbytes=True), ("a zstd file",)),
    "lz4": (pa.Codec("lz4").compress(TEXT, asbytes=True), ("a lz4 file",)),
    "zip": (zipped(("some.csv", TEXT)), ("a zip of 'some.csv'",)),
    "zip-stored": (zipped(("some.csv", TEXT), compression=zipfile.ZIP_STORED), ("a zip of 'some.csv'",)),
    "zip-of-a-mac": (zipped(("d/", b""), ("d/a.csv", TEXT), ("__MACOSX/d/._a.csv", b"x")), ("a zip of 'd/a.csv'",)),
    "utf-16": (TEXT.decode().encode("utf-16"), ("a text in UTF-16",)),
    "utf-16-le": (TEXT.decode().encode("utf-16-le"), ("a text in UTF-16",)),
    "utf-16-be": (b"\xfe\xff" + TEXT.decode().encode("utf-16-be"), ("a text in UTF-16",)),
    "utf-16-be-without-mark": (TEXT.decode().encode("utf-16-be"), ("a text in UTF-16",)),
    "utf-32": (TEXT.decode().encode("utf-32"), ("a text in UTF-32",)),
    "utf-8-with-mark": (b"\xef\xbb\xbf" + TEXT, ()),
    "returns": (TEXT.replace(b"\n", b"\r"), ("text with lines that end with a carriage return alone",)),
    "returns-and-feeds": (TEXT.replace(b"\n", b"\r\n"), ()),
    "semicolons": (TEXT.replace(b",", b";"), ("text with fields separated by ;",)),
    "tabs": (TEXT.replace(b",", b"\t"), ("text with fields separated by tabs",)),
    "bars": (TEXT.replace(b",", b"|"), ("text with fields separated by |",)),
    "a-damaged-first-line": (b"0;0\n" + TEXT.replace(b",", b";"), ("text with fields separated by ;",)),
    "all-at-once": (
        zipped(("a", TEXT.decode().replace(",", ";").replace("\n", "\r").encode("utf-16"))),
        ("a zip of 'a'", "a text in UTF-16", "text with lines that end with a carriage return alone",
         "text with fields separated by ;"),
    ),
    "parquet": (parquet(), ("a Parquet file",)),
    "arrow": (arrow(), ("an Arrow file",)),
    "arrow-compressed": (arrow(compression="zstd"), ("an Arrow file",)),
    "arrow-stream": (arrow(stream=True), ("an Arrow file",)),
}  # fmt: skip


@pytest.mark.parametrize("name", ["records", "records.gz", "records.GZ", "records.csv", "records.zip"])
@pytest.mark.parametrize("kind", READ)
def test_a_file_is_read_as_what_it_is_whatever_its_name(kind: str, name: str, tmp_path: Path) -> None:
    content, notes = READ[kind]
    with open_records(saved(tmp_path, content, name)) as text:
        if kind == "a-damaged-first-line":
            blocks = list(read_blocks(text.stream, "", on_bad_record="quarantine", separator=text.separator))
            assert sum(len(block.line) for block in blocks) == 3
        else:
            assert rows(text) == plain_rows()
        assert text.notes == notes
        assert (text.size, text.name) == (len(content), str(tmp_path / name))


@pytest.mark.parametrize("kind", [kind for kind in READ if "zip" not in kind and kind not in ("parquet", "arrow")])
def test_a_pipe_is_read_as_a_file_is(kind: str) -> None:
    content, notes = READ[kind]
    if kind in ("all-at-once", "arrow-compressed", "a-damaged-first-line"):
        return
    reader, writer = os.pipe()

    def write() -> None:
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(content)

    thread = Thread(target=write)
    thread.start()
    with open_records(Path(f"/dev/fd/{reader}")) as text:
        assert rows(text) == plain_rows()
        assert (text.notes, text.size, text.position()) == (notes, None, len(content))
    os.close(reader)
    thread.join()


@given(
    text=st.lists(st.sampled_from(["a", "\r", "\n", "\r\n", "é", "😀"])).map("".join),
    size=st.integers(1, 5),
    encoding=st.sampled_from(["utf-16", "utf-32", "utf-16-le"]),
)
def test_the_size_of_a_chunk_changes_neither_letters_nor_lines(text: str, size: int, encoding: str) -> None:
    def chunks(content: bytes) -> Iterator[bytes]:
        return (content[start : start + size] for start in range(0, len(content), size))

    found = b"".join(containers._decoded(chunks(text.encode(encoding)), encoding))
    assert found.decode() == text
    wanted = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    assert b"".join(containers._with_line_feeds(chunks(text.encode()))) == wanted


def test_half_a_surrogate_pair_damages_its_line_alone(tmp_path: Path) -> None:
    lines = [LINES[0], LINES[1].replace("http", "h\ud800"), LINES[2]]
    content = "\n".join(lines).encode("utf-16", "surrogatepass")
    with open_records(saved(tmp_path, content)) as text:
        (block,) = ahead(read_blocks(text.stream, text.name, on_bad_record="quarantine"))
    assert (block.line.tolist(), [one.line for one in block.bad]) == ([1, 3], [2])


def test_a_table_takes_missing_values_and_its_labels_to_the_parser(tmp_path: Path) -> None:
    table = frame().drop(columns="land")
    table.insert(1, "list", [[1], [2], []])
    table.insert(2, "attack", ["a,b", None, 'c"d'])
    table.loc[1, "duration"] = None
    table.index = pd.Index([5, 6, 7])
    table.to_parquet(tmp_path / "some.parquet")
    with open_records(tmp_path / "some.parquet") as text:
        header, *lines = text.stream.read(1 << 20).decode().splitlines()
    assert header.split(",") == ["duration", "attack", *[name for name in COLUMNS if name not in ("duration", "land")]]
    assert lines[0].startswith('0,"a,b","tcp",')
    assert lines[1].startswith(",,") or lines[1].startswith(',,"tcp"')


@pytest.mark.parametrize("write", ["parquet", "feather"])
def test_a_cell_with_line_ends_is_one_value_of_its_record(write: str, tmp_path: Path) -> None:
    table = frame()
    table["service"] = ["http", f"x\n{RECORD}\ny", "smtp"]
    table["note"] = "one line\nand another"
    getattr(table, f"to_{write}")(tmp_path / "a")
    with open_records(tmp_path / "a") as text:
        blocks = list(read_blocks(text.stream, "a", label="ignored"))
    assert [line for block in blocks for line in block.line] == [2, 3, 4]
    assert blocks[0].columns.column("service").to_pylist()[::2] == ["http", "smtp"]


def test_columns_without_a_meaning_here_are_not_read(tmp_path: Path) -> None:
    table = frame()
    table["payload"] = [b"\xff\xfe", b"\0", b"\r"]
    table["page"] = "x" * 200_000
    table.to_parquet(tmp_path / "a.parquet")
    with open_records(tmp_path / "a.parquet") as text:
        read = text.stream.read(1 << 20)
    assert b"payload" not in read
    assert len(read.splitlines()) == 4


def test_a_message_of_a_library_is_told_in_one_line() -> None:
    with (
        pytest.raises(OSError, match=r"^a: first second; the file is damaged: fetch it again$"),
        containers._named("a"),
    ):
        raise pa.ArrowInvalid("first\nsecond\n")


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_a_time_is_no_number_of_any_unit(unit: str, tmp_path: Path) -> None:
    table = pa.Table.from_pandas(frame(), preserve_index=False)
    time = pa.array([5] * len(table), pa.duration(unit))
    pq.write_table(table.set_column(0, "duration", time), tmp_path / "some.parquet")
    with open_records(tmp_path / "some.parquet") as text, pytest.raises(BadRecordError, match=rf"found '5 {unit}'"):
        list(read_blocks(text.stream, text.name, label="ignored"))


# What is refused

REFUSED = {
    "two-files": (zipped(("a.csv", TEXT), ("b.csv", TEXT)), r"a zip of 2 files \('a\.csv', 'b\.csv'\), expected one"),
    "no-file": (zipped(), r"a zip of 0 files \(\), expected one"),
    "excel": (zipped(("[Content_Types].xml", b""), ("xl/a.xml", b"")), "an Office document, such as an Excel workbook"),
    "zip-of-lzma": (zipped(("a", TEXT), compression=zipfile.ZIP_LZMA), "a zip of method 14, expected deflate"),
    "gz-in-gz": (gzip.compress(gzip.compress(TEXT)), "a packed file or table inside a gz file, expected records as"),
    "parquet-in-gz": (gzip.compress(parquet()), "a packed file or table inside a gz file"),
    "gz-in-zip": (zipped(("a.gz", gzip.compress(TEXT))), "a packed file or table inside a zip"),
    "npz": (zipped(("a.npy", b"\x93NUMPY\x01\0")), "a NumPy array inside a zip"),
    "tar": (b"a.csv".ljust(257, b"\0") + b"ustar\0", "a tar archive, expected raw records"),
    "tar-in-gz": (gzip.compress(b"a.csv".ljust(257, b"\0") + b"ustar\0"), "a tar archive inside a gz file"),
    "xz": (b"\xfd7zXZ\0\0\4", "an xz file, expected raw records"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0", "a 7z archive"),
    "pickle": (b"\x80\x04\x95abc", "a pickle"),
    "pcap": (b"\xd4\xc3\xb2\xa1\2\0\4\0", "a packet capture"),
    "pcapng": (b"\x0a\x0d\x0d\x0a\x1c\0\0\0", "a packet capture"),
    "hdf": (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    "pdf": (b"%PDF-1.7\n", "a PDF"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document"),
    "sqlite": (b"SQLite format 3\0", "an SQLite database"),
    "html": (b"\n<!DOCTYPE html><html>404</html>", "a page in HTML or XML"),
    "html-in-gz": (gzip.compress(b"<html>moved</html>"), "a page in HTML or XML inside a gz file"),
    "json": (b'{"duration": 0, "protocol_type": "tcp"}\n', "JSON, expected raw records"),
    "json-list": (b'[\n  {"duration": 0}\n]', "JSON"),
    "json-arrays": (b'[[0, "tcp", 1], [0, "udp", 2]]', "JSON, expected raw records"),
    "blanks": (TEXT.replace(b",", b" "), "fields are separated by blanks, expected commas"),
    "decimal-commas": (TEXT.replace(b",", b";").replace(b".", b","),
                       "separated by ;, and numbers have a decimal comma such as 0,00; write numbers with a point"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_read_is_refused_by_what_it_is(kind: str, tmp_path: Path) -> None:
    content, found = REFUSED[kind]
    path = saved(tmp_path, content, "records.csv")
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: .*{found}"), open_records(path):
        pass


def test_a_zip_with_a_password_is_named(tmp_path: Path) -> None:
    content = bytearray(zipped(("a.csv", TEXT)))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + flags] |= 1
    with pytest.raises(ValueError, match="a zip with a password"), open_records(saved(tmp_path, bytes(content))):
        pass


def test_a_zip_that_claims_a_large_directory_is_not_read_into_memory(tmp_path: Path) -> None:
    content = zipped(("a.csv", b"\0" * (20 << 20)), compression=zipfile.ZIP_STORED)
    end = content.rindex(b"PK\x05\x06")
    forged = content[: end + 12] + (18 << 20).to_bytes(4, "little") + content[end + 16 :]
    path = saved(tmp_path, forged)
    with pytest.raises(ValueError, match="a zip with a directory of 18,874,368 bytes"), open_records(path):
        pass


@pytest.mark.parametrize("kind", ["zip", "parquet", "arrow"])
def test_a_pipe_cannot_hold_what_is_read_from_its_end(kind: str) -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as pipe:
        pipe.write(READ[kind][0])
    with (
        pytest.raises(ValueError, match="in a pipe, expected the path of a file"),
        open_records(Path(f"/dev/fd/{reader}")),
    ):
        pass
    os.close(reader)


DAMAGED = ["gz", "gz-of-two-members", "bz2", "zip", "parquet", "arrow", "arrow-stream", "utf-16"]


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_file_that_is_cut_off_or_changed_is_an_error_that_names_it(kind: str, tmp_path: Path) -> None:
    """Cut anywhere, or with two bytes changed: read, or an error of the expected classes that names the file."""
    content, _ = READ[kind]
    texts = [content[: len(content) * part // 20] for part in range(1, 20)] + [content[:-1]]
    texts += [content[:at] + b"\xff\x00" + content[at + 2 :] for at in range(4, len(content) - 2, len(content) // 20)]
    path = saved(tmp_path, b"", "records")
    errors: list[Exception] = []
    for one in texts:
        path.write_bytes(one)
        try:
            with open_records(path) as text:
                for _ in read_blocks(text.stream, text.name, on_bad_record="quarantine", separator=text.separator):
                    pass
        except (OSError, ValueError) as error:
            errors.append(error)
    assert len(errors) >= 10
    assert [error for error in errors if str(path) not in str(error) or len(str(error)) > 1_000] == []


def test_a_name_for_messages_stands_for_a_copy(tmp_path: Path) -> None:
    path = saved(tmp_path, b"%PDF-", "copy")
    with (
        pytest.raises(ValueError, match=r"^kddcup99/corrected\.gz: found a PDF"),
        open_records(path, "kddcup99/corrected.gz"),
    ):
        pass


# Bounds


def test_a_table_is_read_in_batches(tmp_path: Path) -> None:
    table = pa.concat_tables([pa.Table.from_pandas(frame())] * 20_000).combine_chunks()
    pq.write_table(table, tmp_path / "some.parquet", row_group_size=len(table))
    with pa.ipc.new_file(tmp_path / "some.arrow", table.schema) as writer:
        writer.write_table(table)
    for name in ("some.parquet", "some.arrow"):
        before = pa.total_allocated_bytes()
        most = 0
        with open_records(tmp_path / name) as text:
            lines = 0
            while chunk := text.stream.read(1 << 20):
                lines += chunk.count(b"\n")
                most = max(most, pa.total_allocated_bytes() - before)
        assert lines == 60_001
        assert most < 40 << 20


# One law for all forms

COLUMN_NAMES = ",".join(COLUMNS)
WRITTEN = {
    "plain": TEXT,
    "header": f"{COLUMN_NAMES},label\n".encode() + TEXT,
    "quoted-header": ",".join(f'"{name}"' for name in (*COLUMNS, "label")).encode() + b"\n" + TEXT,
    "quoted-words": TEXT.replace(b"tcp", b'"tcp"').replace(b"http", b"'http'"),
    "blanks": TEXT.replace(b",", b" , "),
    "damaged": TEXT + b"x,\n\n" + TEXT + b"\xc3\xa9\n",
}
REWRITTEN: dict[str, Any] = {
    "semicolons": lambda text: text.replace(b",", b";"),
    "tabs": lambda text: text.replace(b",", b"\t"),
    "returns": lambda text: text.replace(b"\n", b"\r"),
    "utf-16": lambda text: text.decode().encode("utf-16"),
    "gz": gzip.compress,
    "zip": lambda text: zipped(("some.csv", text)),
    "bars-and-returns-in-utf-16": lambda text: (
        text.replace(b",", b"|").replace(b"\n", b"\r").decode().encode("utf-16-be")
    ),
}


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("rewritten", REWRITTEN)
def test_another_form_changes_neither_records_nor_lines(written: str, rewritten: str, tmp_path: Path) -> None:
    def read(content: bytes) -> tuple[list[dict[str, Any]], list[int], list[tuple[int, str, str]]]:
        with open_records(saved(tmp_path, content)) as text:
            blocks = read_blocks(
                text.stream, text.name, label="ignored", on_bad_record="quarantine", separator=text.separator
            )
            found = [(block.columns.to_pylist(), block.line.tolist(), block.bad) for block in blocks]
        bad = [(one.line, one.column, one.expected) for _, _, part in found for one in part]
        return [row for part, _, _ in found for row in part], [line for _, part, _ in found for line in part], bad

    plain = read(WRITTEN[written])
    assert len(plain[0]) == 3 * (1 + (written == "damaged"))
    assert read(REWRITTEN[rewritten](WRITTEN[written])) == plain
