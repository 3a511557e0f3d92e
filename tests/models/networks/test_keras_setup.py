"""Import of Keras: only the chosen backend, and the number of threads that was set before."""

import os
import subprocess
import sys

import pytest

from src.utils.paths import PROJECT

CODE = """
import gc, os
from src.models.networks.keras_setup import cores_for_calls
from src.models.networks.keras_setup import limit_threads
from src.models.networks.keras_setup import load_keras
limit_threads(3)
load_keras()
names = "TF_NUM_INTEROP_THREADS", "TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"
print(*map(os.environ.get, names), cores_for_calls())
print(gc.isenabled())
limit_threads(3)
try:
    limit_threads(2)
except RuntimeError as error:
    print(error)
"""


@pytest.mark.integration
def test_threads_are_limited_before_keras_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert "threads=2: found Keras loaded with another number" in done.stdout
    assert done.stdout.splitlines()[0] == "3 1 3 3"
    assert done.stdout.splitlines()[1] == "True"  # garbage collection is on again


def test_tensorflow_is_not_imported_where_another_backend_is_asked_for() -> None:
    code = """
import sys
from src.models.networks.keras_setup import load_keras
print(load_keras().backend.backend(), "tensorflow" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT, env={**os.environ, "KERAS_BACKEND": "jax"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "jax False\n"
