"""Guesses of kinds, labels and normal traffic, each with its reason."""

import numpy as np
import pyarrow as pa
import pytest

from src.data.proposals.column_kinds import Guess, guess_kind
from src.data.proposals.column_summary import ColumnSummary


def column(texts: list[str], name: str = "x", most: int = 1_000) -> ColumnSummary:
    found = ColumnSummary(name, most)
    found.add(pa.array(texts, pa.string()).dictionary_encode(), np.arange(2, len(texts) + 2))
    return found


@pytest.mark.parametrize(
    ("texts", "name", "kind", "reason"),
    [
        (["0", "1", "1"], "x", "binary", "0 or 1"),
        (["True", "False"], "x", "binary", "0 or 1"),
        (["0", "17", "4"], "x", "count", "whole numbers, 0 to 17"),
        (["4.0", "17", "1e3"], "x", "count", "whole numbers, 4 to 1,000"),
        (["5", "5"], "x", "count", "always 5"),
        (["-1", "17", "4"], "x", "real", "numbers, -1 to 17"),
        (["0", "1e30", "4"], "x", "real", "numbers, 0 to 1e+30"),
        (["0.5", "2.25", "4"], "x", "real", "numbers, 0.5 to 4"),
        (["0.5", "1.0", "0"], "x", "rate", "numbers from 0 to 1, 0 to 1"),
        (["0.5", "0.25", "0"], "error rate", "rate", "numbers from 0 to 1, 0 to 0.5"),
        (["0.5", "0.25", "0"], "seconds", "real", "numbers, 0 to 0.5"),
        ([str(number) for number in range(3, 15)], "x", "ignore", "each value is one more than the one before"),
        (["8", "3", "5"], "Flow ID", "ignore", "3 distinct whole numbers, and the name of an index"),
        (["8", "3", "3"], "id", "count", "whole numbers, 3 to 8"),
        (["1714550400", "1714550401.5"], "ts", "time", "which are times since 1970, and the name"),
        (["1714550400", "1714550402"], "bytes", "count", "whole numbers"),
        (["2024-05-01 08:00:00", "2024-05-01T08:00:01.5Z"], "x", "time", "dates or times"),
        (["5/7/2017 8:55", "5/7/2017 8:56 AM"], "x", "time", "dates or times"),
        (["08:00:00", "23:59"], "x", "time", "dates or times"),
        (["10.0.0.1", "fe80::1", "missing"], "x", "host", "which are addresses"),
        (["00:1b:44:11:3a:b7", "00:1b:44:11:3a:b8"], "x", "host", "which are addresses"),
        (["missing", "?", "nan"], "x", "ignore", "no value, or none that is not a mark"),
        ([f"C{number}x" for number in range(200)], "uid", "ignore", "200 distinct words in 200 records: an identifier"),
        ([f"w{number}" for number in range(1_100)] * 2, "x", "ignore", "more than 1,000 distinct words in 2,200 rec"),
        (["1,234", "7", "12,345,678"], "x", "ignore", "numbers with separators of thousands, such as '1,234' in line 2"
         ", which are not read: write 1234 instead, or the column is lost"),
        (["1;234", "7", "missing"], "x", "ignore", "such as '1,234' in line 2"),
        (["1,23", "7"], "x", "ignore", "2 distinct words"),
        (["a,b", "c"], "x", "ignore", "'a,b' has a comma, a quote or over 100 letters"),
    ],
)  # fmt: skip
def test_a_kind_follows_from_the_values_and_says_why(texts: list[str], name: str, kind: str, reason: str) -> None:
    guess = guess_kind(column(texts, name))
    assert guess.kind == kind
    assert reason in guess.reason


def test_a_category_has_its_few_values_and_learns_many() -> None:
    assert guess_kind(column(["udp", "tcp", "udp"])) == Guess(
        "category", "2 distinct words in 3 records", ("tcp", "udp"), "indicators"
    )
    assert guess_kind(column(["udp", "missing", "udp"])).values == "learn"  # the mark is a value
    assert guess_kind(column(["udp", "${x}", "udp"])).values == "learn"  # the config would read it another way
    many = guess_kind(column([f"w{number}" for number in range(60)] * 3))
    assert (many.values, many.encoding) == ("learn", "code")
    some = guess_kind(column([f"w{number}" for number in range(40)] * 3))
    assert (some.values, some.encoding) == ("learn", "indicators")
    assert guess_kind(column(["80", "http", "443", "dns"] * 5)).values == ("443", "80", "dns", "http")


def test_missing_and_wrong_values_among_numbers_are_told() -> None:
    assert guess_kind(column(["7", "?", "9", "NaN"])) == Guess("count", "whole numbers, 7 to 9; 2 missing")
    wrong = guess_kind(column([*map(str, range(0, 1_000, 3)), "0x1F"]))
    assert wrong.kind == "count"
    assert wrong.reason.endswith("; 1 is not a number, such as '0x1F' in line 336: correct or quarantine")
