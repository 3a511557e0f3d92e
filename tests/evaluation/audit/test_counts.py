"""Numbers of each check, derived by hand on a few records."""

from io import BytesIO

import numpy as np
import pytest

from src.data.parsing.records import read_blocks
from src.data.schema import schema_of
from src.evaluation.audit.classes import classes
from src.evaluation.audit.columns import constant, distinct_share, follows, missing
from src.evaluation.audit.conflicts import conflicts, contradicted
from src.evaluation.audit.copies import copies, shared
from src.evaluation.audit.findings import Finding, grey, metrics
from src.evaluation.audit.giveaways import best_rule, halves, score_column
from src.evaluation.audit.order import label_runs, neighbors, order, sorted_columns
from src.evaluation.audit.records import Records, columns_of, missing_words
from src.evaluation.audit.unseen import new_types, outside
from src.features.encoding import encode
from tests.kdd import KDD

VECTORS = np.array([1, 1, 1, 2, 2, 3, 4, 5, 6, 7], dtype=np.uint64)
LABEL = np.array([0, 0, 1, 1, 2, 0, 0, 2, 2, 0])


def test_copies_are_counted_by_vectors_and_by_rows() -> None:
    found = copies("train", VECTORS, LABEL)
    assert found.numbers == {
        "records": 10, "distinct_vectors": 7, "distinct_rows": 9, "copies_share": 0.3, "largest_group": 3,
    }  # fmt: skip
    assert found.level == "red"
    assert "3 of 10 records (30.00 %)" in found.text
    assert "1 of 10 records (10.00 %)" in found.text


def test_shared_records_are_counted_by_vectors_verdicts_and_rows() -> None:
    # of four test records, three have a vector of training, two of them the verdict, one the attack type
    found = shared("test", VECTORS, LABEL, np.array([1, 3, 5, 9], dtype=np.uint64), np.array([1, 2, 1, 0]))
    assert found.numbers["vectors_seen"] == 3
    assert found.numbers["verdicts_seen"] == 2
    assert found.numbers["rows_seen"] == 1
    assert found.numbers["share_seen_in_training"] == 0.75


def test_conflicts_give_the_best_accuracy_by_verdict_and_by_type() -> None:
    found = conflicts("train", VECTORS, LABEL)
    assert found.numbers == {
        "records": 10, "ambiguous_verdict": 3, "ceiling_verdict": 0.9, "ambiguous_type": 5, "ceiling_type": 0.8,
    }  # fmt: skip


def test_a_test_record_is_contradicted_where_training_has_its_vector_with_other_labels_only() -> None:
    vectors, label = np.array([1, 3, 8, 4, 5], dtype=np.uint64), np.array([1, 1, 1, 0, 1])
    found = contradicted("test", VECTORS, LABEL, vectors, label)
    assert found.numbers == {"records": 5, "contradicted_verdict": 1, "contradicted_type": 2}


@pytest.mark.parametrize(("balanced", "form"), [(True, "attack above 79"), (False, "attack above 89")])
def test_a_threshold_weighs_records_or_verdicts(balanced: bool, form: str) -> None:
    # 100 numbers: attacks are 80, 81, and all from 90 on
    column = np.arange(100, dtype=np.float32)
    alarm = (column >= 90) | (column == 80) | (column == 81)
    rule = best_rule(column, alarm, words=False, balanced=balanced)
    assert rule.form == form
    threshold = float(form.split()[-1])
    assert (rule(np.array([threshold, threshold + 0.5, 1e9, -1e9])) == [False, True, True, False]).all()


def test_a_threshold_may_have_the_attacks_below() -> None:
    column = np.arange(100, dtype=np.float32)
    rule = best_rule(column, column < 40, words=False, balanced=True)
    assert rule.form == "attack up to 39"
    assert rule(np.array([-5, 39, 39.5, 200])).tolist() == [True, True, False, False]


def test_words_and_few_numbers_have_a_verdict_each_and_others_that_of_the_most_frequent_class() -> None:
    column, alarm = np.array([1, 1, 1, 5, 5, 7]), np.array([True, True, False, False, False, True])
    rule = best_rule(column, alarm, words=True, balanced=False)
    assert rule(np.array([1, 5, 7, 6, 0, 9])).tolist() == [True, False, True, False, False, False]


