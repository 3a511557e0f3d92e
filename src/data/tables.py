"""Table of encoded records, in memory and as a Parquet file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from src.utils.files import whole_file

_ATTACK = pa.dictionary(pa.int32(), pa.string())
ROW_GROUP = 1 << 17  # records that are encoded at once, and in memory meanwhile
# lz4 writes these records as fast as no compression, at a twentieth of the size. Dictionaries double the time.
PARQUET: dict[str, Any] = {"compression": "lz4", "use_dictionary": ["attack"]}


@dataclass(frozen=True)
class Table:
    """Encoded records.

    Attributes:
        X: Features of the data set (`Schema.features`), unscaled, float32, shape (n, d).
        attack: Index of each record's label in `attacks`, int32, shape (n,).
        attacks: Labels, each once.
        row: 1-based line of the record in its source, int64, shape (n,).
    """

    X: np.ndarray
    attack: np.ndarray
    attacks: tuple[str, ...]
    row: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    def take(self, index: np.ndarray) -> Self:
        """Select the records at `index`, in that order."""
        # column by column, as the matrix is stored: a gather of rows would jump through memory
        X = np.empty((self.X.shape[1], len(index)), dtype=np.float32).T
        for column in range(self.X.shape[1]):
            np.take(self.X[:, column], index, out=X[:, column])
        return replace(self, X=X, attack=self.attack[index], row=self.row[index])

    def labeled(self, target: np.ndarray) -> "LabeledTable":
        """Add the class index of each record, int32, shape (n,)."""
        return LabeledTable(self.X, self.attack, self.attacks, self.row, target)


@dataclass(frozen=True)
class LabeledTable(Table):
    """Encoded records with their classes in a task.

    Attributes:
        target: Class index, int32, shape (n,).
    """

    target: np.ndarray

    def take(self, index: np.ndarray) -> Self:
        """Select the records at `index` with their classes, in that order."""
        return replace(super().take(index), target=self.target[index])


def concatenate(tables: list[Table]) -> Table:
    """Concatenate tables in order, and map their attack codes onto one list of labels."""
    attacks: dict[str, int] = {}
    codes = []
    for table in tables:
        new_codes = [attacks.setdefault(name, len(attacks)) for name in table.attacks]
        codes.append(np.array(new_codes, dtype=np.int32)[table.attack])
    X = np.concatenate([table.X.T for table in tables], axis=1).T
    return Table(X, np.concatenate(codes), tuple(attacks), np.concatenate([table.row for table in tables]))


def to_arrow(table: Table, features: Sequence[str]) -> pa.Table:
    """Convert to Arrow: the features by name, then `attack`, `row` and, for labeled records, `target`."""
    columns: dict[str, pa.Array] = {
        name: pa.array(np.ascontiguousarray(table.X[:, column])) for column, name in enumerate(features)
    }
    columns["attack"] = pa.DictionaryArray.from_arrays(
        pa.array(table.attack, pa.int32()), pa.array(table.attacks, pa.string())
    )
    columns["row"] = pa.array(table.row, pa.int64())
    if isinstance(table, LabeledTable):
        columns["target"] = pa.array(table.target, pa.int32())
    return pa.table(columns)


def write_table(table: Table, path: Path, features: Sequence[str]) -> None:
    """Write a Parquet file, completely or not at all."""
    with whole_file(path) as part:
        pq.write_table(to_arrow(table, features), part, row_group_size=ROW_GROUP, **PARQUET)


def read_table(path: Path, features: Sequence[str]) -> Table:
    """Read the records that `write_table` wrote, without their targets if there are any.

    Raises:
        ValueError: a column is missing.
    """
    file = pq.ParquetFile(path)
    n = file.metadata.num_rows
    missing = [name for name in (*features, "attack", "row") if name not in file.schema_arrow.names]
    if missing:
        raise ValueError(f"{path}: found no column {missing[0]!r}, expected the columns of a preprocessed table; "
                         "make it again with `dvc repro --force preprocess`")  # fmt: skip

    def column(name: str) -> pa.ChunkedArray:
        return file.read(columns=[name]).column(0)

    X = np.empty((len(features), n), dtype=np.float32).T
    for position, name in enumerate(features):  # one at a time: a full-size file is not in memory twice
        X[:, position] = column(name).to_numpy()
    attacks: dict[str, int] = {}
    attack = np.empty(n, dtype=np.int32)
    start = 0
    for codes in column("attack").cast(_ATTACK).chunks:  # each chunk has a dictionary of its own
        new_codes = [attacks.setdefault(name, len(attacks)) for name in codes.dictionary.to_pylist()]
        attack[start : start + len(codes)] = np.array(new_codes, dtype=np.int32)[codes.indices.to_numpy()]
        start += len(codes)
    return Table(X, attack, tuple(attacks), column("row").to_numpy())


def read_labeled_table(path: Path, features: Sequence[str]) -> LabeledTable:
    """Read a table that `write_table` wrote with its targets.

    Raises:
        ValueError: a column is missing.
    """
    table = read_table(path, features)
    if "target" not in pq.read_schema(path).names:
        raise ValueError(
            f"{path}: found no column 'target', expected the columns of a sampled table; "
            "make it again with `dvc repro --force sample`"
        )
    return table.labeled(pq.read_table(path, columns=["target"]).column("target").to_numpy())
