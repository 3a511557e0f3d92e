"""Records of a data frame as checked columns, whatever their types: by the rules of `src.data.parsing.dialect`."""

from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa

from src.data.parsing.dialect import expected, label_encoded, read_number, read_word
from src.data.parsing.header import HeaderError, find_columns, missing_columns
from src.data.schema import EXPECTED, NumberKind, Schema, in_range

_TOO_LARGE = 2.0**63  # counts are int64, as in files


def checked_columns(records: pd.DataFrame, schema: Schema) -> pa.Table:
    """Check the values of n records.

    Columns are taken by their names, in any order, letter case and punctuation; others are passed over. A number may be
    of any numeric type, or text; a word may be text, bytes or a category.

    Returns:
        Columns that features are made of, n values each: float64, or dictionary of string.
    Raises:
        ValueError: a column is missing, or a value is missing or wrong; names row (0-based), column and valid values.
    """
    found = find_columns(schema, records.columns)
    if missing := missing_columns(schema, found):
        raise HeaderError(f"records: {missing}")
    return pa.table({name: _column(schema, name, records.iloc[:, found[name]]) for name in schema.kinds})


def _column(schema: Schema, name: str, values: pd.Series) -> pa.Array:
    kind = schema.kinds[name]
    if kind == "category":
        return _words(schema, name, values)
    kind = cast(NumberKind, kind)  # the other kinds are no features
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_complex_dtype(values.dtype):
        return _numbers(schema, name, kind, values)
    codes, texts = _texts(values)
    numbers = [0 if text in schema.missing else read_number(kind, text) for text in texts]
    if schema.missing:  # the index -1 is that of missing values
        numbers.append(0)
    _check(schema, name, values, codes, numbers, texts)
    return pa.array(np.array([float(number or 0) for number in numbers], dtype=np.float64)[codes])


def _numbers(schema: Schema, name: str, kind: NumberKind, values: pd.Series) -> pa.Array:
    """Check a column of a numeric type: integers, floats, truth values, and those of them that may be missing."""
    number = values.to_numpy(dtype=np.float64, na_value=np.nan)
    if schema.missing:
        number = np.nan_to_num(number, nan=0.0, posinf=np.inf, neginf=-np.inf)
    wrong = ~in_range(kind, number)
    if kind not in ("rate", "real"):
        with np.errstate(invalid="ignore"):
            wrong |= (number % 1 != 0) | (number >= _TOO_LARGE)
    if kind in ("rate", "real") and values.dtype in (bool, "boolean"):
        wrong |= True
    if wrong.any():
        raise _wrong(name, values, int(wrong.argmax()), EXPECTED[kind])
    return pa.array(number)


def _words(schema: Schema, name: str, values: pd.Series) -> pa.Array:
    """Read a column of words, each different one once."""
    if pd.api.types.is_numeric_dtype(values.dtype) and len(values) and name not in schema.numeric_words:
        missing = values.isna().to_numpy()
        row = int(missing.argmax())
        raise _wrong(name, values, row, EXPECTED["category"] if missing[row] else label_encoded(schema, name))
    codes, texts = _texts(values)
    words = [read_word(schema, name, text) for text in texts]
    if "" in schema.missing:  # the index -1 is that of missing values
        words.append(read_word(schema, name, ""))
        codes = np.where(codes < 0, len(texts), codes)
    _check(schema, name, values, codes, words, texts)
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(words, pa.string()))


def _texts(values: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Different values as text, and the index of each value among them; -1 where a value is missing."""
    try:
        codes, different = pd.factorize(values)
    except TypeError:  # lists and dictionaries
        codes, different = pd.factorize(values.map(str))
    return codes, [str(value) for value in different]


def _check(schema: Schema, name: str, values: pd.Series, codes: np.ndarray, read: list[Any], texts: list[str]) -> None:
    """Raise for the first value that is missing or was not read."""
    last = [] if len(read) > len(texts) else [True]  # the index -1: missing values, which a schema may allow
    is_wrong = np.array([*(value is None for value in read), *last])
    if (wrong := is_wrong[codes]).any():
        row = int(wrong.argmax())
        text = texts[codes[row]] if codes[row] >= 0 else ""
        raise _wrong(name, values, row, expected(schema, name, schema.kinds[name], text))


def _wrong(name: str, values: pd.Series, row: int, wanted: str) -> ValueError:
    found = values.iloc[[row]].tolist()[0]  # as Python writes it: 3.5, not np.float64(3.5)
    return ValueError(f"row {row}, column {name}: found {found!r}, expected {wanted}")
