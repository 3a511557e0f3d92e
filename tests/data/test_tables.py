"""Tables: what is written is what is read, and codes mean the same labels afterwards."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from src.data.tables import (
    LabeledTable,
    Table,
    concatenate,
    read_labeled_table,
    read_table,
    to_arrow,
    write_table,
)
from tests.kdd import FEATURES

SOME = ("normal", "smurf", "nmap")


def table(attack: list[int], attacks: tuple[str, ...] = SOME) -> Table:
    n = len(attack)
    X = np.random.default_rng(n).normal(size=(n, 53)).astype(np.float32)
    return Table(X, np.array(attack, dtype=np.int32), attacks, np.arange(n, dtype=np.int64) * 2 + 1)


def labeled(attack: list[int], target: list[int]) -> LabeledTable:
    return table(attack).labeled(np.array(target, dtype=np.int32))


def labels(records: Table) -> list[str]:
    return [records.attacks[code] for code in records.attack]


@pytest.mark.parametrize("records", [table([0, 2, 1, 0]), labeled([0, 2, 1, 0], [0, 1, 1, 0])])
def test_what_is_written_is_what_is_read(records: Table, tmp_path: Path) -> None:
    write_table(records, tmp_path / "some.parquet", FEATURES)
    read = (read_labeled_table if isinstance(records, LabeledTable) else read_table)(
        tmp_path / "some.parquet", FEATURES
    )
    assert type(read) is type(records)
    assert np.array_equal(read.X, records.X)
    assert read.X.dtype == np.float32
    assert labels(read) == labels(records) == ["normal", "nmap", "smurf", "normal"]
    assert read.row.tolist() == [1, 3, 5, 7]
    if isinstance(read, LabeledTable):
        assert (read.target.tolist(), read.target.dtype) == ([0, 1, 1, 0], np.int32)
    assert (len(read), read.attack.dtype, read.row.dtype) == (4, np.int32, np.int64)


def test_a_table_without_records_survives_too(tmp_path: Path) -> None:
    write_table(labeled([], []), tmp_path / "some.parquet", FEATURES)
    read = read_labeled_table(tmp_path / "some.parquet", FEATURES)
    assert (len(read), read.X.shape, read.target.tolist()) == (0, (0, 53), [])


def test_columns_are_the_features_by_name_then_the_rest() -> None:
    records = labeled([0, 1], [0, 1])
    arrow = to_arrow(records, FEATURES)
    assert arrow.column_names == [*FEATURES, "attack", "row", "target"]
    assert arrow.column("count").to_numpy().tolist() == records.X[:, 20].tolist()
    assert arrow.column("attack").to_pylist() == ["normal", "smurf"]


def test_row_groups_with_other_dictionaries_are_read_onto_one_list_of_labels(tmp_path: Path) -> None:
    groups = [table([0, 1]), table([0, 1, 2], ("pod", "normal", "pod")), table([0], ("nmap",))]
    with pq.ParquetWriter(tmp_path / "some.parquet", to_arrow(groups[0], FEATURES).schema) as writer:
        for group in groups:
            writer.write_table(to_arrow(group, FEATURES))
    read = read_table(tmp_path / "some.parquet", FEATURES)
    assert labels(read) == ["normal", "smurf", "pod", "normal", "pod", "nmap"]
    assert len(set(read.attacks)) == len(read.attacks)
    assert np.array_equal(read.X, np.concatenate([group.X for group in groups]))


@pytest.mark.parametrize("column", ["src_bytes", "attack", "row"])
def test_a_missing_column_is_named_with_the_way_on(column: str, tmp_path: Path) -> None:
    path = tmp_path / "some.parquet"
    pq.write_table(to_arrow(table([0]), FEATURES).drop_columns(column), path)
    with pytest.raises(ValueError, match=rf"some\.parquet: found no column '{column}', expected .*dvc repro --force"):
        read_table(path, FEATURES)


def test_a_failed_write_leaves_the_old_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "some.parquet"
    write_table(table([0, 1]), path, FEATURES)

    def fail(arrow: pa.Table, part: Path, **_: object) -> None:
        Path(part).write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(pq, "write_table", fail)
    with pytest.raises(OSError, match="no space left"):
        write_table(table([2]), path, FEATURES)
    assert labels(read_table(path, FEATURES)) == ["normal", "smurf"]
    assert [one.name for one in tmp_path.iterdir()] == ["some.parquet"]


def test_take_gives_the_records_in_the_order_asked_and_as_often() -> None:
    records = labeled([0, 1, 2], [0, 1, 2])
    index = np.array([2, 0, 2])
    taken = records.take(index)
    assert np.array_equal(taken.X, records.X[index])
    assert labels(taken) == ["nmap", "normal", "nmap"]
    assert taken.row.tolist() == [5, 1, 5]
    assert taken.target.tolist() == [2, 0, 2]


def test_records_without_targets_stay_without_until_they_are_labeled() -> None:
    taken = table([0, 1]).take(np.array([1, 0]))
    assert type(taken) is Table
    again = taken.labeled(np.array([7, 8]))
    assert (labels(again), again.target.tolist()) == (["smurf", "normal"], [7, 8])


def test_a_table_without_targets_is_not_read_as_a_sampled_one(tmp_path: Path) -> None:
    write_table(table([0]), tmp_path / "some.parquet", FEATURES)
    with pytest.raises(
        ValueError, match=r"some\.parquet: found no column 'target', expected .*dvc repro --force sample"
    ):
        read_labeled_table(tmp_path / "some.parquet", FEATURES)


def test_concatenated_tables_share_one_list_of_labels() -> None:
    parts = [table([1, 0]), table([0, 1, 2], ("pod", "smurf", "smurf")), table([], ())]
    whole = concatenate(parts)
    assert labels(whole) == ["smurf", "normal", "pod", "smurf", "smurf"]
    assert whole.attacks == ("normal", "smurf", "nmap", "pod")
    assert np.array_equal(whole.X, np.concatenate([part.X for part in parts]))
    assert whole.row.tolist() == [1, 3, 1, 3, 5]
    assert whole.X.dtype == np.float32
