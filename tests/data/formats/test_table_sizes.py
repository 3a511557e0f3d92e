"""Parquet and Arrow files that take much memory are refused before they are unpacked: by the sizes that they state."""

import base64
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from src.data.formats import arrow_messages, parquet_pages, tabular
from src.data.formats.thrift import read_structure
from tests.data.formats.test_containers import frame
from tests.kdd import open_records

RECORDS = 30_000


def table(records: int = RECORDS, service: pa.Array | None = None) -> pa.Table:
    """Equal records, with a service of its own if it is given."""
    made = pa.Table.from_pandas(frame().iloc[:1], preserve_index=False)
    made = pa.table({name: made.column(name).take(pa.array(np.zeros(records, np.int64))) for name in made.column_names})
    place = made.column_names.index("service")
    return made if service is None else made.set_column(place, "service", service)


def repeated(word: str, records: int = RECORDS) -> pa.Array:
    """One word in every record, once in memory."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(records, np.int32)), pa.array([word]))


def saved(path: Path, content: pa.Table, **options: Any) -> Path:
    pq.write_table(content, path, **options)
    return path


def arrow(
    path: Path, content: pa.Table, write: Callable[..., Any] = pa.ipc.new_file, packed: str | None = None
) -> Path:
    with write(str(path), content.schema, options=pa.ipc.IpcWriteOptions(compression=packed)) as writer:
        writer.write_table(content)
    return path


def read(path: Path) -> tuple[int, int]:
    """Lines of a file, and the most memory of Arrow meanwhile."""
    before, most, lines = pa.total_allocated_bytes(), 0, 0
    with open_records(path) as text:
        while chunk := text.stream.read(1 << 20):
            lines += chunk.count(b"\n")
            most = max(most, pa.total_allocated_bytes() - before)
    return lines, most


@pytest.mark.parametrize("write", [pa.ipc.new_file, pa.ipc.new_stream])
@pytest.mark.parametrize("packed", [None, "zstd", "lz4"])
def test_a_large_arrow_batch_is_refused_before_it_is_unpacked(
    write: Callable[..., Any], packed: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = arrow(tmp_path / "a", table(), write, packed)
    assert read(path)[0] == RECORDS + 1
    monkeypatch.setattr(arrow_messages, "MOST_BATCH_BYTES", 4 << 20)
    before = pa.total_allocated_bytes()
    with pytest.raises(ValueError, match=r"a: found a batch that takes [0-9,]{9,} bytes of memory, expected at most"):
        read(path)
    assert pa.total_allocated_bytes() - before < 1 << 20


def test_large_pages_of_parquet_are_refused_by_their_own_headers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "a", table(), compression="zstd", use_dictionary=False, max_rows_per_page=RECORDS)
    assert read(path)[0] == RECORDS + 1
    monkeypatch.setattr(parquet_pages, "MOST_PAGE_BYTES", 4 << 20)
    with pytest.raises(ValueError, match=r"a: found pages that take [0-9,]{9,} bytes of memory, expected at most"):
        read(path)
    small = saved(tmp_path / "b", table(), compression="zstd", use_dictionary=False, max_rows_per_page=1_000)
    assert read(small)[0] == RECORDS + 1


def test_texts_that_stand_for_more_than_they_take_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a", table(3, pa.array(["http"] * 3)), use_dictionary=False,
                 column_encoding={"service": "DELTA_BYTE_ARRAY"})  # fmt: skip
    with pytest.raises(ValueError, match="column service: found the encoding DELTA_BYTE_ARRAY, expected plain values"):
        read(path)
    runs = pa.RunEndEncodedArray.from_arrays([3], ["http"])
    with pytest.raises(ValueError, match="column service: found run-end encoded values, expected plain ones"):
        read(arrow(tmp_path / "b", table(3, runs), pa.ipc.new_stream))


@pytest.mark.parametrize("form", ["parquet", "arrow", "view"])
def test_a_long_word_in_every_record_is_unpacked_in_parts(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tabular, "_BATCH_BYTES", 4 << 20)
    word = "x" * 1_000
    if form == "view":  # each view is of the same letters
        one = pa.array([word], pa.string_view())
        views = np.tile(np.frombuffer(one.buffers()[1], np.int32), RECORDS)
        buffers = [None, pa.py_buffer(views.tobytes()), one.buffers()[2]]
        content = table(service=pa.Array.from_buffers(pa.string_view(), RECORDS, buffers))
    else:
        content = table(service=repeated(word))
    path = (saved if form == "parquet" else arrow)(tmp_path / "a", content)
    lines, most = read(path)  # 30 MB of text
    assert lines == RECORDS + 1
    assert most < 24 << 20


def test_a_record_of_much_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabular, "_BATCH_BYTES", 1 << 20)
    with pytest.raises(ValueError, match=r"found a record of 2,000,\d\d\d bytes, expected at most 1,048,576"):
        read(arrow(tmp_path / "a", table(3, repeated("x" * 2_000_000, 3))))


def test_places_outside_of_a_table_are_refused(tmp_path: Path) -> None:
    """Arrow itself believes the places that a file gives for its words."""
    content = table(3, pa.array(["http", "smtp", "ftp"]))
    path = arrow(tmp_path / "a", content, pa.ipc.new_stream)
    forged = path.read_bytes().replace(struct.pack("<4i", 0, 4, 8, 11), struct.pack("<4i", 0, 4, 8, 1 << 30))
    assert forged != path.read_bytes()
    path.write_bytes(forged)
    with pytest.raises(OSError, match=r"a: .*the file is damaged"):
        read(path)


def test_an_arrow_file_is_read_to_its_end_mark(tmp_path: Path) -> None:
    path = arrow(tmp_path / "a", pa.concat_tables([table(3)] * 4))
    with path.open("rb") as file:
        reader = pa.ipc.open_file(file)
        assert reader.num_record_batches == 4
    whole = path.read_bytes()
    first_end = whole.index(b"\xff\xff\xff\xff\0\0\0\0")  # behind the last batch
    for end in (first_end, first_end + 8, len(whole) - 1):
        path.write_bytes(whole[:end])
        with pytest.raises(OSError, match="the file is damaged"):
            read(path)


def test_a_batch_of_more_records_than_bytes_is_refused(tmp_path: Path) -> None:
    nothing = pa.table({"duration": pa.nulls(10**9)})
    with pytest.raises(ValueError, match="found 1,000,000,000 records in 0 bytes"):
        read(arrow(tmp_path / "a", nothing))


def test_a_long_summary_of_parquet_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """Elements of three bytes take hundreds each in memory, 4 GB in a file of 16 MB."""
    body = b"\x15\x02\x19\xfc" + b"\x80\x80\xc0\x01" + b"\x48\x00\x00" * (3 << 20)
    path = tmp_path / "a"
    path.write_bytes(b"PAR1" + body + struct.pack("<I", len(body)) + b"PAR1")
    with pytest.raises(ValueError, match=r"a table with a summary of 9,437,192 bytes, expected at most 2,097,152"):
        read(path)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"\x15", IndexError),
        (b"\x15" + b"\xff" * 12, struct.error),
        (b"\x1c" * 100, struct.error),
        (b"\x1f\0", struct.error),
        (b"\x18\x7fabc", IndexError),
        (b"\x19\xfc\xff\xff\xff\xff\x0f\0", IndexError),
        (b"\x19\x99" * 80, struct.error),
    ],
)
def test_damaged_structures_are_errors(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_structure(data)


def test_a_structure_is_read_by_the_numbers_of_its_fields() -> None:
    data = b"\x15\x05\x11\x1c\x15\x02\x00\x17" + b"\0" * 8 + b"\x08\x14\x02ab\x1b\x01\x85\x01x\x04\x00more"
    fields, length = read_structure(data)
    assert (fields.number(1), fields[2], fields.fields(3).number(1), fields[10]) == (-3, True, 1, b"ab")
    assert data[length:] == b"more"
    with pytest.raises(struct.error, match="field 10 is of another kind"):
        fields.number(10)


def same_field(schema: pa.Schema, count: int) -> bytes:
    """Description of a schema in which `count` places lead to its first field; without its start of eight bytes."""
    data = schema.serialize().to_pybytes()[8:]
    root = arrow_messages._table(data, 0)
    description = arrow_messages._child(data, root, 2)
    fields = arrow_messages._child(data, description, 1)
    slot = arrow_messages._field(data, description, 1)
    start = len(data) + -len(data) % 8
    copy = start + 4 + 4 * count + (4 + 4 * count) % 8
    field = copy + arrow_messages._table(data, fields + 4)
    made = bytearray(data.ljust(start, b"\0"))
    made += struct.pack("<I", count) + b"".join(
        struct.pack("<I", field - (start + 4 + 4 * number)) for number in range(count)
    )
    made = bytearray(bytes(made).ljust(copy, b"\0")) + data
    struct.pack_into("<I", made, slot, start - slot)
    return bytes(made)


def test_a_schema_that_repeats_its_field_is_refused_before_it_is_made(tmp_path: Path) -> None:
    long_name = pa.schema([pa.field("n" * 1_000, pa.int64())])
    assert pa.ipc.read_schema(pa.py_buffer(message(same_field(long_name, 3)))).names == ["n" * 1_000] * 3
    description = same_field(long_name, 500)
    (tmp_path / "a.arrows").write_bytes(message(description))
    with pytest.raises(ValueError, match=r"a.arrows: found a schema that uses a field or name again and again"):
        read(tmp_path / "a.arrows")

    parquet = with_schema(tmp_path / "a.parquet", base64.b64encode(message(description)).decode())
    with pytest.raises(ValueError, match=r"a.parquet: found a schema that uses a field or name again and again"):
        read(parquet)
    with pytest.raises(OSError, match=r"b.parquet: the schema in the summary of the table is damaged; the file is"):
        read(with_schema(tmp_path / "b.parquet", "?"))


def with_schema(path: Path, text: str) -> Path:
    """Write a Parquet file whose summary has a text in place of Arrow's schema."""
    content = table(10)
    with pq.ParquetWriter(path, content.schema.remove_metadata(), store_schema=False) as writer:
        writer.write_table(content.replace_schema_metadata(None))
        writer.add_key_value_metadata({"ARROW:schema": text})
    return path


