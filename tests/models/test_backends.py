"""A network fitted on TensorFlow scores alike in a process of its own, on TensorFlow and on other Keras backends.

The process imports what `load_classifier` imports, so that a class which does not register is not found. On backends
other than TensorFlow every network is also fitted, kept and read back. JAX is in the lock file for this alone; PyTorch,
with gigabytes of its own, is not: its case skips where it is not installed beside.
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
from omegaconf import DictConfig

from src.build import build
from src.models.interface import Fitted
from src.models.network import Network
from src.workspace import PROJECT
from tests.models.conftest import made_small

CODE = """
import json, sys
from pathlib import Path
import numpy as np
from src.models.framework import load_keras
from src.models.interface import load_classifier
folder, small = Path(sys.argv[1]), json.loads(sys.argv[2])
X, y = np.load(folder / "X.npy"), np.load(folder / "y.npy")
found = {one.name: load_classifier(one).predict_proba(X) for one in folder.iterdir() if one.is_dir()}
backend = load_keras().backend.backend()
if backend != "tensorflow":
    from dataclasses import replace
    from hydra import compose, initialize_config_dir
    from src.build import build
    from src.workspace import PROJECT
    with initialize_config_dir(str(PROJECT / "conf")):
        for name in list(found):
            settings = build(compose("config", small[name]))
            training = replace(settings.training, epochs=2, progress=False)
            fitted = settings.model.fit(X, y, X, y, n_classes=2, training=training, seed=0)
            assert fitted.facts["backend"] == backend and fitted.epochs[-1]["loss"] < 5, (name, fitted.epochs)
            fitted.classifier.save(folder / name)
            again = load_classifier(folder / name).predict_proba(X)
            np.testing.assert_allclose(again, fitted.classifier.predict_proba(X), atol=1e-6)
np.savez(folder / "found.npz", **found)
print(backend)
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_every_network_scores_alike_on_each_backend(
    backend: str,
    composed: Callable[..., DictConfig],
    fit: Callable[..., Fitted],
    make_rows: Callable[..., Any],
    tmp_path: Path,
) -> None:
    if backend == "torch" and not find_spec(backend):
        pytest.skip("install torch beside the lock file to run this")
    X, y = make_rows(40, k=4)
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", y)
    small, expected = {}, {}
    for name in sorted(path.stem for path in (PROJECT / "conf" / "model").glob("*.yaml")):
        if isinstance(build(composed(f"model={name}")).model, Network):
            small[name] = made_small(name)
            fitted = fit(build(composed(*small[name])).model, (X, y), epochs=1)
            fitted.classifier.save(tmp_path / name)
            expected[name] = fitted.classifier.predict_proba(X)
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path), json.dumps(small)],
        cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [backend]
    with np.load(tmp_path / "found.npz") as found:
        assert set(found) == set(expected)
        assert len(expected) >= 8
        for name, probability in expected.items():
            np.testing.assert_allclose(found[name], probability, atol=1e-5, err_msg=name)
