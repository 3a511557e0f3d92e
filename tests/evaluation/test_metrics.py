"""Metrics: two small examples worked out by hand, and laws that hold for any predictions."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.evaluation import metrics
from src.evaluation.leakage import Background, report
from src.evaluation.metrics import Evaluation

BINARY = ("normal", "attack")
THREE = ("normal", "dos", "r2l")


@pytest.fixture(scope="module")
def binary() -> Evaluation:
    """5 normal records and 6 attacks; those with a share above one half for attack raise an alarm."""
    attack_share = [0.1, 0.2, 0.6, 0.3, 0.65, 0.9, 0.8, 0.4, 0.7, 0.95, 0.55]
    target = np.array([0] * 5 + [1] * 6, dtype=np.int32)
    labels = np.array(["normal"] * 5 + ["neptune"] * 3 + ["smurf"] * 2 + ["satan"])
    probability = np.array([[1 - share, share] for share in attack_share], dtype=np.float32)
    return metrics.evaluate(probability, target, labels, BINARY)


@pytest.fixture(scope="module")
def three() -> Evaluation:
    """4 normal records, 3 dos, 3 r2l; each prediction is certain."""
    target = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2], dtype=np.int32)
    predicted = [0, 0, 0, 2, 1, 1, 0, 2, 1, 0]
    labels = np.array(["normal"] * 4 + ["smurf", "smurf", "pod"] + ["satan", "nmap", "nmap"])
    return metrics.evaluate(np.eye(3, dtype=np.float32)[predicted], target, labels, THREE)


def test_a_binary_confusion_matrix_has_rows_predicted_and_columns_actual(binary: Evaluation) -> None:
    # normal: 3 right, 2 false alarms; attacks: 1 missed, 5 right
    np.testing.assert_array_equal(binary.confusion, [[3, 1], [2, 5]])


def test_binary_metrics_are_those_of_the_attack_class(binary: Evaluation) -> None:
    assert binary.metrics == pytest.approx(
        {
            "accuracy": 8 / 11,
            "recall": 5 / 6,
            "precision": 5 / 7,
            "f1": 10 / 13,
            "macro_f1": (2 / 3 + 10 / 13) / 2,
            "false_alarm_rate": 2 / 5,
            # of 30 pairs of an attack and a normal record the attack ranks higher in 5 + 5 + 3 + 5 + 5 + 3
            "roc_auc": 26 / 30,
            "recall_normal": 3 / 5,
            "precision_normal": 3 / 4,
            "f1_normal": 2 / 3,
        }
    )


def test_recall_is_reported_by_attack_type_most_records_first(binary: Evaluation) -> None:
    table = binary.per_attack
    assert list(table.columns) == ["attack", "class", "records", "recall", "detected"]
    assert table["attack"].tolist() == ["normal", "neptune", "smurf", "satan"]
    assert table["class"].tolist() == ["normal", "attack", "attack", "attack"]
    assert table["records"].tolist() == [5, 3, 2, 1]
    assert table["recall"].tolist() == pytest.approx([3 / 5, 2 / 3, 1, 1])
    assert table["detected"].tolist() == pytest.approx([2 / 5, 2 / 3, 1, 1])


def test_the_binary_curves_run_through_the_points_counted_by_hand(binary: Evaluation) -> None:
    roc = binary.roc
    assert list(roc.columns) == ["class", "false_alarm_rate", "recall", "threshold"]
    assert set(roc["class"]) == {"attack"}
    # from above: 4 attacks, 2 normal, 2 attacks, 3 normal; what lies on a straight line is left out
    by_hand = [(0, 0), (0, 1 / 6), (0, 4 / 6), (2 / 5, 4 / 6), (2 / 5, 1), (1, 1)]
    np.testing.assert_allclose(roc[["false_alarm_rate", "recall"]], by_hand)
    curve = binary.precision_recall
    assert list(curve.columns) == ["class", "recall", "precision", "threshold"]
    by_hand = [
        (0, 1), (1 / 6, 1), (2 / 6, 1), (3 / 6, 1), (4 / 6, 1), (4 / 6, 4 / 5), (4 / 6, 4 / 6), (5 / 6, 5 / 7),
        (1, 6 / 8), (1, 6 / 9), (1, 6 / 10), (1, 6 / 11),
    ]  # fmt: skip
    np.testing.assert_allclose(curve[["recall", "precision"]], by_hand)


def test_a_confusion_matrix_of_three_classes_has_rows_predicted_and_columns_actual(three: Evaluation) -> None:
    np.testing.assert_array_equal(three.confusion, [[3, 1, 1], [0, 2, 1], [1, 0, 1]])


def test_metrics_of_three_classes_are_means_over_the_classes(three: Evaluation) -> None:
    found = three.metrics
    recall, precision, f1 = (3 / 4, 2 / 3, 1 / 3), (3 / 5, 2 / 3, 1 / 2), (2 / 3, 2 / 3, 2 / 5)
    # certain predictions have one threshold: the area is the mean of recall and of the share of others left alone
    areas = ((3 / 4 + 4 / 6) / 2, (2 / 3 + 6 / 7) / 2, (1 / 3 + 6 / 7) / 2)
    assert found["accuracy"] == pytest.approx(6 / 10)
    assert found["recall"] == pytest.approx(sum(recall) / 3)
    assert found["precision"] == pytest.approx(sum(precision) / 3)
    assert found["macro_f1"] == pytest.approx(sum(f1) / 3)
    assert found["roc_auc"] == pytest.approx(sum(areas) / 3)
    assert found["false_alarm_rate"] == pytest.approx(1 / 4)
    assert found["detection_rate"] == pytest.approx(4 / 6)  # an alarm of the wrong class is an alarm
    assert found["recall_r2l"] == pytest.approx(1 / 3)


def test_three_classes_are_reported_one_by_one(three: Evaluation) -> None:
    table = three.per_class
    assert list(table.columns) == ["class", "records", "recall", "precision", "f1"]
    assert table["class"].tolist() == list(THREE)
    assert table["records"].tolist() == [4, 3, 3]
    assert table["recall"].tolist() == pytest.approx([3 / 4, 2 / 3, 1 / 3])
    assert table["precision"].tolist() == pytest.approx([3 / 5, 2 / 3, 1 / 2])
    assert table["f1"].tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 5])


def test_detection_of_an_attack_type_is_more_than_its_right_class(three: Evaluation) -> None:
    nmap = three.per_attack.set_index("attack").loc["nmap"]
    assert (nmap["class"], nmap["records"], nmap["recall"], nmap["detected"]) == ("r2l", 2, 0.0, 0.5)
    assert three.per_attack["attack"].tolist() == ["normal", "nmap", "smurf", "pod", "satan"]


def test_each_of_three_classes_has_its_own_curves(three: Evaluation) -> None:
    assert list(dict.fromkeys(three.roc["class"])) == list(THREE)
    assert list(dict.fromkeys(three.precision_recall["class"])) == list(THREE)


@pytest.mark.parametrize("present", [[0], [1], [0, 2], [1, 2], [2]])
def test_classes_that_the_test_part_does_not_have_break_nothing(present: list[int]) -> None:
    target = np.repeat(np.array(present, dtype=np.int32), 3)
    probability = np.full((len(target), 3), 1 / 3, dtype=np.float32)
    probability[:, 1] += 0.1
    result = metrics.evaluate(probability, target, np.array(THREE)[target], THREE)
    np.testing.assert_array_equal(result.confusion.sum(axis=0), np.bincount(target, minlength=3))
    assert result.per_class["records"].tolist() == np.bincount(target, minlength=3).tolist()
    assert result.metrics["recall_dos"] == (1.0 if 1 in present else 0.0)
    assert result.metrics["false_alarm_rate"] == (1.0 if 0 in present else 0.0)
    assert ("roc_auc" in result.metrics) == (len(present) > 1)
    assert set(result.roc["class"]) == (set(np.array(THREE)[present]) if len(present) > 1 else set())
    assert list(result.precision_recall.columns) == ["class", "recall", "precision", "threshold"]


def test_a_binary_test_part_without_attacks_has_no_curve_and_no_area() -> None:
    probability = np.array([[0.9, 0.1], [0.2, 0.8]], dtype=np.float32)
    result = metrics.evaluate(probability, np.zeros(2, dtype=np.int32), np.array(["normal"] * 2), BINARY)
    assert "roc_auc" not in result.metrics
    assert result.metrics["recall"] == 0.0
    assert result.metrics["false_alarm_rate"] == 0.5
    assert len(result.roc) == len(result.precision_recall) == 0


def test_long_curves_are_thinned_but_not_where_good_detectors_differ() -> None:
    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, 50_000).astype(np.int32)
    score = 1 / (1 + np.exp(-(rng.normal(size=50_000) + 4.5 * target)))
    result = metrics.evaluate(np.stack([1 - score, score], axis=1), target, np.array(BINARY)[target], BINARY)
    for curve in (result.roc, result.precision_recall):
        assert 40 < len(curve) < 1000
        assert ((curve["recall"] > 0.99) & (curve["recall"] < 0.9999)).sum() > 20
        assert curve["recall"].is_monotonic_increasing
    assert result.roc.iloc[0, 1:3].tolist() == [0, 0]
    assert result.roc.iloc[-1, 1:3].tolist() == [1, 1]
    area = np.trapezoid(result.roc["recall"], result.roc["false_alarm_rate"])
    assert area == pytest.approx(result.metrics["roc_auc"], abs=1e-3)


@st.composite
def predictions(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Class shares, targets and class names; ties and absent classes come often."""
    n_classes = draw(st.integers(2, 5))
    rows = draw(st.lists(st.tuples(*[st.integers(0, 4)] * n_classes), min_size=1, max_size=30))
    target = draw(st.lists(st.integers(0, n_classes - 1), min_size=len(rows), max_size=len(rows)))
    shares = np.array(rows, dtype=np.float32) + 0.125
    names = ("normal", *(f"attack{place}" for place in range(1, n_classes)))
    return shares / shares.sum(axis=1, keepdims=True), np.array(target, dtype=np.int32), names