def test_a_rule_is_scored_on_the_half_that_it_was_not_learned_on() -> None:
    """The column is the verdict in the first half and chance in the second."""
    rng = np.random.default_rng(0)
    alarm, first = rng.random(4000) < 0.5, np.arange(4000) < 2000
    column = np.where(first, alarm, rng.random(4000) < 0.5).astype(np.float32)
    score = score_column("one", column, alarm, first, words=False)
    assert score.balanced_accuracy == pytest.approx(0.5, abs=0.05)
    assert score.errors_avoided < 0.1
    assert score_column("same", alarm.astype(np.float32), alarm, first, words=False).balanced_accuracy == 1


def test_copies_of_a_vector_are_in_one_half() -> None:
    vectors = np.repeat(np.arange(50, dtype=np.uint64), 3)
    first = halves(vectors, 0)
    assert first.sum() == 75
    assert (first.reshape(50, 3).std(axis=1) == 0).all()
    assert (first == halves(vectors, 0)).all()


def test_constant_columns_are_named() -> None:
    found = constant("train", {"a": np.zeros(5), "b": np.arange(5)})
    assert found.numbers["constant"] == 1
    assert found.text == "1 of 2 columns with one value in all records: a."


def test_a_column_that_follows_from_another_is_found_unless_chance_explains_it() -> None:
    a = np.arange(300) % 30
    columns = {
        "a": a,
        "half": a // 2,
        "constant": a * 0,
        "rare": (a == 0) & (np.arange(300) < 30),
        "id": np.arange(300),
    }
    assert follows(columns) == [("half", "a")]
    assert follows({"a": a, "renamed": -a}) == [("renamed", "a"), ("a", "renamed")]


