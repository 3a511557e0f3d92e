"""Preprocessing: whole files to encoded tables, bad lines beside them or not at all."""

import csv
import gzip
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from src.data.duplicates import overlap, vector_ids
from src.data.parsing.quarantine import Quarantine
from src.data.parsing.records import BadRecordError
from src.data.sources import SimulatedDataset
from src.data.tables import Table, read_table
from src.features import preprocessing
from src.features.preprocessing import Findings
from src.features.unknown_words import UnknownWordsError
from tests.kdd import CATEGORIES, COLUMNS, FEATURES, KDD, NSL, preprocess_in_memory, preprocess_to_file

RECORD = (
    "0,tcp,http,SF,181,5450,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,8,8,0.00,0.00,0.00,0.00,1.00,0.00,0.00,"
    "9,9,1.00,0.00,0.11,0.00,0.00,0.00,0.00,0.00,normal."
)
NAMES = (*COLUMNS, "label")


def record(**values: str) -> str:
    return ",".join((dict(zip(NAMES, RECORD.split(","), strict=True)) | values).values())


# Line 2 has an unknown service, 3 a value that is no number, 5 too few fields, 6 a comma too many.
MIXED = [
    record(duration="1"),
    record(duration="2", service="quic", label="smurf."),
    record(duration="x3"),
    record(duration="4", service="quic", flag="SX"),
    "5,tcp",
    record(duration="6", service="a,b"),
    record(duration="7", label="smurf"),
]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two or three records a block."""
    read_blocks = preprocessing.read_blocks
    monkeypatch.setattr(preprocessing, "read_blocks", lambda *a, **options: read_blocks(*a, **options, block_bytes=400))


def raw_file(folder: Path, lines: list[str], name: str = "some.txt") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    text = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return path


def to_file(raw: Path, out: Path, **options: Any) -> Findings:
    quarantine = Quarantine(out / "some.quarantine.txt", out / "some.quarantine.csv")
    return preprocess_to_file(raw, out / "some.parquet", quarantine, **{"max_unknown": 1.0} | options)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def assert_equal(one: Table, other: Table) -> None:
    assert np.array_equal(one.X, other.X)
    assert type(one) is type(other) is Table  # without targets
    assert one.row.tolist() == other.row.tolist()
    assert [one.attacks[code] for code in one.attack] == [other.attacks[code] for code in other.attack]


# Good files


def test_a_file_of_nsl_kdd_is_encoded_as_the_same_records_of_kdd99(tmp_path: Path) -> None:
    lines = [record(duration=str(place), label=("smurf.", "nmap.")[place > 2]) for place in range(5)]
    nsl = [f"{line[:-1]},{place}" for place, line in enumerate(lines)]
    table, findings = preprocess_in_memory(raw_file(tmp_path, nsl, "KDDTrain+.txt"), schema=NSL)
    wanted, _ = preprocess_in_memory(raw_file(tmp_path, lines))
    assert_equal(table, wanted)
    assert findings.attacks == {"smurf": 3, "nmap": 2}
    to_file(raw_file(tmp_path, nsl, "KDDTest+.txt"), tmp_path / "out", schema=NSL)
    assert_equal(read_table(tmp_path / "out" / "some.parquet", FEATURES), wanted)


def test_a_file_of_nsl_kdd_that_is_cut_off_names_its_last_line(tmp_path: Path) -> None:
    raw = tmp_path / "KDDTest+.txt"
    raw.write_bytes(b"\n".join([f"{record(label='smurf')},{place}".encode() for place in (3, 21)])[:-30])
    message = r"KDDTest\+\.txt: line 2, column \(record\): found '37 fields', expected 43 fields"
    with pytest.raises(BadRecordError, match=message):
        preprocess_in_memory(raw, schema=NSL)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("name", ["some.txt", "some.gz"])
def test_a_file_is_encoded_line_by_line_with_its_findings(name: str, tmp_path: Path) -> None:
    lines = [record(duration=str(place), label=("smurf.", "nmap.")[place > 2]) for place in range(5)]
    sizes: list[int] = []
    findings = to_file(raw_file(tmp_path, lines, name), tmp_path / "out", on_bytes=sizes.append)
    table = read_table(tmp_path / "out" / "some.parquet", FEATURES)
    assert table.X[:, FEATURES.index("duration")].tolist() == [0, 1, 2, 3, 4]
    assert table.row.tolist() == [1, 2, 3, 4, 5]
    assert [table.attacks[code] for code in table.attack] == ["smurf"] * 3 + ["nmap"] * 2
    assert findings == Findings(records=5, attacks=Counter(smurf=3, nmap=2))
    assert names(tmp_path / "out") == ["some.parquet"]  # no quarantine where nothing is in it
    assert sum(sizes) == sum(len(line) + 1 for line in lines)


def test_unknown_values_are_counted_and_no_error(tmp_path: Path) -> None:
    lines = [record(service="quic"), record(service="quic", protocol_type="sctp"), record(flag="SX")]
    findings = to_file(raw_file(tmp_path, lines), tmp_path / "out")
    assert findings.as_dict() == {
        "records": 3,
        "quarantined": 0,
        "unknown": {"flag": {"SX": 1}, "protocol_type": {"sctp": 1}, "service": {"quic": 2}},
        "attacks": {"normal": 3},
    }


def test_unknown_values_of_more_records_than_allowed_are_an_error_and_leave_no_file(tmp_path: Path) -> None:
    raw = raw_file(tmp_path, [*[record(service="https")] * 3, *[record()] * 296])
    message = (
        r"some\.txt: found words that no published file has in 3 of 299 records \(1\.00 %\), such as service 'https', "
        r"expected at most 1\.00 %; write the words as the published files do, or raise preprocess\.max_unknown$"
    )
    with pytest.raises(UnknownWordsError, match=message):
        to_file(raw, tmp_path / "out", max_unknown=0.01)
    assert names(tmp_path / "out") == []
    with pytest.raises(UnknownWordsError, match=message):
        preprocess_in_memory(raw)
    enough = raw_file(tmp_path, [record(service="https"), *[record()] * 99])
    assert preprocess_in_memory(enough)[1].unknown == {"service": {"https": 1}}


def test_a_training_file_of_an_exporter_is_encoded_as_the_published_one_and_noted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A header in another order with an index and a label of another name, bytes literals, floats and capitals."""
    plain = [record(label="smurf.", src_bytes=str(size)) for size in range(7)]
    names = ["", "CLASS", *[name.upper() for name in COLUMNS][::-1]]
    lines = [",".join(names), ""]
    for number, line in enumerate(plain):
        *values, label = (f"b'{value}'" if value.islower() else value for value in line.split(","))
        lines.append(",".join([str(number), label.replace("smurf", "SMURF"), *values[::-1]]).replace(",0,", ",0.0,"))
    wanted, _ = preprocess_in_memory(raw_file(tmp_path, plain))
    for table, findings in (
        preprocess_in_memory(raw_file(tmp_path, lines, "export.csv")),
        (None, to_file(tmp_path / "export.csv", tmp_path / "out")),
    ):
        found = read_table(tmp_path / "out" / "some.parquet", FEATURES) if table is None else table
        assert np.array_equal(found.X, wanted.X)
        assert [found.attacks[code] for code in found.attack] == ["smurf"] * 7
        assert found.row.tolist() == list(range(3, 10))
        assert findings.as_dict()["notes"] == [
            "the columns are in another order, taken by the names of the header",
            "1 blank line passed over",
            "21 words are written another way, read: b'SMURF.' as smurf, b'http' as http, b'tcp' as tcp",
        ]
    assert [message.startswith(f"{tmp_path / 'export.csv'}: ") for message in caplog.messages] == [True] * 3  # once