@settings(deadline=None)
@given(predictions())
def test_whatever_was_predicted_the_laws_of_counting_hold(
    case: tuple[np.ndarray, np.ndarray, tuple[str, ...]],
) -> None:
    probability, target, names = case
    result = metrics.evaluate(probability, target, np.array(names)[target], names)
    n = len(target)
    np.testing.assert_array_equal(result.confusion.sum(axis=0), np.bincount(target, minlength=len(names)))
    np.testing.assert_array_equal(
        result.confusion.sum(axis=1), np.bincount(probability.argmax(axis=1), minlength=len(names))
    )
    assert result.metrics["accuracy"] == pytest.approx(np.trace(result.confusion) / n)
    assert all(0 <= value <= 1 for value in result.metrics.values())
    assert result.per_attack["records"].sum() == n
    weighted = (result.per_attack["recall"] * result.per_attack["records"]).sum()
    assert weighted == pytest.approx(np.trace(result.confusion))
    assert (result.per_attack["detected"] >= result.per_attack["recall"])[result.per_attack["class"] != "normal"].all()
    assert result.metrics["macro_f1"] == metrics.macro_f1(probability, target)
    assert {metrics.detection_name(len(names)), metrics.f1_name(len(names))} <= set(result.metrics)
    for curve in (result.roc, result.precision_recall):
        numbers = curve.drop(columns="class").astype(float)
        assert ((numbers >= 0) & (numbers <= 1)).all(axis=None)


