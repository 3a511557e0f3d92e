"""Import of Keras: late, since it costs seconds, and quiet, since it writes to stderr before it can be told not to."""

import ctypes
import functools
import gc
import logging
import os
from types import ModuleType

_THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # of malloc.h


@functools.cache
def load_keras() -> ModuleType:
    """Keras on the backend that KERAS_BACKEND names (TensorFlow unless set)."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # its kernels change results with the processor
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # each new fit of a sweep rightly traces anew
    _keep_freed_memory()
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
    # A million objects that stay; without them a collection, of which each fit has some, takes 10 ms instead of 200.
    gc.collect()
    gc.freeze()
    return keras


def _keep_freed_memory() -> None:
    """Tell the C library, where it is glibc, to keep freed memory for the next call instead of returning it.

    Compiled steps over long sequences take 100 MB of scratch memory each and free it: returned and taken again, that
    is 25,000 page faults a step, a third of its time. The heaps of threads cannot hold so much, so all share one.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # another C library
        return
    for option, value in ((_M_ARENA_MAX, 1), (_M_MMAP_THRESHOLD, 1 << 30), (_M_TRIM_THRESHOLD, (1 << 31) - 1)):
        mallopt(option, value)


def limit_threads(threads: int) -> None:
    """Let Keras use so many cores: workers on one machine slow each other down otherwise.

    Raises:
        RuntimeError: Keras is loaded already, with another number.
    """
    if load_keras.cache_info().currsize and os.environ.get(_THREADS[0]) != str(threads):
        raise RuntimeError(f"threads={threads}: found Keras loaded with another number, expected this call before it")
    os.environ.update(dict.fromkeys(_THREADS, str(threads)))