def test_in_memory_equals_via_file_on_simulated_records(tmp_path: Path) -> None:
    raw = SimulatedDataset("simulated", KDD, records=2_000, test_records=2_000, seed=0).fetch("test", tmp_path)
    table, findings = preprocess_in_memory(raw)
    assert to_file(raw, tmp_path / "out") == findings
    assert_equal(read_table(tmp_path / "out" / "some.parquet", FEATURES), table)


@pytest.mark.usefixtures("small_blocks")
def test_in_memory_equals_via_file_with_bad_lines_and_labels_in_other_orders(tmp_path: Path) -> None:
    raw = raw_file(tmp_path, MIXED)
    table, findings = preprocess_in_memory(raw, on_bad_record="quarantine", max_unknown=1)
    assert to_file(raw, tmp_path / "out", on_bad_record="quarantine") == findings
    assert_equal(read_table(tmp_path / "out" / "some.parquet", FEATURES), table)


# Bad records


@pytest.mark.parametrize("blocks", ["small_blocks", "tmp_path"], ids=["small blocks", "one block"])
def test_bad_lines_go_beside_the_output_and_the_others_keep_their_lines(
    blocks: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(blocks)
    findings = to_file(raw_file(tmp_path, MIXED), tmp_path / "out", on_bad_record="quarantine")
    table = read_table(tmp_path / "out" / "some.parquet", FEATURES)
    assert table.row.tolist() == [1, 2, 4, 7]
    assert table.X[:, FEATURES.index("duration")].tolist() == [1, 2, 4, 7]
    assert findings == Findings(
        records=4,
        attacks=Counter(normal=2, smurf=2),
        unknown={"service": Counter(quic=2), "flag": Counter(SX=1)},
        quarantined=3,
    )
    with (tmp_path / "out" / "some.quarantine.csv").open(newline="", encoding="utf-8") as file:
        assert [*csv.reader(file)] == [
            ["line", "column", "value", "expected"],
            ["3", "duration", "x3", "a whole number, 0 or more"],
            ["5", "(record)", "2 fields", "42 fields"],
            ["6", "(record)", "43 fields", "42 fields"],
        ]
    assert (tmp_path / "out" / "some.quarantine.txt").read_text() == f"{MIXED[2]}\n5,tcp\n{MIXED[5]}\n"
    assert names(tmp_path / "out") == ["some.parquet", "some.quarantine.csv", "some.quarantine.txt"]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("packed", [False, True])
def test_quarantined_lines_are_the_bytes_of_the_input(packed: bool, tmp_path: Path) -> None:
    odd = [b"\xff\xfe", b'"a\t , b" ', b" x ,\r", b"a\0b", b"\xc3\xa9,\xed\xa0\x80", b"\\xff", b"'", b"1" * 700]
    good = [record(duration=str(place)).encode() for place in range(len(odd))]
    text = b"\n".join(line for pair in zip(good, odd, strict=True) for line in pair)
    raw = tmp_path / "some.gz" if packed else tmp_path / "some.txt"
    raw.write_bytes(gzip.compress(text) if packed else text)
    assert to_file(raw, tmp_path / "out", on_bad_record="quarantine").quarantined == len(odd)
    assert (tmp_path / "out" / "some.quarantine.txt").read_bytes() == b"\n".join([*odd, b""])


@pytest.mark.usefixtures("small_blocks")
def test_a_bad_record_stops_and_leaves_nothing_under_a_final_name(tmp_path: Path) -> None:
    raw = raw_file(tmp_path, MIXED)
    with pytest.raises(
        BadRecordError, match=r"some\.txt: line 3, column duration: found 'x3', expected a whole number"
    ):
        to_file(raw, tmp_path / "out")
    assert names(tmp_path / "out") == []
    with pytest.raises(BadRecordError, match=r"some\.txt: line 3, column duration"):
        preprocess_in_memory(raw)


@pytest.mark.usefixtures("small_blocks")
def test_an_unfinished_quarantine_is_removed_when_the_read_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object) -> None:
        raise MemoryError("too much")

    monkeypatch.setattr(preprocessing, "encode", fail)
    with pytest.raises(MemoryError, match="too much"):
        to_file(raw_file(tmp_path, [MIXED[4], *MIXED]), tmp_path / "out", on_bad_record="quarantine")
    assert names(tmp_path / "out") == []


