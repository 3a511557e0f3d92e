"""Rotation forests: rotations and trees by hand, and bags of them on the most important features."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.decomposition import PCA
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from src.models.classical.forest_importance import ImportantFeatures
from src.models.classical.rotation_forest import RotationForest, TwoStage, principal_axes
from src.models.interface import Fitted

Fit = Callable[..., Fitted]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 7)) @ RNG.normal(size=(7, 7))
Y = (X[:, 0] + X[:, 3] > 0).astype(int) + (X[:, 1] > 1)


@parametrize_with_checks(
    [
        RotationForest(trees=3, random_state=0),
        ImportantFeatures(k=2, n_estimators=3, random_state=0),
    ]
)
def test_estimators_follow_the_contract(estimator: Any, check: Any) -> None:
    check(estimator)


def test_principal_axes_are_those_of_a_pca() -> None:
    axes = principal_axes(X[:, :3])
    theirs = PCA().fit(X[:, :3]).components_.T
    np.testing.assert_allclose(np.abs(axes.T @ theirs), np.eye(3), atol=1e-10)  # the sign is arbitrary


def test_principal_axes_of_points_on_a_diagonal() -> None:
    axes = principal_axes(np.array([[0.0, 0], [1, 1], [3, 3]]))
    np.testing.assert_allclose(np.abs(axes), np.sqrt(0.5))  # along the diagonal, and across it
    assert axes[0, 0] * axes[1, 0] > 0 > axes[0, 1] * axes[1, 1]


@pytest.mark.parametrize("rows", [np.ones((5, 3)), np.ones((1, 3))])
def test_records_without_variance_have_axes_too(rows: np.ndarray) -> None:
    axes = principal_axes(rows)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)


def test_a_rotation_is_a_block_of_axes_for_each_subset_of_features() -> None:
    forest = RotationForest(trees=4, subset=3, random_state=0).fit(X, Y)
    assert forest.rotations_.shape == (4, 7, 7)
    subsets = set()
    for rotation in forest.rotations_:
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(7), atol=1e-12)
        # which features share a block, row by row: the pattern of what is not 0
        blocks = {tuple(np.flatnonzero(rotation[:, column])) for column in range(7)}
        assert sorted(len(block) for block in blocks) == [1, 3, 3]
        assert sorted(feature for block in blocks for feature in block) == list(range(7))
        subsets |= blocks
    assert len(subsets) > 3  # the trees have different rotations


def test_a_block_is_of_a_sample_of_some_classes() -> None:
    # one class lies on a diagonal, the other across it: each alone has both for its axes, a sample of both not quite
    line = np.linspace(-1, 1, 50)
    rows = np.concatenate([np.column_stack([line, line]), np.column_stack([line, -line]) * 3])
    forest = RotationForest(trees=200, subset=2, random_state=0).fit(rows, np.repeat([0, 1], 50))
    off = np.abs(np.abs(forest.rotations_) - np.sqrt(0.5)).max(axis=(1, 2))
    assert (off < 1e-6).mean() == pytest.approx(1 / 2, abs=0.1)  # one class of two, or both
    assert off.max() < 0.2  # nine times the variance lies across
    assert len(np.unique(off[off > 1e-6])) > 90  # the samples differ


def test_the_forest_is_the_mean_of_trees_on_turned_records() -> None:
    forest = RotationForest(trees=3, subset=2, random_state=1).fit(X, Y)
    rows = X.astype(np.float32)
    for rotation, tree in zip(forest.rotations_, forest.trees_, strict=True):
        theirs = DecisionTreeClassifier(random_state=tree.random_state).fit(rows @ rotation, Y)
        np.testing.assert_array_equal(theirs.predict(rows @ rotation), tree.predict(rows @ rotation))
    mean = np.mean([t.predict_proba(rows @ r) for r, t in zip(forest.rotations_, forest.trees_, strict=True)], axis=0)
    np.testing.assert_array_equal(forest.predict_proba(X), mean)


def test_a_tree_counts_copies() -> None:
    # at 0 the second class is three times in four; at 1 always
    rows, y = np.array([[0.0]] * 4 + [[1.0]] * 2), [0, 1, 1, 1, 1, 1]
    forest = RotationForest(trees=2, random_state=0).fit(rows, y)
    np.testing.assert_allclose(forest.predict_proba([[0.0], [1.0]]), [[0.25, 0.75], [0, 1]])


def test_another_seed_turns_otherwise() -> None:
    one, same, other = (RotationForest(trees=2, random_state=seed).fit(X, Y).rotations_ for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)


def test_important_features_are_those_that_separate_the_classes() -> None:
    rows = np.random.default_rng(0).random((200, 5))
    chosen = ImportantFeatures(2, random_state=0).fit(rows, (rows[:, 1] + rows[:, 4] > 1).astype(int))
    assert chosen.get_support().tolist() == [False, True, False, False, True]
    assert chosen.scores_.sum() == pytest.approx(1)
    np.testing.assert_array_equal(chosen.transform(rows), rows[:, [1, 4]])
    assert ImportantFeatures(9, random_state=0).fit(rows, rows[:, 1] > 0.5).transform(rows).shape == (200, 5)


def test_important_features_do_not_change_when_all_records_are_repeated() -> None:
    rows = np.random.default_rng(0).random((50, 4)).astype(np.float32)
    y = (rows[:, 2] > 0.5).astype(int)
    once, thrice = (ImportantFeatures(1, random_state=0).fit(np.tile(rows, (n, 1)), np.tile(y, n)) for n in (1, 3))
    np.testing.assert_allclose(once.scores_, thrice.scores_, atol=1e-12)


def test_bags_and_forests_are_as_many_and_as_large_as_asked_for(fit: Fit) -> None:
    model = TwoStage(features=4, forests=3, bag=0.5, trees=2, subset=2)
    fitted = fit(model, (X.astype(np.float32), Y.astype(np.int32)), n_classes=3)
    features, bags = (step for _, step in fitted.classifier._estimator.steps)  # type: ignore[attr-defined]
    assert features.get_support().sum() == 4
    assert len(bags.estimators_) == 3
    assert {len(drawn) for drawn in bags.estimators_samples_} == {60}
    assert all(forest.rotations_.shape == (2, 4, 4) for forest in bags.estimators_)
    assert not np.allclose(bags.estimators_[0].rotations_, bags.estimators_[1].rotations_)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": 0}, "features\n.*greater than or equal to 1"),
        ({"forests": 0}, "forests\n.*greater than or equal to 1"),
        ({"bag": 0.0}, "bag\n.*greater than 0"),
        ({"bag": 1.5}, "bag\n.*less than or equal to 1"),
        ({"trees": 0}, "trees\n.*greater than or equal to 1"),
        ({"subset": 0}, "subset\n.*greater than or equal to 1"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(changes: dict[str, Any], message: str) -> None:
    values: dict[str, Any] = {"features": 4, "forests": 2, "bag": 1.0, "trees": 2, "subset": 3}
    with pytest.raises(ValidationError, match=message):
        TwoStage(**(values | changes))
