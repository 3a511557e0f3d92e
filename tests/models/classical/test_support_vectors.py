"""Support vector machines: kernel, planes and temperature by hand, saving and loading."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.special import softmax
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from src.models.classical.support_vectors import (
    HELD_OUT,
    KernelMachine,
    LinearMachine,
    RadialSupportVectorMachine,
    SupportVectorMachine,
)
from src.models.classical.temperature import SHARPEST, sharpness
from src.models.dedup import distinct
from src.models.interface import Fitted
from src.models.persistence import load_classifier
from tests.models.classical.test_sklearn_models import corners

MODEL = RadialSupportVectorMachine(C=1.0, gamma="scale", landmarks=20)
Fit = Callable[..., Fitted]


@parametrize_with_checks([LinearMachine(random_state=0), KernelMachine(landmarks=10, random_state=0)])
def test_the_machine_follows_the_contract(estimator: Any, check: Any) -> None:
    check(estimator)


def test_a_class_of_a_single_record_has_a_plane_too(fit: Fit) -> None:
    X = np.array([[0.0], [1], [2], [9]], dtype=np.float32)
    y = np.array([0, 0, 0, 2], dtype=np.int32)
    for model in (SupportVectorMachine(C=1000.0), MODEL):
        found = fit(model, (X, y), n_classes=3).classifier.predict_proba(X)
        assert found.argmax(axis=1).tolist() == y.tolist()
        assert found[:, 1].tolist() == [0, 0, 0, 0]  # no training record has this class


def test_a_radial_kernel_parts_opposite_corners_where_no_plane_does(fit: Fit) -> None:
    X, corner = corners(400)
    y = ((corner == 1) | (corner == 2)).astype(np.int32)
    found = fit(MODEL, (X, y)).classifier.predict_proba(X)
    assert (found.argmax(axis=1) == y).mean() > 0.99


def test_features_are_the_kernel_with_the_landmarks_times_the_inverse_root_of_theirs() -> None:
    X, y = corners(60)
    machine = KernelMachine(60, gamma=50.0, random_state=0).fit(X, y)  # every record is a landmark
    seen = machine.kernel_.transform(X)
    kernel = np.exp(-50 * ((X[:, None] - X[None]) ** 2).sum(axis=2))
    np.testing.assert_allclose(seen @ seen.T, kernel, atol=1e-3)  # float32


def test_gamma_is_of_the_variance_of_the_distinct_records() -> None:
    X = np.array([[0.0, 0], [0, 2]] * 3 + [[0.0, 2]] * 10, dtype=np.float32)  # two of them: values 0, 0, 0, 2
    machine = KernelMachine(2, random_state=0).fit(X, X[:, 1].astype(int))
    assert machine.kernel_.gamma == pytest.approx(1 / (2 * 0.75))  # mean 1/2, variance (3/4 + 9/4) / 4


def test_records_that_do_not_vary_have_a_kernel_too() -> None:
    machine = KernelMachine(3, random_state=0).fit(np.ones((4, 3)), [0, 1, 1, 1])
    assert machine.kernel_.gamma == pytest.approx(1 / 3)
    assert machine.predict_proba(np.ones((1, 3)))[0, 1] > 0.5  # one of four against three of four


def test_copies_weigh_as_many_errors_and_the_temperature_is_of_held_out_records() -> None:
    X, y = corners(40)
    copies = np.random.default_rng(1).integers(1, 6, 40)
    machine = KernelMachine(8, gamma=1.0, random_state=0).fit(np.repeat(X, copies, axis=0), np.repeat(y, copies))
    # in the order of `distinct`, so that the same rows are held out
    first, _, count = distinct(np.repeat(X, copies, axis=0), np.repeat(y, copies))
    labels = np.repeat(y, copies)[first]
    seen = machine.kernel_.transform(np.repeat(X, copies, axis=0)[first])

    def plane(rows: np.ndarray) -> LinearSVC:
        rows = np.repeat(rows, count[rows])
        return LinearSVC(dual=False, random_state=0).fit(seen[rows], labels[rows])

    np.testing.assert_allclose(machine.machine_.coef_, plane(np.arange(40)).coef_, atol=0.02)
    held = machine._rank(labels) % HELD_OUT == HELD_OUT - 1
    assert [held[labels == label].sum() for label in range(4)] == [2, 2, 2, 2]  # a fifth of ten each
    unseen = plane(np.flatnonzero(~held)).decision_function(seen[held])
    assert machine.sharpness_ == pytest.approx(sharpness(unseen, labels[held], count[held]), rel=0.02)


def test_a_temperature_gives_the_mistakes_their_share() -> None:
    # a value of 1 is right three times in four: softmax([0, t]) is (1/4, 3/4) at t = log 3
    decision = np.array([[0.0, 1.0], [0.0, 1.0]])
    found = sharpness(decision, np.array([1, 0]), np.array([3, 1]))
    assert found == pytest.approx(np.log(3), rel=1e-6)
    np.testing.assert_allclose(softmax(found * decision, axis=1)[0], [0.25, 0.75])


def test_a_temperature_without_a_mistake_is_the_sharpest_and_with_mistakes_alone_the_flattest() -> None:
    decision = np.array([[0.0, 1.0], [0.0, -1.0]])
    assert sharpness(decision, np.array([1, 0]), np.ones(2)) == pytest.approx(SHARPEST, rel=1e-6)
    assert sharpness(decision, np.array([0, 1]), np.ones(2)) == pytest.approx(1 / SHARPEST, rel=1e-6)


def test_the_most_probable_class_is_the_one_of_the_largest_decision_value() -> None:
    X, y = corners(200)
    machine = KernelMachine(20, random_state=0).fit(X, y)
    values = machine.machine_.decision_function(machine.kernel_.transform(X.astype(np.float32)))
    np.testing.assert_array_equal(machine.predict(X), values.argmax(axis=1))


def test_one_class_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="y: found one class, a, expected records of two classes or more"):
        KernelMachine().fit([[0.0], [1.0]], ["a", "a"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"C": 0.0}, "C\n.*greater than 0"),
        ({"gamma": -1.0}, "greater than 0"),
        ({"gamma": "auto"}, "'scale'"),
        ({"landmarks": 0}, "landmarks\n.*greater than or equal to 1"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(changes: dict[str, Any], message: str) -> None:
    values: dict[str, Any] = {"C": 1.0, "gamma": "scale", "landmarks": 9}
    with pytest.raises(ValidationError, match=message):
        RadialSupportVectorMachine(**(values | changes))


def test_a_machine_that_was_kept_scores_alike_where_gamma_is_a_number(fit: Fit, tmp_path: Path) -> None:
    X, y = corners()
    fitted = fit(RadialSupportVectorMachine(C=2.0, gamma=0.5, landmarks=12), (X, y), n_classes=4)
    fitted.classifier.save(tmp_path)
    np.testing.assert_array_equal(load_classifier(tmp_path).predict_proba(X), fitted.classifier.predict_proba(X))


def test_landmarks_are_as_many_of_each_class_and_all_of_a_rare_one() -> None:
    X, _ = corners(100)
    y = np.repeat([0, 1, 2], [70, 27, 3])
    machine = KernelMachine(15, random_state=0).fit(X, y)
    of = [int(y[(landmark == X).all(axis=1)][0]) for landmark in machine.kernel_.components_]
    assert [of.count(label) for label in range(3)] == [6, 6, 3]
    again = KernelMachine(15, random_state=1).fit(X, y)
    assert not np.array_equal(machine.kernel_.components_, again.kernel_.components_)
