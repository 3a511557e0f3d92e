"""The leakage report: ten records scored by hand, and facts about the official test file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from omegaconf import DictConfig

from src.config.build import build
from src.data.duplicates import vector_ids
from src.data.tables import Table
from src.evaluation.leakage import Background, Leakage, ceiling, report
from tests.kdd import preprocess_in_memory

COST = [[0, 1, 2], [1, 0, 2], [4, 2, 0]]
#           seen: 1, 2                            unseen: 7, 8, 9
VECTORS = np.array([1, 1, 1, 2, 2, 7, 7, 8, 8, 9], dtype=np.uint64)
TARGET = np.array([0, 0, 2, 1, 1, 0, 1, 2, 2, 0], dtype=np.int32)
PREDICTED = np.array([0, 0, 0, 1, 1, 1, 1, 2, 0, 0])
ATTACK = np.array(["normal", "normal", "guess_passwd", "smurf", "smurf", "normal", "mailbomb", "snmpguess", "snmpguess",
                   "normal"])  # fmt: skip
BACKGROUND = Background(np.array([1, 2, 3], dtype=np.uint64), frozenset({"normal", "smurf", "guess_passwd", "spy"}))


@pytest.fixture(scope="module")
def found() -> Leakage:
    return report(BACKGROUND, VECTORS, PREDICTED, TARGET, ATTACK, 3, COST)


def test_seen_and_unseen_vectors_are_scored_separately(found: Leakage) -> None:
    assert found.metrics["share_seen_in_training"] == 0.5
    assert found.metrics["accuracy_seen"] == 4 / 5
    assert found.metrics["accuracy_unseen"] == 3 / 5
    assert found.metrics["false_alarm_rate_seen"] == 0
    assert found.metrics["false_alarm_rate_unseen"] == 1 / 2
    assert found.metrics["detection_rate_seen"] == pytest.approx(2 / 3)
    assert found.metrics["detection_rate_unseen"] == pytest.approx(2 / 3)
    assert found.metrics["recall_seen"] == pytest.approx((1 + 1 + 0) / 3)
    assert found.metrics["recall_unseen"] == pytest.approx((1 / 2 + 1 + 1 / 2) / 3)
    assert found.metrics["mean_cost_seen"] == 4 / 5
    assert found.metrics["mean_cost_unseen"] == (1 + 4) / 5


def test_attack_types_that_training_lacks_are_scored_separately(found: Leakage) -> None:
    assert found.metrics["detection_rate_known_attacks"] == pytest.approx(2 / 3)  # smurf twice, not guess_passwd
    assert found.metrics["detection_rate_unknown_attacks"] == pytest.approx(2 / 3)  # mailbomb, one snmpguess of two
    assert found.metrics["recall_unknown_attacks"] == pytest.approx(2 / 3)


def test_the_ceiling_is_the_best_verdict_for_each_vector(found: Leakage) -> None:
    # vector 1 is normal twice and class 2 once; 7 is normal and class 1 once each
    assert found.metrics["share_ambiguous"] == 5 / 10
    assert found.metrics["ceiling_accuracy"] == 8 / 10
    # vector 1: normal costs 4, class 1 1 + 1 + 2 = 4, class 2 2 + 2 = 4; vector 7: 1 either way
    assert found.metrics["ceiling_mean_cost"] == (4 + 1) / 10


def test_the_table_has_a_row_a_subset(found: Leakage) -> None:
    table = found.table.set_index("subset")
    assert table["records"].to_dict() == {"all": 10, "seen": 5, "unseen": 5, "known_attacks": 3, "unknown_attacks": 3}
    assert table["vectors"].to_dict() == {"all": 5, "seen": 2, "unseen": 3, "known_attacks": 2, "unknown_attacks": 2}
    assert table.loc["all", "accuracy"] == 7 / 10
    assert np.isnan(table.loc["known_attacks", "false_alarm_rate"])


def test_a_subset_without_records_has_no_metrics() -> None:
    nothing = Background(np.array([], dtype=np.uint64), frozenset({"normal"}))
    found = report(nothing, VECTORS, PREDICTED, TARGET, ATTACK, 3)
    assert found.metrics["share_seen_in_training"] == 0
    assert not [name for name in found.metrics if name.endswith(("_seen", "_known_attacks")) or "cost" in name]
    assert found.metrics["accuracy_unseen"] == 7 / 10
    assert found.table.set_index("subset").loc["seen", "records"] == 0


def test_a_subset_without_normal_records_has_no_false_alarms_and_one_without_attacks_no_detection() -> None:
    target, predicted = np.array([0, 0, 1], dtype=np.int32), np.array([0, 1, 1])
    found = report(
        Background(np.array([5], dtype=np.uint64), frozenset({"normal"})),
        np.array([5, 5, 6], dtype=np.uint64), predicted, target, np.array(["normal", "normal", "smurf"]), 2,
    )  # fmt: skip
    assert found.metrics["false_alarm_rate_seen"] == 1 / 2
    assert found.metrics["recall_unseen"] == 1
    assert not {"recall_seen", "false_alarm_rate_unseen"} & set(found.metrics)
    assert not [name for name in (*found.metrics, *found.table.columns) if "detection_rate" in name]


def test_macro_recall_of_a_subset_is_over_the_classes_that_it_has() -> None:
    target, predicted = np.array([0, 1], dtype=np.int32), np.array([0, 1])
    found = report(
        Background(np.array([1, 2], dtype=np.uint64), frozenset({"normal"})),
        np.array([1, 2], dtype=np.uint64), predicted, target, np.array(["normal", "smurf"]), 3,
    )  # fmt: skip
    assert found.metrics["recall_seen"] == 1  # the third class has no record


def test_the_background_is_what_the_training_part_has_and_not_what_its_file_had() -> None:
    X = np.zeros((3, 53), dtype=np.float32, order="F")
    X[2, 0] = 1
    table = Table(X, np.array([0, 0, 2], dtype=np.int32), ("normal", "smurf", "pod"), np.arange(1, 4))
    found = Background.of(table)
    assert found.attacks == {"normal", "pod"}
    np.testing.assert_array_equal(found.vectors, np.unique(vector_ids(X)))
    assert len(found.vectors) == 2


@pytest.mark.real_data
def test_the_ceilings_of_the_official_test_file(mirror: Path, composed: Callable[..., DictConfig]) -> None:
    table, _ = preprocess_in_memory(mirror / "kddcup99" / "corrected.gz", on_bad_record="stop")
    five, binary = (build(composed(f"task={name}")).task for name in ("five", "binary"))
    ids, n = vector_ids(table.X), len(table)
    target = five.target(table.attacks)[table.attack]
    assert np.bincount(target).tolist() == [60_593, 4_166, 229_853, 228, 16_189]
    found = ceiling(ids, target, 5, five.cost)
    assert found["ceiling_accuracy"] == pytest.approx(0.9816, abs=5e-5)
    assert found["ceiling_mean_cost"] == pytest.approx(0.0431, abs=5e-5)
    two = ceiling(ids, binary.target(table.attacks)[table.attack], 2)
    assert two["ceiling_accuracy"] == pytest.approx(0.9817, abs=5e-5)
    assert n == 311_029
