"""Guesses of the label and of normal traffic, each with its reason, and of records without a label."""

import pytest

from src.data.proposals.label_guess import guess_label
from tests.data.proposals.test_column_kinds import column


def label_of(chosen: str | None = None, **columns: list[str]) -> tuple[str, str]:
    found = guess_label({name: column(texts, name) for name, texts in columns.items()}, chosen)
    return found.name, found.normal


def test_the_label_is_found_by_its_name_and_its_values() -> None:
    types, flags, protocols = ["Normal", "DoS", "Worm"], ["0", "1", "1"], ["tcp", "udp", "tcp"]
    assert label_of(proto=protocols, attack_cat=types, label=flags) == ("attack_cat", "Normal")
    assert label_of(label=flags, type=["normal", "ddos", "xss"]) == ("type", "normal")
    assert label_of(type=protocols, label=flags) == ("label", "0")
    assert label_of(proto=protocols, Verdict=["Benign", "Botnet", "Benign"]) == ("Verdict", "Benign")
    assert label_of(attack_cat=["missing", "DoS", "Worm"], label=flags) == ("label", "0")  # empty may be normal traffic
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
        ("empty", "--label: found 'empty' with 1 different value, expected 2 to 200"),
        ("same", "--label: found 'same' with 1 different value, expected 2 to 200"),
        ("odd", "--label: found 'odd' with the value 'a,b', expected labels of up to 100 letters without comma"),
    ],
)
def test_a_label_that_cannot_be_is_refused(chosen: str | None, message: str) -> None:
    columns = {"proto": ["tcp", "udp"], "empty": ["missing", "b"], "same": ["a", "a"], "odd": ["a,b", "c"]}
    with pytest.raises(ValueError, match=message):
        label_of(chosen, **columns)


def test_a_mark_of_a_missing_value_is_no_label() -> None:
    texts = ["Benign", "DoS", "NaN", "missing", "Benign", "nan", "?", "DoS", "Benign"]
    found = guess_label({"attack": column(texts, "attack")})
    assert (found.normal, found.attacks) == ("Benign", {"DoS": 2})
    assert (found.unlabeled, found.line) == ({"NaN": 1, "missing": 1, "nan": 1, "?": 1}, 4)
    assert found.reason == "the name, and 2 distinct values in 9 records"
    flags = guess_label({"label": column(["0", "1", "nan", "1"], "label")})
    assert (flags.normal, flags.attacks, flags.unlabeled) == ("0", {"1": 2}, {"nan": 1})


def test_missing_labels_that_may_be_normal_traffic_are_few_or_the_column_is_none() -> None:
    many = guess_label({"attack": column(["a", "b"] * 99 + ["-", "?"], "attack")})
    assert many.unlabeled == {"-": 1, "?": 1}
    with pytest.raises(
        ValueError,
        match=r"attack is not taken: found 3 of 199 fields without a label \('-' 3 times\), expected a label",
    ):
        guess_label({"attack": column(["a", "b"] * 98 + ["-"] * 3, "attack")})
    assert label_of(attack=["None", "DoS", "None"]) == ("attack", "None")
    assert label_of(attack=["None", "DoS", "Benign"]) == ("attack", "Benign")


def test_a_column_that_is_not_taken_has_its_reason_at_once() -> None:
    columns = {"attack_cat": ["DoS", "a,b", "x"], "label": ["0", "1", "1"], "n": ["1", "2", "3"]}
    found = guess_label({name: column(texts, name) for name, texts in columns.items()})
    assert found.name == "label"
    assert found.refused == {
        "attack_cat": "found the value 'a,b', expected labels of up to 100 letters without comma and quote"
    }
    message = "attack_cat is not taken: found the value 'a,b', .*; correct it, or name another with --label, one of att"
    with pytest.raises(ValueError, match=message):
        label_of(attack_cat=columns["attack_cat"], n=columns["n"])
