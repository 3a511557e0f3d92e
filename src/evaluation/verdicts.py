"""Verdicts on the records of a test part, saved so that two runs can be compared."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from src.utils.files import whole_file
from src.utils.paths import FURTHER_TESTS

VERDICTS = "_verdicts.parquet"  # end of the name of each file
_KINDS = {"row": "int64", "vector": "uint64", "target": "int32", "predicted": "int32", "attack": "float32"}
_FACTS = b"verdicts"


def verdicts_file(part: str) -> str:
    """Name of the file with the verdicts of a test part."""
    return part + VERDICTS


def verdicts_place(part: str) -> Path:
    """Path of that file in a folder with the reports of a run."""
    name = verdicts_file(part)
    return Path(name) if part == "test" else Path(FURTHER_TESTS, part, name)


@dataclass(frozen=True)
class Verdicts:
    """Verdict of a run on each record of a test part.

    Attributes:
        row: 1-based line of the record in its source, int64, shape (n,).
        vector: Id of the feature vector, uint64, shape (n,).
        target: Actual class, int32, shape (n,).
        predicted: Class of the verdict, int32, shape (n,).
        attack: Calibrated P(attack), float32, shape (n,).
        classes: Names of the classes, in index order.
        cost: Cost matrix of the task, `cost[actual][predicted]`; None without costs.
    """

    row: np.ndarray
    vector: np.ndarray
    target: np.ndarray
    predicted: np.ndarray
    attack: np.ndarray
    classes: tuple[str, ...]
    cost: Sequence[Sequence[float]] | None = None

    def __len__(self) -> int:
        return len(self.row)

    def by_row(self) -> "Verdicts":
        """Sort the verdicts by line of the source; repeated records keep their order."""
        if (self.row[:-1] <= self.row[1:]).all():
            return self
        order = np.argsort(self.row, kind="stable")
        return replace(self, **{name: getattr(self, name)[order] for name in _KINDS})

    def write(self, path: Path) -> None:
        """Write a Parquet file, completely or not at all."""
        facts = {_FACTS: json.dumps({"classes": self.classes, "cost": self.cost}).encode()}
        columns = {name: pa.array(getattr(self, name).astype(kind, copy=False)) for name, kind in _KINDS.items()}
        with whole_file(path) as part:
            pq.write_table(pa.table(columns).replace_schema_metadata(facts), part, compression="zstd")

    @classmethod
    def read(cls, path: Path) -> "Verdicts":
        """Read a file that `write` wrote.

        Raises:
            ValueError: the file has other columns, no records, or classes that it does not name.
        """
        table = pq.read_table(path)
        facts = (table.schema.metadata or {}).get(_FACTS)
        if facts is None or set(table.column_names) != set(_KINDS):
            raise ValueError(f"{path}: found the columns {', '.join(table.column_names)}, expected the verdicts of a "
                             f"run: {', '.join(_KINDS)}; evaluate the run again with this version")  # fmt: skip
        metadata = json.loads(facts)
        columns = {name: table.column(name).to_numpy().astype(kind, copy=False) for name, kind in _KINDS.items()}
        n_classes = len(metadata["classes"])
        if not len(table):
            raise ValueError(f"{path}: found no records, expected one or more; evaluate the run again")
        for name in ("target", "predicted"):
            lowest, highest = columns[name].min(), columns[name].max()
            if lowest < 0 or highest >= n_classes:
                raise ValueError(f"{path}: found {lowest} to {highest} in column {name}, expected 0 to {n_classes - 1} "
                                 "for the classes that the file names; evaluate the run again")  # fmt: skip
        return cls(**columns, classes=tuple(metadata["classes"]), cost=metadata["cost"])