def test_a_curve_of_no_class_can_still_be_joined_with_others() -> None:
    probability = np.array([[1, 0]], dtype=np.float32)
    result = metrics.evaluate(probability, np.zeros(1, dtype=np.int32), np.array(["normal"]), BINARY)
    assert isinstance(result.roc, pd.DataFrame)
    assert list(result.roc.columns) == ["class", "false_alarm_rate", "recall", "threshold"]


# --- verdicts and costs ----------------------------------------------------------------------------------------------

# The contest's matrix and what its winner's detector said of `corrected`: Elkan 2000, doi:10.1145/846183.846199.
CONTEST = [[0, 1, 2, 2, 2], [1, 0, 2, 2, 2], [2, 1, 0, 2, 2], [3, 2, 2, 0, 2], [4, 2, 2, 2, 0]]
WINNER = [
    [60262, 243, 78, 4, 6], [511, 3471, 184, 0, 0], [5299, 1328, 223226, 0, 0], [168, 20, 0, 30, 10],
    [14527, 294, 0, 8, 1360],
]  # fmt: skip


def test_the_contest_winners_matrix_costs_what_was_published() -> None:
    by_actual = np.array(WINNER)
    assert by_actual.sum(axis=1).tolist() == [60_593, 4_166, 229_853, 228, 16_189]
    found = metrics.scores(by_actual.T, CONTEST)
    assert round(float(found["mean_cost"]), 4) == 0.2331
    assert round(float(found["accuracy"]), 4) == 0.9271
    assert round(float(found["binary_accuracy"]), 4) == 0.9330
    assert round(float(found["false_alarm_rate"]), 4) == 0.0055
    assert round(float(found["detection_rate"]), 3) == 0.918


