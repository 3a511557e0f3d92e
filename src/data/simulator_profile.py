"""Measures the real files and writes `simulator_profile.json`, from which `src.data.simulator` draws records.

    python -m src.data.simulator_profile [MIRROR_FOLDER]

The profile contains counts and percentiles but no record: each cell has at least 20 records.
"""

import argparse
import gzip
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from src.data.parsing.records import Block, read_blocks
from src.data.schema import Schema
from src.data.schema_files import declared_schema
from src.data.simulator import LEVELS, PROFILE, Cell, PartProfile, numeric_columns
from src.data.sources import MIRROR_VARIABLE
from src.utils.files import write_text

FILES: Final = {"train": "kddcup99/kddcup.data_10_percent.gz", "test": "kddcup99/corrected.gz"}
MIN_RECORDS: Final = 20  # records of a cell: with fewer, the percentiles would nearly be the records themselves
FREQUENT: Final = 100  # records from which a kind has cells of its own: with fewer, the profile only becomes longer
# A group is halved while both halves have this many records and the standard deviation of a column is at least this
# share of that column's largest value. Finer cells make the profile much longer and little more similar.
MIN_HALF: Final = 500
MIN_DEVIATION: Final = 0.1
# Group of the schema from which on columns may divide a group: they have nearly all of the variance of scaled records.
TRAFFIC: Final = "traffic"


def build_profile(mirror: Path) -> dict[str, PartProfile]:
    """Measure the real training and test file.

    Args:
        mirror: Folder with the files at their published paths, such as `kddcup99/corrected.gz`.
    Returns:
        The profile of each part, `train` and `test`.
    """
    return {part: measure(mirror / file) for part, file in FILES.items()}


def measure(path: Path) -> PartProfile:
    """Profile the records of a compressed file.

    Args:
        path: Compressed records with labels, in the published text format.
    Returns:
        Records by label, and cells in an order that depends on the records only.
    """
    with gzip.open(path) as stream:
        blocks = list(read_blocks(cast(BinaryIO, stream), path.name, _schema()))
    values = np.concatenate([_values(block) for block in blocks])
    kinds, kind = np.unique(np.concatenate([_kinds(block) for block in blocks]), return_inverse=True)
    counts = Counter(dict(zip(kinds.tolist(), np.bincount(kind).tolist(), strict=True)))
    largest = np.maximum(values.max(axis=0), 1)
    cells = []
    for group in _groups(counts):
        rows = np.flatnonzero(np.isin(kind, np.searchsorted(kinds, group)))
        cells += [_cell(values[part], kinds[kind[part]]) for part in _halve(rows, values, largest)]
    return {"records": _by_label(counts), "cells": cells}


def to_json(profile: dict[str, PartProfile]) -> str:
    """Format the profile as JSON with a line for each cell, which makes differences readable."""
    parts = []
    for name, part in sorted(profile.items()):
        cells = ",\n".join(_compact(cell) for cell in part["cells"])
        parts.append(f'"{name}":{{"records":{_compact(part["records"])},"cells":[\n{cells}\n]}}')
    return "{" + ",\n".join(parts) + "}\n"


def _schema() -> Schema:
    return declared_schema("kdd")


def _traffic() -> slice:
    """Places of the numeric columns that may divide a group."""
    return slice(numeric_columns(_schema().kinds).index(_schema().groups[TRAFFIC][0]), None)


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _values(block: Block) -> np.ndarray:
    """Convert the numeric columns to whole numbers, rates in hundredths, int64, shape (n, numeric columns)."""
    kinds = _schema().kinds
    scale = {name: 100 if kinds[name] == "rate" else 1 for name in numeric_columns(kinds)}
    columns = [block.columns.column(name).to_numpy() * times for name, times in scale.items()]
    values: np.ndarray = np.rint(np.stack(columns, axis=1)).astype(np.int64)
    return values


def _kinds(block: Block) -> np.ndarray:
    """Build the kind of each record, its label and the words of its categories, str, shape (n,)."""
    columns = [pa.chunked_array([block.label]), *(block.columns.column(name) for name in _schema().categorical)]
    joined = pc.binary_join_element_wise(*(column.cast(pa.string()) for column in columns), ",")
    kinds: np.ndarray = joined.to_numpy().astype(str)
    return kinds


def _by_label(counts: Counter[str]) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for kind, count in counts.items():
        totals[kind.partition(",")[0]] += count
    return dict(totals)


def _groups(counts: Counter[str]) -> Iterator[list[str]]:
    """Group the kinds that share cells.

    Frequent kinds are alone, others are pooled by attack type, and those of rare types by category.
    """
    category = {attack: name for name, attacks in _schema().categories.items() for attack in attacks}
    totals = _by_label(counts)
    families: dict[str, list[str]] = defaultdict(list)
    for kind in sorted(counts, key=lambda kind: (counts[kind], kind)):
        label = kind.partition(",")[0]
        families[label if totals[label] >= MIN_RECORDS else category[label]].append(kind)
    for _, family in sorted(families.items()):
        pool: list[str] = []
        # a pool that is too small takes in the next larger kind, frequent or not
        while family and (counts[family[0]] < FREQUENT or 0 < sum(counts[kind] for kind in pool) < MIN_RECORDS):
            pool.append(family.pop(0))
        yield from ([kind] for kind in family)
        if pool:
            yield sorted(pool)


def _halve(rows: np.ndarray, values: np.ndarray, largest: np.ndarray) -> Iterator[np.ndarray]:
    """Halve a group at the mean of its most varied traffic column, and its halves again, down to the minimum size."""
    n = len(rows)
    if n >= 2 * MIN_HALF:
        traffic = values[rows, _traffic()]
        total = traffic.sum(axis=0)
        # whole numbers as far as possible, so that the same columns win on every machine
        deviation = np.sqrt(n * (traffic**2).sum(axis=0) - total**2) / (n * largest[_traffic()])
        for column in np.argsort(-deviation, kind="stable"):
            low = traffic[:, column] * n <= total[column]
            if deviation[column] >= MIN_DEVIATION and MIN_HALF <= low.sum() <= n - MIN_HALF:
                yield from _halve(rows[low], values, largest)
                yield from _halve(rows[~low], values, largest)
                return
    yield rows


def _cell(values: np.ndarray, kinds: np.ndarray) -> Cell:
    place = (2 * np.arange(LEVELS) + 1) * len(values) // (2 * LEVELS)
    percentiles = np.sort(values, axis=0)[place]
    columns: dict[str, int | list[int]] = {}
    for name, column in zip(numeric_columns(_schema().kinds), percentiles.T, strict=True):
        distinct, repeats = np.unique(column, return_counts=True)
        if len(distinct) > 1:
            columns[name] = np.stack([distinct, repeats], axis=1).ravel().tolist()
        elif distinct[0] > 0:
            columns[name] = int(distinct[0])
    return {"records": dict(Counter(kinds.tolist())), "columns": columns}


def main() -> None:
    """Measure the real files and write the profile beside this module."""
    parser = argparse.ArgumentParser(prog="python -m src.data.simulator_profile", description=main.__doc__)
    parser.add_argument(
        "mirror",
        type=Path,
        nargs="?",
        default=os.environ.get(MIRROR_VARIABLE),
        help=f"folder with {' and '.join(FILES.values())} (default: ${MIRROR_VARIABLE})",
    )
    mirror = parser.parse_args().mirror
    if mirror is None:
        parser.error(f"name the folder with the real files, or set {MIRROR_VARIABLE}")
    write_text(PROFILE, to_json(build_profile(mirror)))


if __name__ == "__main__":
    main()
