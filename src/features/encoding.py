"""Encodes records as the features of their schema, without state: known values encode any record alone."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from src.data.schema import Schema, indicator_names


def encode(columns: pa.Table, schema: Schema) -> tuple[np.ndarray, dict[str, Counter[str]]]:
    """Encode checked records.

    An unknown value has zeros as its indicators, or the code after the last known one.

    Args:
        columns: Columns of the schema by name, n rows, as in `src.data.parsing.records.Block.columns`.
        schema: Schema whose values are known.
    Returns:
        Features, float32, shape (n, d), stored column by column; and the counts of unknown values for each category
        that has any.

    >>> from io import BytesIO
    >>> from src.data.parsing.records import read_blocks
    >>> from src.data.schema_files import declared_schema
    >>> schema = declared_schema("kdd")
    >>> line = b"0,udp,private,SF,105,146," + b",".join([b"0"] * 16 + [b"1", b"1"] + [b"0"] * 17)
    >>> block = next(read_blocks(BytesIO(line), "example", schema, label="ignored"))
    >>> X, unknown = encode(block.columns, schema)
    >>> X.shape, X[0, :4].tolist(), X[0, 39:42].tolist(), unknown
    ((1, 53), [0.0, 49.0, 105.0, 146.0], [0.0, 0.0, 1.0], {})
    """
    n = columns.num_rows
    by_column = np.zeros((len(schema.features), n), dtype=np.float32)
    unknown: dict[str, Counter[str]] = {}
    position = {name: column for column, name in enumerate(schema.features)}
    for name, kind in schema.kinds.items():
        if kind != "category":
            by_column[position[name]] = columns.column(name).to_numpy()
            continue
        known = schema.vocabularies[name]
        code = _codes(columns.column(name), name, known, unknown)
        if name in schema.codes:
            by_column[position[name]] = code
        else:
            for known_code, indicator in enumerate(indicator_names(name, known)):
                by_column[position[indicator]] = code == known_code
    return by_column.T, unknown


def _codes(column: pa.ChunkedArray, name: str, known: Sequence[str], unknown: dict[str, Counter[str]]) -> np.ndarray:
    """Index of each value among the known ones, int64, shape (n,); their number for unknown values."""
    vocabulary = {value: code for code, value in enumerate(known)}
    codes = []
    for chunk in column.unify_dictionaries().chunks:
        words = chunk.dictionary.to_pylist()
        index = chunk.indices.to_numpy()
        code_of_word = np.array([vocabulary.get(word, len(vocabulary)) for word in words], dtype=np.int64)
        codes.append(code_of_word[index])
        for word, count in zip(words, np.bincount(index, minlength=len(words)), strict=True):
            if count and word not in vocabulary:
                unknown.setdefault(name, Counter())[word] += int(count)
    return np.concatenate(codes) if codes else np.zeros(0, dtype=np.int64)
