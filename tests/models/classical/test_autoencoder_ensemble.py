"""Autoencoders by groups of features: groups, errors and thresholds by hand, and the attacks they find."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.utils.estimator_checks import parametrize_with_checks

from src.models.classical.autoencoder_ensemble import ErrorDetector, GroupedAutoencoders, feature_groups, thresholds
from src.models.interface import Fitted
from src.models.persistence import load_classifier

VALUES: dict[str, Any] = {"features": 4, "records": 500, "squeeze": 0.5, "epochs": 100, "false_alarms": 0.02}
MODEL = GroupedAutoencoders(**VALUES)
Fit = Callable[..., Fitted]
Rows = tuple[np.ndarray, np.ndarray]


def pairs(n: int = 600, seed: int = 0) -> Rows:
    """Two pairs of columns; in normal traffic a pair is equal but for noise, in an attack one column is negated."""
    rng = np.random.default_rng(seed)
    y = np.arange(n, dtype=np.int32) % 3 // 2  # a third are attacks
    one, two = rng.choice([-1, 1], (2, n)) * rng.uniform(0.5, 2, (2, n))
    X = np.column_stack([one, one, two, two]) + rng.normal(0, 0.05, (n, 4))
    X[y == 1, 3] *= -1
    return X.astype(np.float32), y


def test_columns_that_go_together_are_a_group_whatever_their_sign() -> None:
    X, y = pairs()
    X = X[y == 0] * [1, -1, 1, 1]
    groups = feature_groups((X - X.mean(axis=0)) / X.std(axis=0), 0)
    assert [group.tolist() for group in groups] == [[0, 1], [2, 3]]


def test_one_column_is_one_group() -> None:
    (group,) = feature_groups(np.array([[-1.0], [1.0]]), 0)
    assert group.tolist() == [0]


@parametrize_with_checks([ErrorDetector(epochs=30, random_state=0)])
def test_the_detector_follows_the_contract(estimator: Any, check: Any) -> None:
    check(estimator)


def test_what_breaks_the_pattern_of_normal_traffic_is_an_attack_though_each_value_is_usual(fit: Fit) -> None:
    X, y = pairs()
    detector = fit(MODEL, (X, y)).classifier
    new, truth = pairs(seed=1)
    probability = detector.predict_proba(new)
    assert (probability.argmax(axis=1) == truth).mean() > 0.9
    assert np.abs(new[truth == 1]).max() <= np.abs(X).max() * 1.2


def test_an_error_is_the_root_mean_square_of_what_is_not_made_again() -> None:
    X, y = pairs()
    detector = ErrorDetector(4, random_state=0).fit(X, y)
    assert [group.tolist() for group in detector.groups_] == [[0, 1], [2, 3]]
    values = (X - detector.mean_) / detector.deviation_
    for place, (group, (W, b, V, c)) in enumerate(zip(detector.groups_, detector.layers_, strict=True)):
        assert (W.shape, V.shape) == ((2, 1), (1, 2))  # squeezed to half
        for row in (0, 7):
            hidden = [np.tanh(sum(values[row, g] * W[i, 0] for i, g in enumerate(group)) + b[0])]
            again = [hidden[0] * V[0, i] + c[i] for i in range(2)]
            expected = np.sqrt(((again[0] - values[row, group[0]]) ** 2 + (again[1] - values[row, group[1]]) ** 2) / 2)
            assert detector.errors(X[row : row + 1])[0, place] == pytest.approx(expected)


def test_at_most_the_share_asked_for_of_normal_training_records_is_an_alarm() -> None:
    X, y = pairs()
    X, y = np.concatenate([X, X[:90]]), np.concatenate([y, y[:90]])  # with duplicates
    for share in (0.01, 0.1):
        detector = ErrorDetector(4, false_alarms=share, random_state=0).fit(X, y)
        normal = X[y == 0]
        alarms = detector.predict(normal) == 1
        assert share - 3 / len(normal) <= alarms.mean() <= share  # up to three duplicates


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.0, [5, 50]),  # the largest of each: none is above
        (0.2, [5, 50]),  # c = 2 would be above in one group with the last row, in the other with the first: two of five
        (0.4, [4, 40]),
        (0.6, [3, 30]),  # the second largest errors are of the same rows
        (0.8, [2, 20]),
    ],
)
def test_thresholds_are_the_largest_errors_of_their_rank_with_few_enough_rows_above_one(
    share: float, expected: list[int]
) -> None:
    errors = np.array([[1, 50], [2, 20], [3, 30], [4, 10], [5, 40]])
    found = thresholds(errors, share)
    assert found.tolist() == expected
    assert (errors > found).any(axis=1).mean() <= share


def test_errors_that_are_equal_are_all_above_a_threshold_or_none() -> None:
    errors = np.array([[0.0], [1], [1], [1]])
    assert thresholds(errors, 0.5).tolist() == [1]  # three of four rows are above the next threshold, 0
    assert thresholds(errors, 0.75).tolist() == [0]


def test_the_probability_is_one_half_at_a_threshold_and_rises_with_the_largest_error() -> None:
    X, y = pairs()
    detector = ErrorDetector(4, random_state=0).fit(X, y)
    np.testing.assert_array_equal(detector.thresholds_, thresholds(detector.errors(X[y == 0]), 0.01))
    errors = (detector.errors(X) / detector.thresholds_).max(axis=1)
    probability = detector.predict_proba(X)[:, 1]
    np.testing.assert_allclose(probability, errors / (1 + errors))
    at = np.flatnonzero(errors == 1)  # a threshold is the error of a normal record of training
    assert (y[at] == 0).any()
    np.testing.assert_array_equal(probability[at], 0.5)
    np.testing.assert_array_equal(detector.predict(X[at]), 0)


def test_a_feature_that_never_varies_in_normal_traffic_raises_an_alarm_where_it_does() -> None:
    y = np.arange(300) % 3 // 2
    detector = ErrorDetector(1, epochs=200, random_state=0).fit(5.0 + y[:, None], y)
    assert (detector.mean_, detector.deviation_) == (5, 1)
    np.testing.assert_array_equal(detector.predict([[5.0], [6.0], [4.0]]), [0, 1, 1])


def test_normal_traffic_is_the_first_class_and_no_attack_is_trained_on() -> None:
    X, y = pairs()
    wild = X.copy()
    wild[y == 1] *= 1000
    one, other = (ErrorDetector(4, random_state=0).fit(rows, y) for rows in (X, wild))
    np.testing.assert_array_equal(one.errors(X), other.errors(X))
    named = ErrorDetector(4, random_state=0).fit(X, np.where(y == 0, "benign", "malign"))
    assert named.classes_.tolist() == ["benign", "malign"]
    np.testing.assert_array_equal(named.predict_proba(X), one.predict_proba(X))


def test_a_model_that_was_kept_scores_alike_and_the_same_seed_is_the_same_model(fit: Fit, tmp_path: Path) -> None:
    X, y = pairs()
    one, same = (fit(MODEL, (X, y), seed=3).classifier for _ in range(2))
    probability = one.predict_proba(X)
    np.testing.assert_array_equal(same.predict_proba(X), probability)
    one.save(tmp_path)
    np.testing.assert_array_equal(load_classifier(tmp_path).predict_proba(X), probability)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, 0, 0], "y: found one class, 0, expected normal traffic and attacks"),
        ([0, 1, 2], r"found the classes \[0, 1, 2\], expected normal traffic and attacks; set task=binary"),
    ],
)
def test_what_is_not_two_classes_is_refused(y: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ErrorDetector().fit(np.arange(6.0).reshape(3, 2), y)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": 0}, "features\n.*greater than or equal to 1"),
        ({"records": 0}, "records\n.*greater than or equal to 1"),
        ({"squeeze": 0.0}, "squeeze\n.*greater than 0"),
        ({"epochs": 0}, "epochs\n.*greater than or equal to 1"),
        ({"false_alarms": 1.0}, "false_alarms\n.*less than 1"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        GroupedAutoencoders(**(VALUES | changes))
