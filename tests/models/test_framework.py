"""Threads are limited before Keras is there, or not at all."""

import subprocess
import sys

from src.workspace import PROJECT

CODE = """
import os
from src.models.framework import limit_threads, load_keras
limit_threads(1)
load_keras()
import tensorflow
print(tensorflow.config.threading.get_intra_op_parallelism_threads(), os.environ["OMP_NUM_THREADS"])
limit_threads(1)
try:
    limit_threads(2)
except RuntimeError as error:
    print(error)
"""


def test_threads_are_limited_before_keras_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert "threads=2: found Keras loaded with another number" in done.stdout
    assert done.stdout.splitlines()[0].endswith(" 1")