def test_identifiers_are_found_beside_a_value_that_stands_for_none() -> None:
    assert distinct_share(np.r_[np.zeros(500), np.arange(1000)]) > 0.99
    assert distinct_share(np.arange(1000) // 2) == pytest.approx(0.5, abs=0.01)
    assert distinct_share(np.r_[np.zeros(950), np.arange(50)]) == 0  # too few others


def test_label_runs_are_compared_with_those_of_a_shuffled_file() -> None:
    assert label_runs(np.array([0, 0, 1, 1])) == (2, 3.0)
    shuffled = np.random.default_rng(0).integers(0, 3, 3000)
    assert order("train", shuffled, declared=False).level == "green"
    found = order("train", shuffled, declared=True)
    assert found.level == "yellow"
    assert "dataset.ordered=true" in found.text
    assert order("train", np.sort(shuffled), declared=True).level == "green"
    assert order("train", np.sort(shuffled), declared=False).level == "yellow"


def test_columns_that_only_rise_or_only_fall_are_found() -> None:
    rising = np.arange(100) // 2
    found = sorted_columns("train", {"a": rising, "b": -rising, "c": rising % 20, "two": np.arange(100) // 50})
    assert found.text == "2 columns that never fall or never rise through the file: a, b."
    assert found.level == "red"


def test_neighbors_are_lines_before_or_after() -> None:
    found = neighbors(np.array([1, 5, 9]), np.array([2, 4, 7, 11]), ordered=True)
    assert found.numbers == {"records": 4, "beside_training": 2}
    assert found.level == "yellow"
    assert neighbors(np.array([1, 5, 9]), np.array([2, 4, 7, 11]), ordered=False).level == "green"


def few(part: str, proto: list[int], size: list[float], **more: object) -> Records:
    columns = {"proto": np.array(proto), "size": np.array(size, dtype=np.float32)}
    n = len(proto)
    label = np.zeros(n, dtype=np.int64)
    words = {"proto": ("tcp", "udp", "icmp", "(unknown)")}
    return Records(part, columns, words, np.arange(n, dtype=np.uint64), label, ("Benign",), {}, np.arange(n), **more)  # type: ignore[arg-type]


def test_unseen_words_and_numbers_beyond_the_range_are_counted_by_column() -> None:
    test = few("test", [0, 2, 3, 3], [1, 2, 9, 0], unknown={"proto": {"sctp": 1, "gre": 1}})
    found = outside(few("train", [0, 1], [1, 5]), test)
    assert found.numbers == {"records": 4, "outside": 3, "columns_outside": 2, "words_unseen": 3}
    assert found.details is not None
    assert found.details.rows == [
        ("proto", 3, 0.75, "3 words"),
        ("size", 2, 0.5, "training: 1 to 5; test: 0 to 9"),
    ]
    # an unknown word is never one of training, which may have other unknown ones
    assert outside(few("train", [0, 2, 3], [0, 5, 9]), test).numbers["words_unseen"] == 2


def test_labels_that_only_the_test_has_are_counted() -> None:
    found = new_types("test", np.array([0, 1]), np.array([0, 2, 2, 3]), ("Benign", "a", "b", "c"))
    assert found.numbers == {"records": 4, "new_labels": 2, "records_new_labels": 3, "labels_lost": 1}
    assert found.details is not None
    assert found.details.rows == [("b", 2, 0.5), ("c", 1, 0.25)]


def test_classes_are_counted_by_category_and_type_and_few_distinct_records_are_told() -> None:
    label = np.repeat([0, 1, 2, 3], [30, 25, 30, 19])
    vectors = np.arange(104, dtype=np.uint64)
    vectors[55:85] = 0  # thirty copies
    labels, categories = ("Benign", "a", "b", "c"), {"one": ["a", "b"], "other": ["c"], "none": []}
    found = classes("train", vectors, label, labels, categories)
    assert found.details is not None
    assert found.details.rows == [
        ("normal traffic", "all", 30, 30),
        ("one", "all", 55, 26),
        ("one", "a", 25, 25),
        ("one", "b", 30, 1),
        ("other", "all", 19, 19),
    ]
    assert found.level == "red"
    assert found.numbers["few_types"] == 1
    assert found.numbers["few_categories"] == 1


def test_missing_values_are_counted_by_column() -> None:
    found = missing("train", 200, {"size": 50, "proto": 3, "none": 0})
    assert found.level == "red"
    assert found.numbers == {"records": 200, "columns_missing": 2, "values_missing": 53}
    assert "Most: size, 50 of 200 records (25.00 %)" in found.text


def test_missing_words_are_counted_by_their_marks_known_or_not() -> None:
    values = {"kind": "category", "values": ["missing", "tcp"]}
    columns = {"proto": values, "app": {"kind": "category", "values": ["web", "?"]}, "size": "count", "attack": "label"}
    schema = schema_of({"name": "made_up", "columns": columns, "normal": "Benign", "categories": {"floods": ["DDoS"]},
                        "missing": ["?", ""]})  # fmt: skip
    codes = {"proto": np.array([0, 1, 0, 2]), "app": np.array([0, 1, 0, 0]), "size": np.zeros(4)}
    assert missing_words(codes, schema, {"proto": {"?": 1, "gre": 3}}) == {"proto": 3, "app": 1}


def test_metrics_are_named_by_check_and_part() -> None:
    found = [Finding("copies", "train", "red", "", {"records": 3}), grey("shared", "test", "no test")]
    assert metrics(found) == {
        "findings_red": 1, "findings_yellow": 0, "findings_grey": 1, "findings_green": 0, "copies.train.records": 3,
    }  # fmt: skip


def test_columns_are_read_back_from_the_features() -> None:
    begin = (b"3,udp,private,SF,105,146,", b"0,tcp,http,S0,7,0,", b"0,tcp,nowhere,SF,7,0,")
    rest = b",".join([b"0"] * 16 + [b"1", b"1"] + [b"0"] * 17)
    text = b"".join(one + rest + b"\n" for one in begin)
    block = next(iter(read_blocks(BytesIO(text), "made up", KDD, label="ignored")))
    columns = columns_of(encode(block.columns, KDD)[0], KDD)
    assert tuple(columns) == tuple(KDD.kinds)
    assert columns["duration"].tolist() == [3, 0, 0]
    for name in KDD.categorical:
        known = KDD.vocabularies[name]
        words = [(*known, "(unknown)")[code] for code in columns[name]]
        expected = block.columns.column(name).to_pylist()
        assert words == [word if word in known else "(unknown)" for word in expected]
