"""Import of Keras: only the chosen backend, and the number of threads that was set before."""

import json
import os
import subprocess
import sys
from pathlib import Path

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


@pytest.mark.integration
def test_the_keras_settings_of_a_user_change_nothing(tmp_path: Path) -> None:
    """They did: with float16 the accuracy of the default run was 99.13 in place of 99.52 %, under the same digest."""
    code = """
import keras  # as in a program that imported it before
from src.models.networks.keras_setup import load_keras
load_keras()
config = keras.config
print(config.floatx(), config.epsilon(), config.image_data_format(), config.max_epochs())
"""
    home = tmp_path / ".keras"
    home.mkdir()
    other = {"floatx": "float16", "epsilon": 0.5, "backend": "tensorflow", "image_data_format": "channels_first"}
    no_settings = "[]"  # Keras itself ends in a traceback
    for imported, text in ((code, json.dumps(other)), (code.replace("import keras ", "pass "), no_settings)):
        (home / "keras.json").write_text(text)
        done = subprocess.run(
            [sys.executable, "-c", imported.replace("config = keras", "import keras\nconfig = keras")],
            cwd=PROJECT, env={**os.environ, "HOME": str(tmp_path), "KERAS_BACKEND": "jax"}, capture_output=True,
            text=True,
        )  # fmt: skip
        assert done.stdout == "float32 1e-07 channels_last None\n", done.stderr
        assert (home / "keras.json").read_text() == text
