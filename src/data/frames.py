"""Records of a data frame as checked columns, whatever the types of its columns: by the rules of `src.data.dialect`."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from src.data.dialect import expected, label_encoded, read_number, read_word
from src.data.header import HeaderError, find_columns, missing_columns
from src.data.schema import COLUMNS, EXPECTED, Kind, in_range

_TOO_LARGE = 2.0**63  # counts are int64, as in files


def checked_columns(records: pd.DataFrame) -> pa.Table:
    """Check the values of n records.

    Columns are taken by their names, in any order, letter case and punctuation; others are passed over. A number may be
    of any numeric type, or text; a word may be text, bytes or a category.

    Returns:
        The 41 columns, n values each: float64, or dictionary of string.
    Raises:
        ValueError: a column is missing, or a value is missing or wrong; names row (0-based), column and valid values.
    """
    found = find_columns(records.columns)
    if missing := missing_columns(found):
        raise HeaderError(f"records: {missing}")
    return pa.table({name: _column(name, kind, records.iloc[:, found[name]]) for name, kind in COLUMNS.items()})


def _column(name: str, kind: Kind, values: pd.Series) -> pa.Array:
    if kind == "symbol":
        return _words(name, values)
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_complex_dtype(values.dtype):
        return _numbers(name, kind, values)
    codes, texts = _texts(values)
    numbers = [read_number(kind, text) for text in texts]
    _check(name, kind, values, codes, numbers, texts)
    return pa.array(np.array([float(number or 0) for number in numbers], dtype=np.float64)[codes])


def _numbers(name: str, kind: Kind, values: pd.Series) -> pa.Array:
    """Check a column of a numeric type: integers, floats, truth values, and those of them that may be missing."""
    number = values.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = ~in_range(kind, number)
    with np.errstate(invalid="ignore"):
        wrong |= ((number % 1 != 0) | (number >= _TOO_LARGE)) & (kind != "rate")
    if kind == "rate" and values.dtype in (bool, "boolean"):
        wrong |= True
    if wrong.any():
        raise _wrong(name, values, int(wrong.argmax()), EXPECTED[kind])
    return pa.array(number)


def _words(name: str, values: pd.Series) -> pa.Array:
    """Read a column of words, each different one once."""
    if pd.api.types.is_numeric_dtype(values.dtype) and len(values):
        missing = values.isna().to_numpy()
        row = int(missing.argmax())
        raise _wrong(name, values, row, EXPECTED["symbol"] if missing[row] else label_encoded(name))
    codes, texts = _texts(values)
    words = [read_word(name, text) for text in texts]
    _check(name, "symbol", values, codes, words, texts)
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(words, pa.string()))


def _texts(values: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Different values as text, and the index of each value among them; -1 where a value is missing."""
    try:
        codes, different = pd.factorize(values)
    except TypeError:  # lists and dictionaries
        codes, different = pd.factorize(values.map(str))
    return codes, [str(value) for value in different]


def _check(name: str, kind: Kind, values: pd.Series, codes: np.ndarray, read: list[Any], texts: list[str]) -> None:
    """Raise for the first value that is missing or was not read."""
    is_wrong = np.array([*(value is None for value in read), True])  # the last one is the index -1
    if (wrong := is_wrong[codes]).any():
        row = int(wrong.argmax())
        raise _wrong(name, values, row, expected(name, kind, texts[codes[row]] if codes[row] >= 0 else ""))


def _wrong(name: str, values: pd.Series, row: int, wanted: str) -> ValueError:
    found = values.iloc[[row]].tolist()[0]  # as Python writes it: 3.5, not np.float64(3.5)
    return ValueError(f"row {row}, column {name}: found {found!r}, expected {wanted}")
