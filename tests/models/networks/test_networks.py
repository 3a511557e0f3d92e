"""Every network of conf/model, made small: fitted once, saved and loaded, here and in a process of its own.

Every network is built in the other layouts too; the LSTM alone is fitted in them, as the fit is the same for all.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from omegaconf import DictConfig

from src.config.build import build
from src.data.layout import HISTORY_STEP, ModelInput, Windows
from src.models.interface import Classifier, Fitted
from src.models.networks.classifier import NetworkClassifier
from src.models.networks.network import Network
from src.models.networks.network_input import NetworkInput
from src.models.persistence import load_classifier
from src.utils.paths import PROJECT
from tests.models.conftest import MODELS, SMALL

STEPS = {"groups": np.array([1, 0, 1, 0]), "history": np.array([1, 0, 1, HISTORY_STEP])}
# imports only what `load_classifier` imports, so that an unregistered class is found missing
SCORES = """
import sys
from pathlib import Path
import numpy as np
from src.models.persistence import load_classifier
networks, out = map(Path, sys.argv[1:])
X = np.load(out / "X.npy")
np.savez(out / "found.npz", **{one.name: load_classifier(one).predict_proba(X) for one in networks.iterdir()})
"""


class Kept(NamedTuple):
    """Fitted network, its training rows, and the folder that it was saved to."""

    fitted: Fitted
    X: np.ndarray
    folder: Path


@pytest.fixture(scope="module")
def kept(
    networks: dict[str, Network],
    fit: Callable[..., Fitted],
    make_rows: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Kept]:
    """One fit of each network, on 48 records of four features and three classes: `kept("gru")`."""
    folder = tmp_path_factory.mktemp("networks")

    @cache
    def make(name: str) -> Kept:
        X, y = make_rows(48, k=4, n_classes=3)
        fitted = fit(networks[name], (X, y), n_classes=3, epochs=1)
        fitted.classifier.save(folder / name)
        return Kept(fitted, X, folder / name)

    return make


def assert_kept(classifier: Classifier, X: ModelInput, folder: Path) -> None:
    """Assert that the classifier scores X, and that the one in the folder gives the same probabilities."""
    probability = classifier.predict_proba(X)
    assert probability.shape == (len(X), 3)
    np.testing.assert_allclose(probability.sum(axis=1), 1, atol=1e-5)
    assert len(np.unique(probability[:, 0])) > len(X) / 2
    np.testing.assert_array_equal(load_classifier(folder).predict_proba(X), probability)


@pytest.mark.integration
def test_what_is_made_small_is_a_network_of_its_own_file(networks: dict[str, Network]) -> None:
    assert set(SMALL) <= set(networks)
    assert len(networks) >= 8


@pytest.mark.integration
@pytest.mark.parametrize("name", MODELS)
def test_every_network_is_fitted_saved_and_loaded_and_scores_alike(
    name: str, networks: dict[str, Network], kept: Callable[[str], Kept], composed: Callable[..., DictConfig]
) -> None:
    if name in networks:
        fitted, X, folder = kept(name)
        assert_kept(fitted.classifier, X, folder)
    else:
        assert not build(composed(f"model={name}")).model.reads_windows


@pytest.mark.integration
def test_every_network_scores_alike_in_a_process_of_its_own(
    networks: dict[str, Network], kept: Callable[[str], Kept], tmp_path: Path
) -> None:
    every = {name: kept(name) for name in networks}
    np.save(tmp_path / "X.npy", every["lstm"].X)
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONPATH": str(PROJECT)}
    subprocess.run(
        [sys.executable, "-c", SCORES, str(every["lstm"].folder.parent), str(tmp_path)],
        cwd=PROJECT, env=environment, check=True, timeout=300,
    )  # fmt: skip
    with np.load(tmp_path / "found.npz") as found:
        assert set(found) == set(every)
        for name, (fitted, X, _) in every.items():
            np.testing.assert_allclose(found[name], fitted.classifier.predict_proba(X), atol=1e-5, err_msg=name)


@pytest.mark.integration
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("layout", ["groups", "history", "window"])
def test_every_network_reads_every_layout_and_is_saved_and_loaded(
    layout: str, name: str, networks: dict[str, Network], make_rows: Callable[..., Any], tmp_path: Path
) -> None:
    if name not in networks:
        return
    rows, y = make_rows(48, k=4, n_classes=3)
    X = in_layout(rows, layout)
    evidence = networks[name].recoding(rows, y)
    window = X.window if isinstance(X, Windows) else None
    data = NetworkInput(rows.mean(axis=0), rows.std(axis=0), evidence, STEPS.get(layout), window)
    network = networks[name].build(data, 3)
    classifier = NetworkClassifier(network)
    classifier.save(tmp_path)
    assert_kept(classifier, X, tmp_path)


@pytest.mark.parametrize("layout", ["groups", "history", "window"])
def test_a_network_is_fitted_in_every_layout(
    layout: str, networks: dict[str, Network], fit: Callable[..., Fitted], make_rows: Callable[..., Any], tmp_path: Path
) -> None:
    rows, y = make_rows(48, k=4, n_classes=3)
    X = in_layout(rows, layout)
    grafts = 0.25 if layout == "history" else 0.0
    fitted = fit(networks["lstm"], (X, y), n_classes=3, epochs=1, steps=STEPS.get(layout), history_grafts=grafts)
    fitted.classifier.save(tmp_path)
    assert_kept(fitted.classifier, X, tmp_path)


def in_layout(rows: np.ndarray, layout: str) -> ModelInput:
    """Arrange the rows as a network reads them in that layout."""
    return Windows(rows, np.arange(len(rows)), 3) if layout == "window" else rows
