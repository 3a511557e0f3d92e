"""Threads are limited before Keras is there, or not at all; calls side by side have a core each."""

import subprocess
import sys

from src.workspace import PROJECT

CODE = """
import os
from src.models.framework import cores_for_calls, limit_threads, load_keras
limit_threads(3)
load_keras()
names = "TF_NUM_INTEROP_THREADS", "TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"
print(*map(os.environ.get, names), cores_for_calls())
limit_threads(3)
try:
    limit_threads(2)
except RuntimeError as error:
    print(error)
"""


def test_threads_are_limited_before_keras_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert "threads=2: found Keras loaded with another number" in done.stdout
    assert done.stdout.splitlines()[0] == "3 1 3 3"
