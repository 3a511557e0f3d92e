"""Data frames of any types of columns give the columns that the same text gives."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.kdd import COLUMNS, VOCABULARIES, checked_columns, example_records

NUMBERS = [name for name, kind in COLUMNS.items() if kind != "category"]
WHOLE = [name for name in NUMBERS if COLUMNS[name] != "rate"]
BINARY = [name for name in NUMBERS if COLUMNS[name] == "binary"]
WORDS = list(VOCABULARIES)
Write = Callable[[Any], Any]


def all_values(records: pd.DataFrame) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = checked_columns(records).to_pydict()
    return columns


def changed(names: list[str], write: Write) -> pd.DataFrame:
    records = example_records()
    return records.assign(**{name: write(records[name]) for name in names})


@pytest.mark.parametrize(
    ("names", "write"),
    [
        (WHOLE, lambda one: one.astype("int64")), (WHOLE, lambda one: one.astype("Int64")),
        (WHOLE, lambda one: one.astype("uint16")), (NUMBERS, lambda one: one.astype("Float64")),
        (NUMBERS, lambda one: one.astype("category")), (NUMBERS, lambda one: one.astype(str)),
        (NUMBERS, lambda one: one.astype("float32")), (NUMBERS, lambda one: one.astype("double[pyarrow]")),
        (NUMBERS, lambda one: one.astype(object)), (NUMBERS, lambda one: one.map(Decimal)),
        (NUMBERS, lambda one: one.map(lambda value: f"{value:e}".encode())),
        (BINARY, lambda one: one.astype(bool)), (BINARY, lambda one: one.astype("boolean")),
        (BINARY, lambda one: one.astype(bool).astype(object)),
        (WORDS, lambda one: one.astype("category")), (WORDS, lambda one: one.astype(object)),
        (WORDS, lambda one: one.str.encode("utf-8")), (WORDS, lambda one: one.str.upper()),
        (WORDS, lambda one: one.map("b'{}'".format)), (WORDS, lambda one: one.astype("string[pyarrow]")),
    ],
)  # fmt: skip
def test_columns_of_any_type_are_read_as_the_values_they_hold(names: list[str], write: Write) -> None:
    plain = example_records().to_dict("list")
    assert all_values(changed(names, write)) == plain


def test_columns_are_found_by_name_in_any_order_and_others_are_passed_over() -> None:
    records = example_records()
    renamed = records.rename(columns=lambda name: name.replace("_", " ").title())[::-1][::-1]
    assert all_values(renamed[list(renamed)[::-1]].assign(note="x", Label="normal.")) == records.to_dict("list")
    with pytest.raises(ValueError, match=r"records: found no column 'src_bytes', expected the 41 columns in any order"):
        checked_columns(records.drop(columns="src_bytes"))
    with pytest.raises(ValueError, match="found the column 'src_bytes' twice"):
        checked_columns(records.assign(**{"SRC bytes": 1}))


WHOLE_NUMBER, RATE, WORD = "a whole number, 0 or more", "a number from 0 to 1", "a word in UTF-8"


@pytest.mark.parametrize(
    ("column", "values", "found", "expected"),
    [
        ("count", ["1", "2.5", "3"], "'2.5'", WHOLE_NUMBER),
        ("count", ["1", "many", "3"], "'many'", WHOLE_NUMBER),
        ("count", ["1", None, "3"], "", WHOLE_NUMBER),
        ("count", pd.array([1, None, 3], dtype="Int64"), "<NA>", WHOLE_NUMBER),
        ("count", np.array([1, -2, 3]), "-2", WHOLE_NUMBER),
        ("count", np.array([1, 1e19, 3]), r"1e\+19", WHOLE_NUMBER),
        ("count", np.array([1, np.inf, 3]), "inf", WHOLE_NUMBER),
        ("count", np.array([1, 2 + 1j, 3]), r"\(1\+0j\)", WHOLE_NUMBER),
        ("count", pd.to_datetime(["2026-01-01"] * 3), "", WHOLE_NUMBER),
        ("count", [[1], [2], [3]], r"\[1\]", WHOLE_NUMBER),
        ("serror_rate", [0.5, "1.5", 0.1], "'1.5'", RATE),
        ("serror_rate", [False, False, False], "False", RATE),
        ("land", [0, 2, 1], "2", "0 or 1"),
        ("service", ["http", "", "http"], "''", WORD),
        ("service", ["http", None, "http"], "", WORD),
        ("service", [np.nan, np.nan, np.nan], "nan", WORD),
        ("service", [24, 5, 1], "24", "a word such as IRC, X11, Z39_50; a label-encoded word cannot be read"),
        ("service", ["http", 24, "http"], "24", "a word such as IRC, X11, Z39_50; a label-encoded word cannot be"),
        ("service", ["http", "24", "http"], "'24'", "a word such as IRC, X11, Z39_50; a label-encoded word cannot"),
        ("flag", pd.Categorical([1, 2, 1]), "1", "a word such as OTH, REJ, RSTO; a label-encoded word cannot be read"),
    ],
)
def test_a_wrong_value_is_named_by_row_and_column(column: str, values: Any, found: str, expected: str) -> None:
    records = example_records().assign(**{column: values})
    with pytest.raises(ValueError, match=rf"^row [01], column {column}: found .*{found}.*, expected {expected}"):
        checked_columns(records)


def test_no_records_have_no_values() -> None:
    for records in (example_records()[:0], pd.DataFrame(columns=list(COLUMNS))):
        assert checked_columns(records).num_rows == 0
