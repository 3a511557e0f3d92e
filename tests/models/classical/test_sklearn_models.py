"""Classical models: results by hand, saving and loading, and settings that are refused."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.utils.estimator_checks import parametrize_with_checks

from src.models.classical import classifier as classical
from src.models.classical.clusters import Clusters, ClusterShares
from src.models.classical.extreme_learning import ExtremeLearningMachines, RandomHidden
from src.models.classical.rotation_forest import TwoStage
from src.models.classical.sklearn_models import SklearnModel
from src.models.classical.support_vectors import RadialSupportVectorMachine, SupportVectorMachine
from src.models.interface import Fitted, Model
from src.models.persistence import load_classifier

NEIGHBORS = SklearnModel("sklearn.neighbors.KNeighborsClassifier", n_neighbors=3, algorithm="brute")
BAYES = SklearnModel("sklearn.naive_bayes.GaussianNB")
BOOSTED = SklearnModel(
    "sklearn.ensemble.HistGradientBoostingClassifier",
    **{"max_iter": 20, "learning_rate": 0.3, "max_leaf_nodes": 4, "early_stopping": False},
)
MODELS = {
    "svm": SupportVectorMachine(C=1.0),
    "svm_rbf": RadialSupportVectorMachine(C=1.0, gamma="scale", landmarks=20),
    "knn": NEIGHBORS,
    "naive_bayes": BAYES,
    "gradient_boosting": BOOSTED,
    "extra_trees": SklearnModel("sklearn.ensemble.ExtraTreesClassifier", n_estimators=10, max_features=0.5),
    "kmeans": Clusters(clusters=12),
    "elm_ensemble": ExtremeLearningMachines(machines=5, units=30, ridge=1e-3),
    "two_stage": TwoStage(features=2, forests=3, bag=1.0, trees=3, subset=2),
}
each = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
Fit = Callable[..., Fitted]
Rows = tuple[np.ndarray, np.ndarray]


def corners(n: int = 240, n_classes: int = 4) -> Rows:
    """One cloud of records around each corner of a square; each is a class."""
    rng = np.random.default_rng(0)
    y = np.arange(n, dtype=np.int32) % n_classes
    X = np.column_stack([y // 2, y % 2]) + rng.normal(0, 0.1, (n, 2))
    return X.astype(np.float32), y


@each
def test_every_model_learns_is_kept_and_scores_alike(model: Model, fit: Fit, tmp_path: Path) -> None:
    X, y = corners()
    fitted = fit(model, (X, y), n_classes=4)
    probability = fitted.classifier.predict_proba(X)
    assert (probability.argmax(axis=1) == y).mean() > 0.97
    np.testing.assert_allclose(probability.sum(axis=1), 1, atol=1e-5)
    fitted.classifier.save(tmp_path)
    np.testing.assert_array_equal(load_classifier(tmp_path).predict_proba(X), probability)


@each
def test_the_same_seed_gives_the_same_scores(model: Model, fit: Fit) -> None:
    one, same = (fit(model, corners(), n_classes=4, seed=3).classifier.predict_proba(corners()[0]) for _ in range(2))
    np.testing.assert_array_equal(one, same)


@each
@pytest.mark.parametrize("missing", [0, 3])
def test_a_class_that_training_did_not_see_gets_nothing(model: Model, missing: int, fit: Fit) -> None:
    X, y = corners()
    seen = y != missing
    probability = fit(model, (X[seen], y[seen]), n_classes=4).classifier.predict_proba(X)
    assert not probability[:, missing].any()
    assert (probability.argmax(axis=1)[seen] == y[seen]).mean() > 0.97


@each
def test_any_number_of_rows_is_scored_in_pieces_and_copies_once(
    model: Model, fit: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = corners()
    classifier = fit(model, (X, y), n_classes=4).classifier
    whole = classifier.predict_proba(X)
    monkeypatch.setattr(classical, "SCORED", 7)
    twice = classifier.predict_proba(np.repeat(X, 2, axis=0))
    np.testing.assert_allclose(twice, np.repeat(whole, 2, axis=0), atol=1e-5)
    assert classifier.predict_proba(X[:0]).shape == (0, 4)


def test_a_support_vector_machine_is_a_plane_between_the_classes(fit: Fit) -> None:
    # on a line, the plane between two points is half-way; and no plane separates opposite corners
    X, y = np.array([[0.0], [4]] * 20, dtype=np.float32), np.array([0, 1] * 20, dtype=np.int32)
    machine = fit(SupportVectorMachine(C=1000.0), (X, y)).classifier
    (odd,) = machine.predict_proba(np.array([[2.0]], dtype=np.float32))
    np.testing.assert_allclose(odd, [0.5, 0.5], atol=0.01)
    X, corner = corners(400)
    y = ((corner == 1) | (corner == 2)).astype(np.int32)
    found = fit(SupportVectorMachine(C=1.0), (X, y)).classifier.predict_proba(X)
    assert (found.argmax(axis=1) == y).mean() < 0.8


def test_neighbors_vote(fit: Fit) -> None:
    X, y = np.array([[0.0], [1], [2], [10]], dtype=np.float32), np.array([0, 0, 1, 1], dtype=np.int32)
    found = fit(NEIGHBORS, (X, y)).classifier.predict_proba(np.array([[0.4], [9]], np.float32))
    np.testing.assert_allclose(found, [[2 / 3, 1 / 3], [1 / 3, 2 / 3]], atol=1e-6)  # 0, 1, 2; then 10, 2, 1


def test_naive_bayes_is_bayes_rule_of_two_bell_curves(fit: Fit) -> None:
    X = np.array([[-1.0], [1], [2], [4], [2], [4]], dtype=np.float32)  # means 0 and 3, variance 1 each
    y = np.array([0, 0, 1, 1, 1, 1], dtype=np.int32)
    found = fit(BAYES, (X, y)).classifier.predict_proba(np.array([[1.0]], dtype=np.float32))
    odds = 2 * np.exp(-((1 - 3) ** 2) / 2 + 1**2 / 2)  # twice as many of the second
    np.testing.assert_allclose(found, [[1 / (1 + odds), odds / (1 + odds)]], rtol=1e-4)


def test_boosted_trees_are_as_many_as_asked_for(fit: Fit, make_rows: Callable[..., Any]) -> None:
    X, y = make_rows(300, k=4)
    found = fit(BOOSTED, (X, y)).classifier
    theirs = HistGradientBoostingClassifier(max_iter=20, learning_rate=0.3, max_leaf_nodes=4, early_stopping=False)
    np.testing.assert_allclose(found.predict_proba(X), theirs.fit(X, y).predict_proba(X), atol=1e-6)
    assert found._estimator.n_iter_ == 20  # type: ignore[attr-defined]


def test_the_run_sets_the_seed_and_the_cores_where_a_class_has_them() -> None:
    forest, tree, neighbors = (
        SklearnModel(f"sklearn.{name}").make_estimator(7).get_params()
        for name in ("ensemble.RandomForestClassifier", "tree.DecisionTreeClassifier", "neighbors.KNeighborsClassifier")
    )
    assert (forest["random_state"], forest["n_jobs"]) == (7, -1)
    assert tree["random_state"] == 7
    assert neighbors["n_jobs"] == -1
    assert BAYES.make_estimator(7).get_params() == GaussianNB().get_params()


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "sklearn",
        "sklearn.tree",
        "sklearn.tree.Oak",
        "sklearn.trees.DecisionTreeClassifier",
        "sklearn.tree.DecisionTreeRegressor",
        "sklearn.svm.LinearSVC",  # without predict_proba
        "sklearn.base.clone",
        "src.models.classical.clusters.ClusterShares",
        None,
    ],
)
def test_what_is_no_scikit_learn_classifier_with_probabilities_is_refused(name: Any) -> None:
    with pytest.raises(
        ValueError, match=rf"^estimator={re.escape(repr(name))}: expected the full name of a scikit-learn"
    ):
        SklearnModel(name)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"depth": 3},
            r"^depth: found no such parameter for sklearn\.\w+\.RandomForest\w+, expected one of bootstrap, ",
        ),
        ({"random_state": 3}, "^random_state=3: expected no value"),
        ({"n_jobs": 1}, "^n_jobs=1: expected no value"),
        ({"n_estimators": 0}, r"'n_estimators' parameter of RandomForestClassifier must be .* \[1, inf\)\. Got 0"),
        ({"n_estimators": "5"}, r"'n_estimators' parameter .* must be an int .* Got '5'"),
        ({"n_estimators": True}, "^n_estimators=True: expected no true or false"),
        ({"max_depth": True}, "^max_depth=True: expected no true or false"),
        ({"max_depth": 0}, r"'max_depth' parameter .* \[1, inf\) or None\. Got 0"),
        ({"min_samples_leaf": 0}, r"'min_samples_leaf' parameter .* \[1, inf\)"),
    ],
)
def test_a_parameter_that_scikit_learn_refuses_is_refused_before_any_fit(
    parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        SklearnModel("sklearn.ensemble.RandomForestClassifier", **parameters)


def test_true_and_false_reach_a_parameter_that_takes_them() -> None:
    forest = SklearnModel("sklearn.ensemble.RandomForestClassifier", bootstrap=False).make_estimator(0)
    assert forest.get_params()["bootstrap"] is False
    assert BOOSTED.make_estimator(0).get_params()["early_stopping"] is False


@parametrize_with_checks([ClusterShares(clusters=3, random_state=0), RandomHidden(units=3, random_state=0)])
def test_estimators_of_our_own_follow_the_contract(estimator: Any, check: Any) -> None:
    check(estimator)


def test_a_cluster_has_the_shares_of_its_records() -> None:
    X = np.array([[0.0], [0.1], [0.2], [0.3], [9.0], [9.1]])
    found = ClusterShares(clusters=2, random_state=0).fit(X, np.array(["a", "a", "a", "b", "b", "b"]))
    np.testing.assert_allclose(found.predict_proba([[0.0], [8.0]]), [[0.75, 0.25], [0, 1]])
    assert found.predict([[0.3], [8.0]]).tolist() == ["a", "b"]


def test_more_clusters_than_records_are_as_many_as_records() -> None:
    X = np.arange(4.0)[:, None]
    assert ClusterShares(clusters=9, random_state=0).fit(X, [0, 1, 1, 0]).predict(X).tolist() == [0, 1, 1, 0]


def test_a_random_layer_is_its_sigmoid_and_every_machine_has_its_own(fit: Fit) -> None:
    X, y = corners()
    layer = RandomHidden(units=5, random_state=0).fit(X)
    np.testing.assert_allclose(layer.transform(X), 1 / (1 + np.exp(-(X @ layer.weights_ + layer.biases_))))
    assert np.abs(layer.weights_).max() <= 1
    model = ExtremeLearningMachines(machines=4, units=30, ridge=1e-3)
    fitted = fit(model, (X, y), n_classes=4)
    machines = fitted.classifier._estimator.estimators_  # type: ignore[attr-defined]
    layers = [one[0].weights_ for one in machines]
    assert len(layers) == 4
    assert all(not np.array_equal(layers[0], other) for other in layers[1:])
    votes = np.mean([np.eye(4)[one.predict(X)] for one in machines], axis=0)
    np.testing.assert_allclose(fitted.classifier.predict_proba(X), votes, atol=1e-6)
