"""Networks fitted on another Keras backend, in a separate process, score the same there and on TensorFlow.

JAX is installed for this test. PyTorch takes gigabytes and is not installed: its case is skipped without it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from src.models.networks.network import Network
from src.models.persistence import load_classifier
from src.utils.paths import PROJECT
from tests.models.conftest import made_small

pytestmark = pytest.mark.integration
# networks whose layers another one has too
ALIKE = {"bilstm", "lstm_ensemble", "lstm_weighted", "rnn"}
FITS = """
import json, sys
from dataclasses import replace
from pathlib import Path
import numpy as np
from hydra import compose, initialize_config_dir
from src.config.build import build
from src.models.persistence import load_classifier
from src.utils.paths import PROJECT
folder, backend, small = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
X, y = np.load(folder / "X.npy"), np.load(folder / "y.npy")
found = {}
with initialize_config_dir(str(PROJECT / "conf")):
    for name, overrides in small.items():
        settings = build(compose("config", overrides))
        training = replace(settings.training, epochs=1, progress=False)
        fitted = settings.model.fit(X, y, X, y, n_classes=2, training=training, seed=0)
        assert fitted.facts["backend"] == backend and fitted.epochs[-1]["loss"] < 5, (name, fitted.epochs)
        fitted.classifier.save(folder / name)
        found[name] = fitted.classifier.predict_proba(X)
        np.testing.assert_allclose(load_classifier(folder / name).predict_proba(X), found[name], atol=1e-6)
np.savez(folder / "found.npz", **found)
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_every_network_that_another_backend_fitted_scores_alike_on_tensorflow(
    backend: str, networks: dict[str, Network], make_rows: Callable[..., Any], tmp_path: Path
) -> None:
    if backend == "torch" and not find_spec(backend):
        pytest.skip("install torch to run this")
    names = sorted(networks.keys() - ALIKE)
    assert len(names) == len(networks) - len(ALIKE)
    X, y = make_rows(40, k=4)
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", y)
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-c", FITS, str(tmp_path), backend, json.dumps({name: made_small(name) for name in names})],
        cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "found.npz") as found:
        assert sorted(found) == names
        for name, probability in found.items():
            scored = load_classifier(tmp_path / name).predict_proba(X)
            np.testing.assert_allclose(scored, probability, atol=1e-5, err_msg=name)
