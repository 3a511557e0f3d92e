"""Every network of conf/model is fitted, kept and read back, and scores alike, in every layout."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import DictConfig

from src.build import build
from src.data.schema import GROUPS
from src.data.windows import Windows
from src.models.interface import Fitted, load_classifier
from src.models.network import Network
from src.workspace import PROJECT
from tests.models.conftest import SMALL, made_small

MODELS = sorted(path.stem for path in (PROJECT / "conf" / "model").glob("*.yaml"))
STEPS = {"groups": np.array([1, 0, 1, 0]), "past": np.array([1, 0, 1, len(GROUPS)])}


def test_what_is_made_small_is_a_network_of_its_own_file() -> None:
    assert set(SMALL) <= set(MODELS)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("layout", ["record", "groups", "past", "window"])
def test_every_network_is_fitted_kept_and_scores_alike_in_every_layout(
    layout: str,
    name: str,
    composed: Callable[..., DictConfig],
    fit: Callable[..., Fitted],
    make_rows: Callable[..., Any],
    tmp_path: Path,
) -> None:
    model = build(composed(f"model={name}")).model
    if not isinstance(model, Network):
        assert not model.reads_windows
        return
    model = build(composed(*made_small(name))).model
    rows, y = make_rows(48, k=4, n_classes=3)
    X: Any = Windows(rows, np.arange(48), 3) if layout == "window" else rows
    grafts = 0.25 if layout == "past" else 0.0
    fitted = fit(model, (X, y), n_classes=3, epochs=1, steps=STEPS.get(layout), past_grafts=grafts)
    whole = fitted.classifier.predict_proba(X)
    assert whole.shape == (48, 3)
    np.testing.assert_allclose(whole.sum(axis=1), 1, atol=1e-5)
    assert len(np.unique(whole[:, 0])) > 24  # it reads its input
    fitted.classifier.save(tmp_path)
    np.testing.assert_array_equal(load_classifier(tmp_path).predict_proba(X), whole)
