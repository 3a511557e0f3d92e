"""Fitted classical models: reproducible trees, classes that training never saw, files that are refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io

from src.models.classical.sklearn_models import SklearnModel
from src.models.interface import Fitted, Model, write_kind
from src.models.persistence import load_classifier
from src.utils.files import write_text

TREE, FOREST = "sklearn.tree.DecisionTreeClassifier", "sklearn.ensemble.RandomForestClassifier"
MODELS = [
    SklearnModel(TREE),
    SklearnModel(FOREST, n_estimators=5),
]
models = pytest.mark.parametrize("model", MODELS, ids=["decision_tree", "random_forest"])


class Foreign:
    """Type that no saved model may hold."""


def trees(fitted: Fitted) -> list[Any]:
    estimator = fitted.classifier._estimator  # type: ignore[attr-defined]
    return [one.tree_ for one in getattr(estimator, "estimators_", [estimator])]


@models
def test_the_same_seed_grows_the_same_trees_and_another_seed_others(
    model: Model, fit: Callable[..., Fitted], make_rows: Callable[..., Any]
) -> None:
    X, y = make_rows(200, k=8)
    X[:, 4:] = X[:, :4]  # two equally good columns each: which of them is taken is up to the seed
    first, again, other = (trees(fit(model, (X, y), seed=seed)) for seed in (0, 0, 1))
    for one, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.feature, same.feature)
        np.testing.assert_array_equal(one.threshold, same.threshold)
    assert any(not np.array_equal(one.feature, two.feature) for one, two in zip(first, other, strict=True))


def test_a_tree_learns_rows_by_heart(fit: Callable[..., Fitted], make_rows: Callable[..., Any]) -> None:
    X, y = make_rows(32)
    np.testing.assert_array_equal(fit(MODELS[0], (X, y)).classifier.predict_proba(X), np.eye(2)[y])


@models
@pytest.mark.parametrize("missing", [0, 1, 3])
def test_a_class_that_training_did_not_see_keeps_its_column_and_gets_nothing(
    model: Model, missing: int, fit: Callable[..., Fitted], make_rows: Callable[..., Any], tmp_path: Path
) -> None:
    X, y = make_rows(60, n_classes=4)
    seen = y != missing
    fitted = fit(model, (X[seen], y[seen]), n_classes=4)
    fitted.classifier.save(tmp_path)
    for classifier in (fitted.classifier, load_classifier(tmp_path)):
        probability = classifier.predict_proba(X)
        assert probability.shape == (60, 4)
        assert not probability[:, missing].any()
        np.testing.assert_allclose(probability.sum(axis=1), 1, atol=1e-6)
        # the other columns are in their own places: most rows that were learned are given their class
        assert np.mean(probability.argmax(axis=1)[seen] == y[seen]) > 0.8


def test_depth_leaves_and_trees_are_what_was_asked(fit: Callable[..., Fitted], make_rows: Callable[..., Any]) -> None:
    rows = make_rows(200)
    forest = trees(fit(SklearnModel(FOREST, n_estimators=7, max_depth=2, min_samples_leaf=9), rows))
    (tree,) = trees(fit(SklearnModel(TREE, max_depth=3, min_samples_leaf=11), rows))
    assert len(forest) == 7
    assert max(one.max_depth for one in forest) == 2
    assert min(one.n_node_samples[one.children_left < 0].min() for one in forest) >= 9
    assert tree.max_depth == 3
    assert tree.n_node_samples[tree.children_left < 0].min() >= 11


def test_a_classical_fit_has_no_epochs(fit: Callable[..., Fitted]) -> None:
    seen: list[dict[str, float]] = []
    assert fit(MODELS[0], on_epoch=seen.append).epochs == seen == []


def test_a_file_that_holds_a_foreign_type_is_refused(tmp_path: Path) -> None:
    skops.io.dump(Foreign(), tmp_path / "estimator.skops")
    write_kind(tmp_path, "classical", n_classes=2)
    with pytest.raises(ValueError, match=r"Untrusted types found in the file: .*Foreign"):
        load_classifier(tmp_path)


def test_a_file_that_is_no_skops_file_is_refused(tmp_path: Path) -> None:
    write_text(tmp_path / "estimator.skops", "cos\nsystem\n(S'true'\ntR.")
    write_kind(tmp_path, "classical", n_classes=2)
    with pytest.raises(Exception, match="not a zip file"):
        load_classifier(tmp_path)
