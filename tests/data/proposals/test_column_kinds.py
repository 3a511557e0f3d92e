"""Guesses of kinds, labels and normal traffic, each with its reason."""

import numpy as np
import pyarrow as pa
import pytest

from src.data.proposals.column_kinds import Guess, guess_kind, guess_label
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


def label_of(chosen: str | None = None, **columns: list[str]) -> tuple[str, str]:
    found = guess_label({name: column(texts, name) for name, texts in columns.items()}, chosen)
    return found.name, found.normal


def test_the_label_is_found_by_its_name_and_its_values() -> None:
    types, flags, protocols = ["Normal", "DoS", "Worm"], ["0", "1", "1"], ["tcp", "udp", "tcp"]
    assert label_of(proto=protocols, attack_cat=types, label=flags) == ("attack_cat", "Normal")
    assert label_of(label=flags, type=["normal", "ddos", "xss"]) == ("type", "normal")
    assert label_of(type=protocols, label=flags) == ("label", "0")
    assert label_of(proto=protocols, Verdict=["Benign", "Botnet", "Benign"]) == ("Verdict", "Benign")
    assert label_of(attack_cat=["missing", "DoS", "Worm"], label=flags) == ("label", "0")  # a label is never empty
    assert label_of(x=["1", "2", "3"], column_2=types[:1] + ["missing"] * 2, column_3=flags) == ("column_3", "0")
    assert label_of("attack_cat", attack_cat=["x", "x", "y"], label=flags) == ("attack_cat", "x")


def test_letter_case_and_a_final_dot_tell_no_labels_apart() -> None:
    found = guess_label({"label": column(["normal.", "smurf.", "Smurf", "smurf", "normal."], "label")})
    assert (found.normal, found.attacks) == ("normal", {"smurf": 3})
    assert found.normal_reason == "the word; 2 of 5 records have it"
    others = ["normal", "Größe", "größe", "x\u2013y."]  # other letters are read as they are
    assert set(guess_label({"label": column(others, "label")}).attacks) == set(others[1:])


def test_normal_traffic_that_no_label_names_is_the_most_frequent() -> None:
    found = guess_label({"class": column(["a", "b", "b"], "class")})
    assert (found.normal, found.normal_reason) == (
        "b", "the most frequent of 2 labels, none of which says it; 2 of 3 records have it"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (None, "found no column that may be the label, by its name or a value such as `normal` or `benign`; expected"),
        ("zz", "--label: found 'zz', expected one of the columns proto, empty, same, odd"),
        ("empty", "--label: found 'empty' with 1 empty fields, expected a label in each record"),
        ("same", "--label: found 'same' with 1 different values, expected 2 to 200"),
        ("odd", "--label: found 'odd' with the value 'a,b', expected labels of up to 100 letters without comma"),
    ],
)
def test_a_label_that_cannot_be_is_refused(chosen: str | None, message: str) -> None:
    columns = {"proto": ["tcp", "udp"], "empty": ["missing", "b"], "same": ["a", "a"], "odd": ["a,b", "c"]}
    with pytest.raises(ValueError, match=message):
        label_of(chosen, **columns)
