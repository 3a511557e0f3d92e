"""Schemas: that of KDD99 is what the contest's files and the paper say, and what follows from any other."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from src.data.schema import EXPECTED, FieldKind, Schema, in_range, schema_of
from src.data.schema_files import read_schema, write_schema
from tests.kdd import CATEGORIES, COLUMNS, FEATURES, FLAGS, GROUPS, KDD, LABELS, NSL, PROTOCOLS, SERVICES

# The paper's ten best features by their place, counted from 1, in its 53.
PAPERS_PLACES = {
    2: "service", 3: "src_bytes", 4: "dst_bytes", 10: "logged_in", 21: "count", 22: "srv_count", 30: "dst_host_count",
    34: "dst_host_same_src_port_rate", 35: "dst_host_srv_diff_host_rate", 40: "protocol_type_icmp",
}  # fmt: skip
SMALL: dict[str, Any] = {
    "name": "small",
    "columns": {
        "number": "ignore",
        "kind": {"kind": "category", "values": ["b", "a"]},
        "size": "count",
        "place": {"kind": "category", "encoding": "code"},
        "temperature": "real",
        "verdict": "label",
    },
    "normal": "calm",
    "categories": {"storms": ["gale", "hail"], "others": ["fog"]},
}


def small(**changes: Any) -> Schema:
    return schema_of(SMALL | changes)


# KDD99


def test_a_record_has_the_published_41_columns() -> None:
    assert Counter(COLUMNS.values()) == {"count": 19, "rate": 15, "binary": 4, "category": 3}
    places = {name: place for place, name in enumerate(COLUMNS, 1)}
    assert [places[name] for name in ("duration", "flag", "logged_in", "count", "dst_host_srv_rerror_rate")] == [
        1, 4, 12, 23, 41,
    ]  # fmt: skip
    assert list(KDD.fields) == [*COLUMNS, "label"]
    assert list(NSL.fields) == [*COLUMNS, "label", "difficulty"]
    assert (KDD.learns, NSL.features) == ((), FEATURES)


def test_every_kind_of_value_has_words_for_messages() -> None:
    assert set(EXPECTED) == {"count", "binary", "rate", "real", "level", "category"}


def test_the_vocabularies_hold_what_the_full_training_file_holds() -> None:
    assert [len(words) for words in (PROTOCOLS, SERVICES, FLAGS)] == [3, 70, 11]
    assert "icmp" not in SERVICES  # of two records of the test file only


def test_codes_follow_the_alphabet() -> None:
    for words in (PROTOCOLS, SERVICES, FLAGS):
        assert list(words) == sorted(set(words))


def test_the_features_are_in_the_order_of_the_paper() -> None:
    assert len(FEATURES) == len(set(FEATURES)) == KDD.n_features == 53
    assert {place: FEATURES[place - 1] for place in PAPERS_PLACES} == PAPERS_PLACES
    assert FEATURES[39:42] == ("protocol_type_icmp", "protocol_type_tcp", "protocol_type_udp")
    assert FEATURES[42:] == tuple(f"flag_{flag}" for flag in FLAGS)


def test_every_attack_type_is_in_one_category_of_the_contest() -> None:
    assert {name: len(attacks) for name, attacks in CATEGORIES.items()} == {"probe": 6, "dos": 10, "u2r": 8, "r2l": 15}
    named = [attack for attacks in CATEGORIES.values() for attack in attacks]
    assert len(set(named)) == len(named) == 39
    assert list(LABELS) == ["normal", *sorted(named)]
    assert "httptunnel" in CATEGORIES["u2r"]  # many papers move it to r2l


def test_every_column_is_in_one_group_of_the_contest() -> None:
    assert [name for columns in GROUPS.values() for name in columns] == list(COLUMNS)
    assert {name: (len(columns), columns[0], columns[-1]) for name, columns in GROUPS.items()} == {
        "basic": (9, "duration", "urgent"),
        "content": (13, "hot", "is_guest_login"),
        "traffic": (9, "count", "srv_diff_host_rate"),
        "host": (10, "dst_host_count", "dst_host_srv_rerror_rate"),
    }


def test_an_indicator_is_in_the_group_of_its_category() -> None:
    indicators = ("protocol_type_udp", "flag_SF", "service_http", "service_unknown")
    assert {KDD.group(name) for name in indicators} == {"basic"}
    assert [KDD.group(name) for name in ("service", "logged_in", "srv_count", "dst_host_srv_count")] == [
        "basic", "content", "traffic", "host",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="found the feature 'pc_1', expected a column of the schema or an indicator"):
        KDD.group("pc_1")


@pytest.mark.parametrize(
    ("kind", "allowed", "refused"),
    [
        ("count", [0, 1, 2**63 - 1], [-1, float("nan")]),
        ("binary", [0, 1], [-1, 2]),
        ("rate", [0.0, 0.5, 1.0], [-0.01, 1.01, float("inf"), float("nan")]),
        ("real", [-1e300, 0, 0.5], [float("inf"), -float("inf"), float("nan")]),
        ("level", [0, 21], [-1, 22]),
    ],
)
def test_the_range_of_a_kind_is_the_same_for_a_number_and_for_an_array(
    kind: FieldKind, allowed: list[float], refused: list[float]
) -> None:
    expected = [True] * len(allowed) + [False] * len(refused)
    assert [bool(in_range(kind, number)) for number in allowed + refused] == expected
    assert in_range(kind, np.array(allowed + refused, dtype=float)).tolist() == expected


# Any schema


def test_values_of_the_training_file_complete_a_schema_in_code_point_order(tmp_path: Any) -> None:
    schema = small()
    assert (schema.learns, list(schema.kinds), schema.label) == (
        ("place",), ["kind", "size", "place", "temperature"], "verdict",
    )  # fmt: skip
    with pytest.raises(ValueError, match="found no values of place yet, expected those of the training file"):
        _ = schema.features
    learned = schema.learned({"place": ["x", "B", "a", "x"]})
    assert learned.learns == ()
    assert learned.vocabularies == {"kind": ("b", "a"), "place": ("B", "a", "x")}
    assert learned.features == ("size", "place", "temperature", "kind_b", "kind_a")
    assert (learned.codes, learned.labels) == (("place",), ("calm", "fog", "gale", "hail"))
    write_schema(learned, tmp_path)
    assert read_schema(tmp_path) == learned


def with_column(name: str, column: Any) -> dict[str, Any]:
    return {"columns": SMALL["columns"] | {name: column}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (with_column("verdict", "ignore"), "found none with kind=label, expected one column"),
        (with_column("again", "label"), "found verdict, again with kind=label, expected one column"),
        (with_column("size", {"kind": "count", "values": ["1"]}), "found values or an encoding with kind=count"),
        (with_column("kind", {"kind": "category", "values": ["a", "a"]}), "found a value twice"),
        (with_column("kind", {"kind": "category", "values": []}), "found no values, expected the known values, or lea"),
        ({"columns": {"a": "ignore", "b": "label"}}, "found no feature"),
        ({"categories": {"storms": ["gale"], "others": ["gale"]}}, "found 'gale' twice"),
        ({"categories": {"storms": ["calm"]}}, "found 'calm' twice"),
        ({"categories": {"storms": ["gale", "NaN"]}}, "categories: found 'NaN', expected attack types: a record with"),
        ({"missing": ["?", "gale"]}, "missing: found 'gale', which is a label too, expected marks that are none"),
        ({"missing": ["calm"]}, "missing: found 'calm', which is a label too, expected marks that are none"),
        ({"aliases": {"speed": ["v"]}}, "found 'speed', expected the name of a column or a label"),
        ({"groups": {"one": ["kind", "size", "place"]}}, "found 'temperature' in no group"),
        (
            {"groups": {"one": ["kind", "size"], "two": ["size", "place", "temperature"]}},
            "'size' in no group, in two",
        ),
        ({"roles": {"service": "number"}}, "found 'number', expected a column that is a feature"),
    ],
)
def test_a_schema_that_cannot_work_is_refused_with_what_is_expected(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        small(**changes)


def test_what_the_values_of_the_training_file_make_wrong_is_refused_with_a_way_on() -> None:
    many = [f"word {number}" for number in range(1_001)]
    assert len(small().learned({"place": many}).vocabularies["place"]) == 1_001
    indicators = small(**with_column("place", "category"))
    with pytest.raises(ValidationError, match="found 1,001 different values, expected at most 1,000"):
        indicators.learned({"place": many})
    with pytest.raises(ValidationError, match="n_features: found 4, expected 5, or null"):
        small(n_features=4).learned({"place": ["x"]})
    with pytest.raises(ValidationError, match="found the feature 'row' twice, or with a name that tables have"):
        small(columns={"row": "count", "verdict": "label"})
