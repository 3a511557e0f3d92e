"""Import of Keras: late, since it costs seconds, and quiet, since it writes to stderr before it can be told not to."""

import functools
import logging
import os
from types import ModuleType


@functools.cache
def load_keras() -> ModuleType:
    """Keras on the backend that KERAS_BACKEND names (TensorFlow unless set)."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # its kernels change results with the processor
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # each new fit of a sweep rightly traces anew
    stderr = os.dup(2)
    silence = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silence, 2)
        import keras

        keras.ops.zeros(1)  # the backend writes its lines at first use
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(silence)
    return keras
