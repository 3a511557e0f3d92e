"""Simulated KDD Cup 99 records in the published text format, drawn from a committed profile of the real files.

The profile (`simulator_profile.json`, written by `src.data.simulator_profile`) divides the records of a file into
cells. The records of a cell have one attack type, one combination of categories (rare ones pooled), and
similar traffic statistics. The profile contains the percentiles of every numeric column of each cell. The simulator
draws a cell for each record, and then one of that cell's percentiles for each column. Columns are independent inside a
cell and correlated through the cells.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypedDict

import numpy as np

from src.data.schema import Schema

PROFILE: Final = Path(__file__).with_name("simulator_profile.json")
LEVELS: Final = 100  # percentiles of a column: 0.5 %, 1.5 %, ..., 99.5 %
CHUNK_RECORDS: Final = 50_000

_PARTS: Final = ("train", "test")


class Cell(TypedDict):
    """Group of records with common percentiles.

    Attributes:
        records: Number of records of each kind: the label and the words of the categories, between commas.
        columns: Percentiles of the numeric columns as whole numbers, rates in hundredths. One number if all are equal,
            otherwise pairs of a value and its number of percentiles. A column of zeros is left out.
    """

    records: dict[str, int]
    columns: dict[str, int | list[int]]


class PartProfile(TypedDict):
    """Profile of a real file: its number of `records` by label, and its `cells`."""

    records: dict[str, int]
    cells: list[Cell]


@dataclass(frozen=True)
class _Sampler:
    """Profile as arrays to draw from; the kinds of all cells follow each other.

    Attributes:
        records: Number of real records by label.
        label: Label of each kind, str, shape (kinds,).
        frequency: Number of real records of each kind, int64, shape (kinds,).
        cell: Cell of each kind, int64, shape (kinds,).
        symbols: Text of each symbolic column, and of the label with the end of the line, object, shape (kinds,).
        codes: Index of each percentile into its column's `words`, int32, shape (cells * LEVELS, numeric columns).
        words: Text of each value of a numeric column, object, shape (values,).
        columns: Names of all columns and of the label, in the order of a line.
    """

    records: dict[str, int]
    label: np.ndarray
    frequency: np.ndarray
    cell: np.ndarray
    symbols: dict[str, np.ndarray]
    codes: np.ndarray
    words: dict[str, np.ndarray]
    columns: tuple[str, ...]


@cache
def read_profile() -> dict[str, PartProfile]:
    """Read the profiles of the real training file (`train`) and of the labelled test file (`test`)."""
    profile: dict[str, PartProfile] = json.loads(PROFILE.read_text(encoding="utf-8"))
    return profile


def simulate(part: Literal["train", "test"], records: int, seed: int, schema: Schema) -> Iterator[bytes]:
    r"""Draw records like those of a real file; the same arguments give the same bytes.

    Labels have the real proportions to the nearest whole record, and come in random order.

    Args:
        part: File to imitate: `train` the 10 % training file, `test` the labelled test file.
        records: Number of records to draw; a rare attack type is missing if its share rounds to 0.
        seed: Seed of the draw, 0 or more.
        schema: Columns of KDD99, which the profile is of, in their order.
    Yields:
        Records one after another in pieces: lines of 42 comma-separated fields.

    >>> from src.data.schema_files import declared_schema
    >>> text = next(simulate("train", 1000, 0, declared_schema("kdd")))
    >>> text.count(b"\n"), text.count(b",normal.\n"), text.count(b",smurf.\n")
    (1000, 197, 568)
    """
    sampler = _sampler(part, tuple(schema.kinds.items()))
    rng = np.random.default_rng([seed, _PARTS.index(part)])
    kind = rng.permutation(_draw_kinds(sampler, records, rng))
    for start in range(0, records, CHUNK_RECORDS):
        yield _text(sampler, kind[start : start + CHUNK_RECORDS], rng)


def apportion(total: int, weights: np.ndarray) -> np.ndarray:
    """Divide a whole number in proportion to weights, by largest remainder.

    Args:
        total: Number to divide, 0 or more.
        weights: Whole numbers, 0 or more and not all 0, shape (n,).
    Returns:
        Exact shares, rounded up or down so that their sum is `total`, int64, shape (n,).

    >>> apportion(10, np.array([5, 3, 1])).tolist()
    [6, 3, 1]
    """
    shares, remainders = np.divmod(weights.astype(np.int64) * total, weights.sum())
    shares[np.argsort(-remainders, kind="stable")[: total - shares.sum()]] += 1
    return shares


def _draw_kinds(sampler: _Sampler, records: int, rng: np.random.Generator) -> np.ndarray:
    """Draw the kind of each record, label by label, int64, shape (records,)."""
    shares = apportion(records, np.array(list(sampler.records.values())))
    drawn = []
    for label, share in zip(sampler.records, shares, strict=True):
        kinds = np.flatnonzero(sampler.label == label)
        frequency = sampler.frequency[kinds]
        # drawn, not apportioned: a small file would round all of the hundreds of rare kinds to 0
        drawn.append(np.repeat(kinds, rng.multinomial(share, frequency / frequency.sum())))
    return np.concatenate(drawn)


def _text(sampler: _Sampler, kind: np.ndarray, rng: np.random.Generator) -> bytes:
    """Draw records of the given kinds, as text."""
    first = sampler.cell[kind] * LEVELS
    percentile = rng.integers(LEVELS, size=(len(sampler.words), len(kind)), dtype=np.uint8)
    fields = {name: words[kind] for name, words in sampler.symbols.items()}
    for place, name in enumerate(sampler.words):
        fields[name] = sampler.words[name][sampler.codes[first + percentile[place], place]]
    lines = zip(*(fields[name].tolist() for name in sampler.columns), strict=True)
    return "".join(map(",".join, lines)).encode()


@cache
def _sampler(part: str, columns: tuple[tuple[str, str], ...]) -> _Sampler:
    """Arrays to draw from.

    Args:
        part: File to imitate.
        columns: Names and kinds of the columns, in order.
    """
    kind_of = dict(columns)
    numeric = numeric_columns(kind_of)
    profile = read_profile()[part]
    cells = profile["cells"]
    kinds = np.array([kind.split(",") for cell in cells for kind in cell["records"]])
    label = kinds[:, 0]
    categories = [name for name, kind in columns if kind == "category"]
    symbols = {name: kinds[:, place].astype(object) for place, name in enumerate(categories, 1)}
    symbols["label"] = np.array([f"{word}.\n" for word in label], dtype=object)

    percentiles = np.zeros((len(cells), LEVELS, len(numeric)), dtype=np.int64)
    for number, cell in enumerate(cells):
        for name, runs in cell["columns"].items():
            value, repeats = (runs, LEVELS) if isinstance(runs, int) else (runs[0::2], runs[1::2])
            percentiles[number, :, numeric.index(name)] = np.repeat(value, repeats)
    codes = np.empty((len(cells) * LEVELS, len(numeric)), dtype=np.int32, order="F")
    words = {}
    for place, name in enumerate(numeric):
        values, inverse = np.unique(percentiles[:, :, place], return_inverse=True)
        codes[:, place] = inverse.ravel()
        texts = [f"{value / 100:.2f}" if kind_of[name] == "rate" else str(value) for value in values.tolist()]
        words[name] = np.array(texts, dtype=object)
    return _Sampler(
        records=profile["records"],
        label=label,
        frequency=np.array([count for cell in cells for count in cell["records"].values()], dtype=np.int64),
        cell=np.repeat(np.arange(len(cells)), [len(cell["records"]) for cell in cells]),
        symbols=symbols,
        codes=codes,
        words=words,
        columns=(*kind_of, "label"),
    )


def numeric_columns(kinds: Mapping[str, str]) -> tuple[str, ...]:
    """Columns of numbers, in order."""
    return tuple(name for name, kind in kinds.items() if kind != "category")
