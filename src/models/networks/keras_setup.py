"""Import of Keras: late, since it costs seconds, and quiet, since it writes to stderr before it can be told not to."""

import functools
import gc
import logging
import os
from types import ModuleType

from src.utils.imports import without_collections

_THREADS = ("TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")


@functools.cache
def load_keras() -> ModuleType:
    """Keras on the backend that KERAS_BACKEND names (TensorFlow unless set)."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # its kernels change results with the processor
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    # Cores share a batch (`src.models.networks.sharding`), not an operation: one of 512 rows is over too soon.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # each new fit of a sweep rightly traces anew
    stderr = os.dup(2)
    silence = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silence, 2)
        with without_collections():
            import keras

            keras.ops.zeros(1)  # the backend writes its lines at first use
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(silence)
    # The import leaves a million objects: without them a collection, of which each fit has some, takes 10 ms, not 200.
    gc.collect()
    gc.freeze()
    return keras


def on_tensorflow_cpu() -> bool:
    """Whether Keras computes with TensorFlow and has no GPU: then it is ours to keep all cores busy."""
    keras = load_keras()
    return keras.backend.backend() == "tensorflow" and not keras.distribution.list_devices("gpu")


def cores_for_calls() -> int:
    """How many calls of a network at once have a core each; 1 where each call takes all there is."""
    if not on_tensorflow_cpu():
        return 1
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return int(os.environ.get(_THREADS[0]) or available or 1)


def limit_threads(threads: int) -> None:
    """Let Keras use so many cores: workers on one machine slow each other down otherwise.

    Raises:
        RuntimeError: Keras is loaded already, with another number.
    """
    if load_keras.cache_info().currsize and os.environ.get(_THREADS[0]) != str(threads):
        raise RuntimeError(f"threads={threads}: found Keras loaded with another number, expected this call before it")
    os.environ.update(dict.fromkeys(_THREADS, str(threads)))
