"""Promises of every model, and loading of saved models."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from src.models.classical.sklearn_models import SklearnModel
from src.models.interface import Fitted, Model, write_kind
from src.models.networks.keras_setup import load_keras
from src.models.persistence import load_classifier
from tests.models.conftest import make_lstm, waves

MODELS: dict[str, Model] = {
    "lstm": make_lstm(fourier=waves(2)),
    "decision_tree": SklearnModel("sklearn.tree.DecisionTreeClassifier"),
    "random_forest": SklearnModel("sklearn.ensemble.RandomForestClassifier", n_estimators=5),
}


def test_networks_alone_read_windows() -> None:
    assert {name for name, model in MODELS.items() if model.reads_windows} == {"lstm"}


def test_no_model_of_these_limits_the_classes_of_a_task() -> None:
    assert {model.max_classes for model in MODELS.values()} == {None}


@pytest.fixture(scope="module", params=MODELS)
def fitted(request: Any, fit: Callable[..., Fitted]) -> Fitted:
    """Each model once, fitted on three classes."""
    return fit(MODELS[request.param], n_classes=3, epochs=1)


@pytest.mark.parametrize("n", [0, 1, 33])
def test_probabilities_are_a_row_a_record_and_sum_to_one(fitted: Fitted, n: int, make_rows: Callable[..., Any]) -> None:
    probability = fitted.classifier.predict_proba(make_rows(n, seed=1)[0])
    assert probability.shape == (n, 3)
    assert probability.dtype == np.float32
    assert np.all((probability >= 0) & (probability <= 1))
    np.testing.assert_allclose(probability.sum(axis=1), 1, atol=1e-6)


def test_a_model_that_was_saved_and_loaded_scores_exactly_the_same(
    fitted: Fitted, tmp_path: Path, make_rows: Callable[..., Any]
) -> None:
    X, _ = make_rows(100, seed=1)
    fitted.classifier.save(tmp_path / "new" / "model")
    again = load_classifier(tmp_path / "new" / "model")
    np.testing.assert_array_equal(again.predict_proba(X), fitted.classifier.predict_proba(X))


def test_a_model_that_was_read_back_can_be_kept_again(
    fitted: Fitted, tmp_path: Path, make_rows: Callable[..., Any]
) -> None:
    X, _ = make_rows(10, seed=1)
    fitted.classifier.save(tmp_path / "one")
    load_classifier(tmp_path / "one").save(tmp_path / "two")
    np.testing.assert_array_equal(
        load_classifier(tmp_path / "two").predict_proba(X), fitted.classifier.predict_proba(X)
    )


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_equal_fits_are_saved_as_equal_bytes(model: Model, tmp_path: Path, fit: Callable[..., Fitted]) -> None:
    """Otherwise a repeated stage outdates those behind it. Both models are in memory, at different addresses."""
    kept = []
    for name in "ab":
        load_keras().utils.clear_session()  # it counts the layers of a process in their names
        kept.append(fit(model, n_classes=3, epochs=1).classifier)
        kept[-1].save(tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert (tmp_path / "b" / path.name).read_bytes() == path.read_bytes(), path.name


def test_no_file_of_a_kept_model_is_a_pickle(fitted: Fitted, tmp_path: Path) -> None:
    fitted.classifier.save(tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names in (["model.json", "network.keras"], ["estimator.skops", "model.json"])
    for name in names:
        head = (tmp_path / name).read_bytes()[:2]
        assert head == (b"{\n" if name == "model.json" else b"PK")  # JSON, or a zip of JSON and arrays


def test_the_fit_is_timed(fitted: Fitted) -> None:
    assert fitted.seconds > 0


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"{tmp_path}: found no model.json, expected a folder"):
        load_classifier(tmp_path)


def test_a_model_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    write_kind(tmp_path, "transformer", heads=8)
    assert json.loads((tmp_path / "model.json").read_text()) == {"kind": "transformer", "heads": 8}
    with pytest.raises(
        ValueError, match=r"model\.json: found the kind 'transformer', expected 'network' or 'classical'"
    ):
        load_classifier(tmp_path)
