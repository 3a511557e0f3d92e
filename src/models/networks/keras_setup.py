"""Import of Keras: late, as it takes seconds, and silent, as no setting stops its backends from writing to stderr."""

import functools
import gc
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from src.utils.imports import without_collections

# Settings of Keras that change results, for all networks of this project.
SETTINGS: dict[str, Any] = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}
_CHANGE_RESULTS = ("KERAS_HOME", "KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH", "KERAS_NNX_ENABLED")
_THREADS = ("TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")


@functools.cache
def load_keras() -> ModuleType:
    """Import Keras with the backend that KERAS_BACKEND names, TensorFlow by default."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # oneDNN's results depend on the processor
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    # Cores share a batch (`src.models.networks.sharding`), not an operation: an operation on 512 rows is too short.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of the tracing that each fit of a sweep needs
    stderr = os.dup(2)
    silence = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silence, 2)
        with without_collections(), _without_user_settings():
            import keras

            keras.ops.zeros(1)  # backends write their messages at first use
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(silence)
    # The import leaves a million objects. Freezing them shortens each garbage collection from 200 ms to 10 ms.
    gc.collect()
    gc.freeze()
    # also where a program imported Keras before
    keras.config.set_floatx(SETTINGS["floatx"])
    keras.config.set_epsilon(SETTINGS["epsilon"])
    keras.config.set_image_data_format(SETTINGS["image_data_format"])
    return keras


@contextmanager
def _without_user_settings() -> Iterator[None]:
    """Keep Keras from reading `~/.keras/keras.json`, or making one: the numbers of a run follow from its config alone.

    KERAS_MAX_EPOCHS and KERAS_MAX_STEPS_PER_EPOCH would shorten each training.
    """
    before = {name: os.environ.pop(name, None) for name in _CHANGE_RESULTS}
    with tempfile.TemporaryDirectory() as home:
        os.environ["KERAS_HOME"] = home
        try:
            yield
        finally:
            del os.environ["KERAS_HOME"]
            os.environ.update({name: value for name, value in before.items() if value is not None})


def on_tensorflow_cpu() -> bool:
    """Return True if Keras runs on TensorFlow without a GPU: this project then distributes the work over the cores."""
    keras = load_keras()
    return keras.backend.backend() == "tensorflow" and not keras.distribution.list_devices("gpu")


def cores_for_calls() -> int:
    """Count the calls of a network that can run at once, each on a core; 1 where one call uses the whole device."""
    if not on_tensorflow_cpu():
        return 1
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return int(os.environ.get(_THREADS[0]) or available or 1)


def limit_threads(threads: int | None) -> None:
    """Limit the cores that Keras uses, so that workers on one machine do not slow each other down.

    Args:
        threads: Number of cores; None leaves them all.
    Raises:
        RuntimeError: Keras is already loaded with another number.
    """
    if threads is None:
        return
    if load_keras.cache_info().currsize and os.environ.get(_THREADS[0]) != str(threads):
        raise RuntimeError(f"threads={threads}: found Keras loaded with another number, expected this call before it")
    os.environ.update(dict.fromkeys(_THREADS, str(threads)))
