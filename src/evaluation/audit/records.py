"""Records of one file by column, as the checks of an audit read them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from src.data.duplicates import vector_ids
from src.data.parsing.dialect import MISSING
from src.data.schema import Schema, indicator_names

UNKNOWN = "(unknown)"  # word for all values that the schema does not know
_ODD = np.uint64(0x9E3779B97F4A7C15)  # any odd number does: labels are added to ids of vectors


@dataclass(frozen=True)
class Records:
    """Records of one file.

    Attributes:
        part: Name of the file: `train`, `test`, or a further test.
        columns: Values of each column, shape (n,): numbers as float32, categories as the index of a word, int64.
        words: Words of each category.
        vectors: Ids of the feature vectors, uint64, shape (n,).
        label: Index of each record's attack type in `labels`, shape (n,); 0 is normal traffic.
        labels: Normal traffic, and every attack type.
        categories: Attack types by category.
        line: Line of each record in its file, int64, shape (n,).
        missing: Number of missing values by column; columns without any may be left out.
        unknown: Number of records by word that the schema does not know, for each category.
    """

    part: str
    columns: Mapping[str, np.ndarray]
    words: Mapping[str, tuple[str, ...]]
    vectors: np.ndarray
    label: np.ndarray
    labels: tuple[str, ...]
    categories: Mapping[str, list[str]]
    line: np.ndarray
    missing: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.line)

    @cached_property
    def alarm(self) -> np.ndarray:
        """True for attacks, shape (n,)."""
        return self.label != 0


def row_ids(vectors: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Ids of vectors with their labels, uint64, shape (n,); equal pairs have equal ids."""
    return vectors + (label.astype(np.uint64) + np.uint64(1)) * _ODD


def records_of(
    part: str,
    X: np.ndarray,
    label: np.ndarray,
    line: np.ndarray,
    schema: Schema,
    missing: Mapping[str, int] | None = None,
    unknown: Mapping[str, Mapping[str, int]] | None = None,
) -> Records:
    """Read encoded records by column.

    Args:
        X: Features of the schema, float32, shape (n, d).
        label: Index of each record's attack type in the labels of the schema, shape (n,).
        missing: Number of missing numbers by column.
        unknown: Number of records by word that the schema does not know, for each category.
    """
    columns = columns_of(X, schema)
    return Records(
        part,
        columns,
        {name: (*words, UNKNOWN) for name, words in schema.vocabularies.items()},
        vector_ids(X),
        label,
        schema.labels,
        schema.categories,
        line,
        {**(missing or {}), **missing_words(columns, schema, unknown or {})},
        unknown or {},
    )


def missing_words(
    columns: Mapping[str, np.ndarray], schema: Schema, unknown: Mapping[str, Mapping[str, int]]
) -> dict[str, int]:
    """Count the words of each category that stand for a missing value.

    Args:
        columns: Index of each record's word by category.
        unknown: Number of records by word that the schema does not know, for each category.
    """
    marks = {mark or MISSING for mark in schema.missing}
    counts = {}
    for name, words in schema.vocabularies.items():
        known = [index for index, word in enumerate(words) if word in marks]
        others = sum(count for word, count in unknown.get(name, {}).items() if word in marks)
        counts[name] = int(np.isin(columns[name], known).sum()) + others
    return {name: count for name, count in counts.items() if count}


def columns_of(X: np.ndarray, schema: Schema) -> dict[str, np.ndarray]:
    """Undo the encoding: each column of the schema that features are made of, shape (n,)."""
    position = {name: index for index, name in enumerate(schema.features)}
    columns = {}
    for name, kind in schema.kinds.items():
        if kind != "category":
            columns[name] = X[:, position[name]]
        elif name in schema.codes:
            columns[name] = X[:, position[name]].astype(np.int64)
        else:
            words = schema.vocabularies[name]
            code = np.full(len(X), len(words), dtype=np.int64)  # no indicator: unknown
            for index, indicator in enumerate(indicator_names(name, words)):
                code[X[:, position[indicator]] != 0] = index
            columns[name] = code
    return columns
