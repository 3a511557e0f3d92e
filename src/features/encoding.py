"""Encodes records as the paper's 53 features, without state: fixed vocabularies encode any record alone."""

from collections import Counter

import numpy as np
import pyarrow as pa

from src.data.schema import COLUMNS, FEATURES, N_FEATURES, VOCABULARIES

UNKNOWN_SERVICE = len(VOCABULARIES["service"])  # the code after the last known one


def encode(columns: pa.Table) -> tuple[np.ndarray, dict[str, Counter[str]]]:
    """Encode checked records.

    A protocol or flag outside the vocabulary has zeros as its indicators. An unknown service has the code after the
    last known one.

    Args:
        columns: The 41 columns by name, n rows, as in `src.data.parsing.Block.columns`.
    Returns:
        Features, float32, shape (n, 53), stored column by column; and the counts of unknown values for each symbolic
        column that has any.

    >>> from io import BytesIO
    >>> from src.data.parsing import read_blocks
    >>> line = b"0,udp,private,SF,105,146," + b",".join([b"0"] * 16 + [b"1", b"1"] + [b"0"] * 17)
    >>> block = next(read_blocks(BytesIO(line), "example", label="ignored"))
    >>> X, unknown = encode(block.columns)
    >>> X.shape, X[0, :4].tolist(), X[0, 39:42].tolist(), unknown
    ((1, 53), [0.0, 49.0, 105.0, 146.0], [0.0, 0.0, 1.0], {})
    """
    n = columns.num_rows
    by_column = np.zeros((N_FEATURES, n), dtype=np.float32)
    unknown: dict[str, Counter[str]] = {}
    position = {name: column for column, name in enumerate(FEATURES)}
    for name, kind in COLUMNS.items():
        if kind != "symbol":
            by_column[position[name]] = columns.column(name).to_numpy()
            continue
        code = _codes(columns.column(name), name, unknown)
        if name == "service":
            by_column[position[name]] = code
        else:
            for known_code, value in enumerate(VOCABULARIES[name]):
                by_column[position[f"{name}_{value}"]] = code == known_code
    return by_column.T, unknown


def _codes(column: pa.ChunkedArray, name: str, unknown: dict[str, Counter[str]]) -> np.ndarray:
    """Index of each value in its vocabulary, int64, shape (n,); the length of the vocabulary for unknown values."""
    vocabulary = {value: code for code, value in enumerate(VOCABULARIES[name])}
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