def test_a_clean_file_takes_the_old_quarantine_away(tmp_path: Path) -> None:
    to_file(raw_file(tmp_path, MIXED), tmp_path / "out", on_bad_record="quarantine")
    to_file(raw_file(tmp_path, MIXED[:1]), tmp_path / "out", on_bad_record="quarantine")
    assert names(tmp_path / "out") == ["some.parquet"]
    assert len(read_table(tmp_path / "out" / "some.parquet", FEATURES)) == 1


# Files that are no files of records


@pytest.mark.parametrize(("lines", "on_bad_record"), [([], "stop"), (["," * 41], "quarantine")])
def test_a_file_without_a_single_record_is_an_error(lines: list[str], on_bad_record: Any, tmp_path: Path) -> None:
    raw = raw_file(tmp_path, lines)
    with pytest.raises(ValueError, match=r"some\.txt: found no records, expected at least one"):
        to_file(raw, tmp_path / "out", on_bad_record=on_bad_record)
    assert names(tmp_path / "out") == []


def test_an_empty_file_is_an_error_in_memory_too(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"some\.gz: found no records, expected at least one"):
        preprocess_in_memory(raw_file(tmp_path, [], "some.gz"))


@pytest.mark.parametrize("kept", [10, 0.5, -1])
def test_a_gz_that_was_cut_off_is_an_error_that_names_it(kept: float, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    raw = raw_file(tmp_path, [record(src_bytes=str(n)) for n in rng.integers(0, 10**9, 500)], "some.gz")
    whole = raw.read_bytes()
    raw.write_bytes(whole[: int(kept * len(whole)) if kept == 0.5 else int(kept)])
    with pytest.raises(OSError, match=r"some\.gz: Truncated compressed stream; the file is damaged: fetch it again"):
        to_file(raw, tmp_path / "out")
    assert names(tmp_path / "out") == []
    with pytest.raises(OSError, match=r"some\.gz: Truncated"):
        preprocess_in_memory(raw)


def test_messages_name_the_file_that_a_copy_was_made_of(tmp_path: Path) -> None:
    raw = raw_file(tmp_path, [MIXED[2]])
    with pytest.raises(BadRecordError, match=r"^mirror/some\.gz: line 1, "):
        preprocess_in_memory(raw, name="mirror/some.gz")
    with pytest.raises(ValueError, match=r"^mirror/some\.gz: found no records"):
        to_file(raw, tmp_path / "out", name="mirror/some.gz", on_bad_record="quarantine")
    raw.write_bytes(gzip.compress(MIXED[0].encode())[:-9])
    with pytest.raises(OSError, match=r"^mirror/some\.gz: Truncated compressed stream"):
        preprocess_in_memory(raw, name="mirror/some.gz")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.gz"):
        to_file(tmp_path / "nowhere.gz", tmp_path / "out")


# The published files

TRAIN = {
    "smurf": 280_790, "neptune": 107_201, "normal": 97_278, "back": 2_203, "satan": 1_589, "ipsweep": 1_247,
    "portsweep": 1_040, "warezclient": 1_020, "teardrop": 979, "pod": 264, "nmap": 231, "guess_passwd": 53,
    "buffer_overflow": 30, "land": 21, "warezmaster": 20, "imap": 12, "rootkit": 10, "loadmodule": 9, "ftp_write": 8,
    "multihop": 7, "phf": 4, "perl": 3, "spy": 2,
}  # fmt: skip
TEST_BY_CATEGORY = {"probe": 4_166, "dos": 229_853, "u2r": 228, "r2l": 16_189}


@pytest.mark.real_data
def test_the_real_training_file_holds_the_published_counts_and_nothing_odd(real_train: tuple[Table, Findings]) -> None:
    table, findings = real_train
    assert findings.as_dict() == {"records": 494_021, "quarantined": 0, "unknown": {}, "attacks": TRAIN}
    assert table.row.tolist() == list(range(1, 494_022))
    assert len(np.unique(table.X[:, FEATURES.index("service")])) == 66


@pytest.mark.real_data
def test_the_real_test_file_holds_the_published_counts_and_two_unknown_services(
    real_test: tuple[Table, Findings],
) -> None:
    table, findings = real_test
    assert (findings.records, findings.quarantined, findings.attacks["normal"]) == (311_029, 0, 60_593)
    assert {
        name: sum(findings.attacks[attack] for attack in attacks) for name, attacks in CATEGORIES.items()
    } == TEST_BY_CATEGORY
    assert len(set(findings.attacks) - set(TRAIN)) == 17
    assert findings.unknown == {"service": Counter(icmp=2)}
    assert table.row[table.X[:, FEATURES.index("service")] == 70].tolist() == [136_489, 136_497]
    assert table.X[:, FEATURES.index("is_host_login")].sum() == 12


@pytest.mark.real_data
def test_most_real_records_are_copies(real_train: tuple[Table, Findings], real_test: tuple[Table, Findings]) -> None:
    train, test = (vector_ids(table.X) for table, _ in (real_train, real_test))
    distinct = [
        len(np.unique(np.stack([ids, table.attack.astype(np.uint64)]), axis=1).T)
        for ids, (table, _) in ((train, real_train), (test, real_test))
    ]
    assert distinct == [145_586, 77_291]
    assert overlap(train, test) == pytest.approx(0.582, abs=0.0005)
