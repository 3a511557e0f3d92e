"""Summaries of columns: numbers, words and order, in bounded memory and over several blocks."""

import numpy as np
import pyarrow as pa

from src.data.proposals.column_summary import ColumnSummary


def summary(*blocks: list[str], most: int = 100) -> ColumnSummary:
    column, line = ColumnSummary("x", most), 2
    for texts in blocks:
        column.add(pa.array(texts, pa.string()).dictionary_encode(), np.arange(line, line + len(texts)))
        line += len(texts)
    return column


def test_numbers_are_those_that_the_reader_takes() -> None:
    column = summary(["1", "-2.5", "1e3", "'7'", ".5", "True", "0x1F", "1,5", "nan", "1e999"])
    assert (column.records, column.numbers) == (10, 6)
    assert (column.smallest, column.largest, column.whole) == (-2.5, 1000, False)
    assert list(column.words) == ["0x1F", "1,5", "nan", "1e999"]
    assert column.missing == {"nan": 1}
    assert column.further_words["1,5"] == (1, 9)


def test_blocks_are_one_column() -> None:
    column = summary(["1", "2", "3"], ["4", "?", "5"], [])
    assert (column.records, column.numbers, column.steps, column.whole) == (6, 5, 3, True)
    assert column.rising
    assert column.words == {"?": (1, 6)}
    assert column.values == {"1": 1, "2": 1, "3": 1, "4": 1, "?": 1, "5": 1}
    assert not summary(["3", "4"], ["2"]).rising


def test_memory_is_bounded() -> None:
    column = summary(["x" * 100_000, *(f"w{number}" for number in range(50))], most=10)
    assert (len(column.values), len(column.words), column.many, column.many_words) == (10, 10, True, True)
    assert max(map(len, column.words)) == 200
    assert column.distinct == "more than 10"
    assert column.records == 51


def test_a_block_that_shares_a_dictionary_with_others_counts_its_own_values() -> None:
    column = ColumnSummary("x", 10)
    column.add(pa.DictionaryArray.from_arrays(pa.array([1, 1], pa.int32()), pa.array(["a", "b"])), np.array([1, 2]))
    assert column.values == {"b": 2}
    assert column.words == {"b": (2, 1)}