def test_metrics_use_the_given_verdicts_and_curves_use_the_probabilities() -> None:
    target = np.array([0, 0, 1, 1], dtype=np.int32)
    probability = np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3], [0.2, 0.8]], dtype=np.float32)
    found = metrics.evaluate(
        probability, target, np.array(BINARY)[target], BINARY, predicted=np.array([0, 1, 1, 1]), cost=[[0, 1], [5, 0]]
    )
    assert found.confusion.tolist() == [[1, 0], [1, 2]]
    assert found.metrics["false_alarm_rate"] == 0.5
    assert found.metrics["mean_cost"] == 0.25
    assert found.metrics["roc_auc"] == 0.75
    assert found.per_attack.set_index("attack").loc["attack", "detected"] == 1


def test_the_scores_of_several_matrices_are_those_of_each() -> None:
    matrices = np.random.default_rng(0).integers(0, 9, size=(4, 5, 3, 3))
    found = metrics.scores(matrices, [[0, 1, 2], [1, 0, 2], [4, 2, 0]])
    for place in np.ndindex(4, 5):
        one = metrics.scores(matrices[place], [[0, 1, 2], [1, 0, 2], [4, 2, 0]])
        assert {name: values[place] for name, values in found.items()} == pytest.approx(
            {name: float(value) for name, value in one.items()}
        )


def test_types_that_training_lacks_are_marked() -> None:
    target = np.array([0, 1, 1], dtype=np.int32)
    probability = np.eye(2, dtype=np.float32)[target]
    found = metrics.evaluate(
        probability, target, np.array(["normal", "smurf", "mailbomb"]), BINARY, known={"normal", "smurf", "spy"}
    )
    assert found.per_attack["in_training"].to_dict() == {0: False, 1: True, 2: True}
    assert list(found.per_attack.columns) == ["attack", "class", "in_training", "records", "recall", "detected"]


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_no_two_metrics_are_always_equal(n_classes: int) -> None:
    """One name for one number: of many random test parts, no two metrics agree on all."""
    rng = np.random.default_rng(n_classes)
    names = ("normal", "attack", "dos", "probe", "r2l")[:n_classes]
    cost = rng.integers(1, 9, (n_classes, n_classes)) * (1 - np.eye(n_classes, dtype=int))
    found = []
    for _ in range(3):
        target = rng.integers(0, n_classes, 300).astype(np.int32)
        probability = rng.random((300, n_classes)).astype(np.float32)
        attack = np.where(target == 0, "normal", rng.choice(["smurf", "mailbomb"], 300))
        vectors, predicted = rng.integers(0, 200, 300).astype(np.uint64), probability.argmax(axis=1)
        background = Background(np.arange(100, dtype=np.uint64), frozenset({"normal", "smurf"}))
        scored = metrics.evaluate(probability, target, attack, names, cost=cost.tolist()).metrics
        found.append(scored | report(background, vectors, predicted, target, attack, n_classes, cost.tolist()).metrics)
    values: dict[tuple[float, ...], list[str]] = {}
    for name in found[0]:
        values.setdefault(tuple(round(one[name], 12) for one in found if name in one), []).append(name)
    assert [same for same in values.values() if len(same) > 1] == []
