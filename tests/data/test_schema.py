"""The record and its 53 features: what the contest's files and the paper say."""

from collections import Counter

import numpy as np
import pytest

from src.data.schema import (
    CATEGORIES,
    COLUMNS,
    EXPECTED,
    FEATURES,
    FLAGS,
    GROUPS,
    LABELS,
    N_FEATURES,
    PROTOCOLS,
    SERVICES,
    Kind,
    group,
    in_range,
)

# The paper's ten best features by their place, counted from 1, in its 53.
PAPERS_PLACES = {
    2: "service", 3: "src_bytes", 4: "dst_bytes", 10: "logged_in", 21: "count", 22: "srv_count", 30: "dst_host_count",
    34: "dst_host_same_src_port_rate", 35: "dst_host_srv_diff_host_rate", 40: "protocol_type_icmp",
}  # fmt: skip


def test_a_record_has_the_published_41_columns() -> None:
    assert Counter(COLUMNS.values()) == {"count": 19, "rate": 15, "binary": 4, "symbol": 3}
    places = {name: place for place, name in enumerate(COLUMNS, 1)}
    assert [places[name] for name in ("duration", "flag", "logged_in", "count", "dst_host_srv_rerror_rate")] == [
        1, 4, 12, 23, 41,
    ]  # fmt: skip
    assert set(EXPECTED) == set(COLUMNS.values()) | {"level"}  # for the field behind them in NSL-KDD


def test_the_vocabularies_hold_what_the_full_training_file_holds() -> None:
    assert [len(words) for words in (PROTOCOLS, SERVICES, FLAGS)] == [3, 70, 11]
    assert "icmp" not in SERVICES  # of two records of the test file only


def test_codes_follow_the_alphabet() -> None:
    for words in (PROTOCOLS, SERVICES, FLAGS):
        assert list(words) == sorted(set(words))


def test_the_features_are_in_the_order_of_the_paper() -> None:
    assert N_FEATURES == len(set(FEATURES)) == 53
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


def test_an_indicator_is_in_the_group_of_its_symbol() -> None:
    indicators = ("protocol_type_udp", "flag_SF", "service_http", "service_unknown")
    assert {group(name) for name in indicators} == {"basic"}
    assert [group(name) for name in ("service", "logged_in", "srv_count", "dst_host_srv_count")] == [
        "basic", "content", "traffic", "host",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="found the feature 'pc_1', expected a column of COLUMNS or an indicator"):
        group("pc_1")


@pytest.mark.parametrize(
    ("kind", "allowed", "refused"),
    [
        ("count", [0, 1, 2**63 - 1], [-1, float("nan")]),
        ("binary", [0, 1], [-1, 2]),
        ("rate", [0.0, 0.5, 1.0], [-0.01, 1.01, float("inf"), float("nan")]),
        ("level", [0, 21], [-1, 22]),
    ],
)
def test_the_range_of_a_kind_is_the_same_for_a_number_and_for_an_array(
    kind: Kind, allowed: list[float], refused: list[float]
) -> None:
    expected = [True] * len(allowed) + [False] * len(refused)
    assert [bool(in_range(kind, number)) for number in allowed + refused] == expected
    assert in_range(kind, np.array(allowed + refused, dtype=float)).tolist() == expected
