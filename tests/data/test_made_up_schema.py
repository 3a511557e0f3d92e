"""A data set of other columns, kinds and names: what holds for KDD99 follows from its schema, here from another."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from src.data.formats.containers import open_records
from src.data.history import History
from src.data.layout import HISTORY_STEP, Layout
from src.data.parsing.frames import checked_columns
from src.data.parsing.header import HeaderError
from src.data.parsing.reading import Reading
from src.data.parsing.records import Block, read_blocks
from src.data.sampling import NORMAL, CategoriesTask, Task, TaskClass
from src.data.schema import schema_of
from src.data.tables import read_table, write_table
from src.features.encoding import encode
from src.features.preprocessing import learn_values, preprocess_in_memory
from src.features.scaling import Scaling

DECLARED = schema_of(
    {
        "name": "flows",
        "columns": {
            "id": "ignore",
            "start": "time",
            "proto": {"kind": "category", "values": ["icmp", "tcp", "udp"]},
            "app": {"kind": "category", "values": "learn", "encoding": "code"},
            "port": {"kind": "category", "encoding": "code"},
            "seconds": "real",
            "bytes": "count",
            "back": "count",
            "loss": "rate",
            "same_host": "binary",
            "attack": "label",
            "checked": "ignore",
        },
        "normal": "Benign",
        "categories": {"floods": ["DDoS", "Slow Loris"], "scans": ["PortScan"]},
        "aliases": {"bytes": ["octets"], "PortScan": ["Port-Scan"]},
        "groups": {"what": ["proto", "app", "port"], "how": ["seconds", "bytes", "back", "loss", "same_host"]},
        "roles": {"service": "app", "state": "proto", "bytes_sent": "bytes", "bytes_received": "back"},
        "missing": ["?", ""],
    }
)
HEADER = "id,start,proto,app,port,seconds,bytes,back,loss,same_host,attack,checked"
LINES = [
    "1,08:00:00,tcp,web,80,-0.5,1200,0,0.0,0,Benign,yes",
    "2,08:00:01,UDP,dns,53,1e-3,?,7,0.25,1,DDoS,no",
    "3,,tcp,,443,12,9,7,1,0,slow loris,",
    "4,08:00:03,icmp,web,80,,9,7,1,0,port-scan,no",
]
TEXT = "".join(f"{line}\n" for line in LINES).encode()
FEATURES = ("app", "port", "seconds", "bytes", "back", "loss", "same_host", "proto_icmp", "proto_tcp", "proto_udp")
WANTED = [  # `missing` of the third line is the second of three applications
    [2, 2, -0.5, 1200, 0, 0.0, 0, 0, 1, 0],
    [0, 1, 0.001, 0, 7, 0.25, 1, 0, 0, 1],
    [1, 0, 12, 9, 7, 1, 0, 0, 1, 0],
    [2, 2, 0, 9, 7, 1, 0, 1, 0, 0],
]


def read(text: bytes, **options: Any) -> list[Block]:
    return list(read_blocks(BytesIO(text), "flows.csv", DECLARED, **options))


def saved(folder: Path, text: bytes = TEXT) -> Path:
    (folder / "flows.csv").write_bytes(text)
    return folder / "flows.csv"


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        b"\xef\xbb\xbf" + f"{HEADER}\r\n".encode() + TEXT.replace(b"\n", b"\r\n"),
        HEADER.replace("bytes", "Octets").encode() + b"\n" + TEXT,
        (HEADER.encode() + b"\n" + TEXT).replace(b",", b";"),
    ],
    ids=["plain", "byte-order mark, header and CRLF", "another name", "semicolons"],
)
def test_a_file_becomes_features_by_its_schema_and_the_values_of_training(text: bytes, tmp_path: Path) -> None:
    schema = learn_values(saved(tmp_path, text), DECLARED)
    assert schema.vocabularies == {
        "proto": ("icmp", "tcp", "udp"), "app": ("dns", "missing", "web"), "port": ("443", "53", "80"),
    }  # fmt: skip
    assert schema.features == FEATURES
    table, findings = preprocess_in_memory(tmp_path / "flows.csv", schema)
    np.testing.assert_array_equal(table.X, np.array(WANTED, dtype=np.float32))
    assert [table.attacks[code] for code in table.attack] == ["Benign", "DDoS", "Slow Loris", "PortScan"]
    assert "2 missing numbers read as 0" in findings.as_dict()["notes"]
    assert (findings.unknown, findings.quarantined) == ({}, 0)
    write_table(table, tmp_path / "flows.parquet", schema.features)
    np.testing.assert_array_equal(read_table(tmp_path / "flows.parquet", schema.features).X, table.X)


def test_without_labels_and_columns_that_are_no_features_records_are_the_same(tmp_path: Path) -> None:
    schema = learn_values(saved(tmp_path), DECLARED)
    rows = [dict(zip(HEADER.split(","), line.split(","), strict=True)) for line in LINES]
    shapes = {
        "features alone": [*schema.kinds],
        "with the label": [*schema.kinds, "attack"],
        "without the label": [name for name in schema.columns if name != "attack"],
        "all": [*schema.columns],
    }
    for shape, names in shapes.items():
        text = "".join(",".join(row[name] for name in names) + "\n" for row in rows).encode()
        (block,) = read_blocks(BytesIO(text), "some.csv", schema, label="ignored")
        np.testing.assert_array_equal(encode(block.columns, schema)[0], np.array(WANTED, dtype=np.float32), shape)


def test_a_frame_is_read_as_a_file_is(tmp_path: Path) -> None:
    schema = learn_values(saved(tmp_path), DECLARED)
    frame = pd.read_csv(BytesIO(f"{HEADER}\n".encode() + TEXT), na_values=["?"])
    np.testing.assert_array_equal(encode(checked_columns(frame, schema), schema)[0], np.array(WANTED, np.float32))
    with pytest.raises(HeaderError, match="found no column 'port', expected the 8 columns in any order"):
        checked_columns(frame.drop(columns="port"), schema)


@pytest.mark.parametrize("write", ["to_parquet", "to_feather"])
def test_of_a_table_only_the_columns_that_mean_something_are_read(write: str, tmp_path: Path) -> None:
    schema = learn_values(saved(tmp_path), DECLARED)
    frame = pd.read_csv(BytesIO(f"{HEADER}\n".encode() + TEXT), dtype={"port": "string"}, na_values=["?"])
    frame["payload"] = [b"\xff", b"\0", b"\r", b"x"]
    getattr(frame.iloc[:, ::-1], write)(tmp_path / "flows")
    with open_records(tmp_path / "flows", schema) as text:
        assert text.stream.head(1_000).split(b"\n")[0] == b"attack,same_host,loss,back,bytes,seconds,port,app,proto"
    table, findings = preprocess_in_memory(tmp_path / "flows", schema)
    np.testing.assert_array_equal(table.X, np.array(WANTED, dtype=np.float32))
    assert findings.unknown == {}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.25", "1.25", r"line 2, column loss: found '1.25', expected a number from 0 to 1"),
        ("1e-3", "nan", r"line 2, column seconds: found 'nan', expected a finite number"),
        ("DDoS", "Martian", r"column attack: found 'Martian', expected one of Benign, DDoS, PortScan, Slow Loris"),
        ("UDP", "17", r"column proto: found '17', expected a word such as icmp, tcp, udp; a label-encoded word"),
        (",no", "", r"line 2, column \(record\): found '11 fields', expected 12 fields"),
        ("1200", '"1,200"', r"found '1,200', expected a whole number, 0 or more, without separators of thousands"),
        ("-0.5", '"1,200"', r"found '1,200', expected a finite number, with a point instead of the comma"),
    ],
)
def test_a_bad_value_is_named_with_what_the_schema_expects(old: str, new: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(TEXT.replace(old.encode(), new.encode(), 1))


def test_learned_words_that_differ_in_letter_case_stay_apart(tmp_path: Path) -> None:
    schema = learn_values(saved(tmp_path, TEXT.replace(b"3,,tcp,,", b"3,,TCP,Web,")), DECLARED)
    assert schema.vocabularies["app"] == ("Web", "dns", "web")
    table, findings = preprocess_in_memory(tmp_path / "flows.csv", schema)
    assert table.X[:, 0].tolist() == [2, 1, 0, 2]
    assert findings.reading.examples == {"UDP": "udp", "TCP": "tcp", "slow loris": "Slow Loris"}


def test_missing_values_are_counted_by_column_and_alike_by_both_readers() -> None:
    for text in (TEXT, TEXT.replace(b"1200", b'"1200.0"')):  # the second is read line by line
        reading = Reading()
        read(text, reading=reading)
        assert reading.missing == {"bytes": 1, "seconds": 1}


def test_a_label_of_any_letters_is_read_as_it_is_written() -> None:
    web = "Web Attack \u2013 XSS"
    schema = schema_of(DECLARED.as_dict() | {"categories": {"web": [web]}, "aliases": {}})
    line = LINES[1].replace("DDoS", "{}")
    for text in (TEXT[: TEXT.index(b"2,")], line.format(web).encode(), line.format(f'"{web}"').encode()):
        (block,) = read_blocks(BytesIO(text), "flows.csv", schema)
        assert block.label is not None
        assert block.label.to_pylist() in (["Benign"], [web])
    with pytest.raises(
        ValueError, match="found 'WEB ATTACK \u2013 XSS', expected one of Benign, Web Attack \u2013 XSS"
    ):
        list(read_blocks(BytesIO(line.format(web.upper()).encode()), "flows.csv", schema))


def test_a_blank_line_is_no_record_of_missing_values(tmp_path: Path) -> None:
    schema = learn_values(saved(tmp_path), DECLARED)
    text, reading = TEXT.replace(b"\n", b"\n\n"), Reading()
    lines = [line for block in read_blocks(BytesIO(text), "some.csv", schema, label="ignored", reading=reading)
             for line in block.line.tolist()]  # fmt: skip
    assert lines == [1, 3, 5, 7]
    assert (reading.blank_lines, reading.missing) == (4, {"seconds": 1, "bytes": 1})


def test_a_file_must_have_the_header_that_its_schema_asks_for() -> None:
    asking = schema_of(DECLARED.as_dict() | {"header": True})
    list(read_blocks(BytesIO(f"{HEADER}\n".encode() + TEXT), "flows.csv", asking))
    with pytest.raises(
        HeaderError, match=r"flows\.csv: line 1: found a record, expected a header with the names of the columns of"
    ):
        list(read_blocks(BytesIO(TEXT), "flows.csv", asking))


def test_codes_become_indicators_of_each_column_behind_the_others(tmp_path: Path) -> None:
    schema = learn_values(saved(tmp_path), DECLARED)
    scaling = Scaling("minmax", clip=False, one_hot_service=True)
    names = scaling.features(schema)
    assert names[:8] == FEATURES[2:]
    assert names[8:] == (
        "app_dns", "app_missing", "app_web", "app_unknown", "port_443", "port_53", "port_80", "port_unknown",
    )  # fmt: skip
    X = scaling.unscaled(np.array(WANTED, dtype=np.float32), schema)
    assert X[0, 8:].tolist() == [0, 0, 1, 0, 0, 0, 1, 0]
    assert scaling.scaler(schema).fit_transform(np.array(WANTED, dtype=np.float32)).shape == (4, len(names))


def test_groups_and_roles_say_what_layouts_read(tmp_path: Path) -> None:
    schema = learn_values(saved(tmp_path), DECLARED)
    steps = Layout("history", 1, [3]).steps(schema.features, schema)
    assert steps is not None
    assert steps.tolist() == [0, 0, 1, 1, 1, 1, 1, 0, 0, 0, *[HISTORY_STEP] * 5]
    alike = np.expm1(History([3], schema)(np.array(WANTED, dtype=np.float32)) * np.log(4)).round()
    assert alike[:, 0].tolist() == [0, 0, 0, 1]  # the application of the first and the last
    assert alike[:, 4].tolist() == [0, 0, 0, 0]


def test_tasks_take_the_names_of_the_schema() -> None:
    binary = Task("binary", {"normal": TaskClass([NORMAL], 5), "attack": TaskClass("others", 5)}).of_schema(DECLARED)
    assert binary.target(DECLARED.labels).tolist() == [0, 1, 1, 1]
    categories = CategoriesTask("categories").of_schema(DECLARED)
    assert categories.class_names == ("normal", "floods", "scans")
    assert categories.target(DECLARED.labels).tolist() == [0, 1, 2, 1]
    some = Task("some", {"normal": TaskClass([NORMAL], 5), "probes": TaskClass("dos", 5)})
    with pytest.raises(
        ValueError, match=r"classes\.probes\.attacks='dos': expected a list of .*\(floods, scans\), or ot"
    ):
        some.of_schema(DECLARED)