def message(description: bytes) -> bytes:
    return b"\xff\xff\xff\xff" + struct.pack("<i", len(description)) + description


@pytest.mark.parametrize(
    "schema",
    [
        pa.schema([pa.field(f"column {number}", pa.float64()) for number in range(1_000)]),
        pa.schema([pa.field("a", pa.struct([pa.field("b", pa.list_(pa.timestamp("s", "Europe/Berlin")))]))]),
        table(2).schema.with_metadata({"pandas": "x" * 5_000, "other": "y"}),
        pa.schema([]),
    ],
)
def test_an_honest_schema_takes_no_more_than_its_description(schema: pa.Schema) -> None:
    arrow_messages.check_schema(schema.serialize().to_pybytes()[8:])


def test_the_header_of_a_page_is_read_no_further_than_one_can_be_long() -> None:
    class Endless:
        most = 0

        def seek(self, place: int) -> None:
            pass

        def read(self, size: int) -> bytes:
            self.most = max(self.most, size)
            return (b"\x19\xfc" + b"\xff\xff\xff\x7f").ljust(size, b"\0")  # a list of many empty structures

    file = Endless()
    with pytest.raises(EOFError, match="the header of a page is cut off"):
        parquet_pages._read_header(file, 0)
    assert file.most == parquet_pages._MOST_HEADER_BYTES
