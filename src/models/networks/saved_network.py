"""Loading of a network: sizes are checked before there is room made for weights, and weights before a record is scored.

Imports Keras: import it late.
"""

import importlib
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from src.models.networks.keras_setup import load_keras
from src.utils.archives import AGAIN, read_archive, read_json

keras = load_keras()

CONFIG_BYTES = 1 << 22  # the config of an ensemble of ten LSTMs has 30 kB
LARGEST_NUMBER = 1 << 16  # units, filters, steps and other whole numbers of a layer
# Values that a layer computes for a record. More would not fit in memory, as 2,048 records are scored at once.
LARGEST_OUTPUT = 1 << 20
LONGEST_UNROLLED = 1024  # steps; this project unrolls up to 16, and a graph of more takes minutes to build
_ANY_SIZE = ("seed", "shared_object_id")  # whole numbers that make nothing larger
_WEIGHTS = "model.weights.h5"
_LOCK = "ids>lock"  # in Keras's registry, which all code of the process shares


def load_network(path: Path) -> Any:
    """Load a Keras model in safe mode: no code in the file is run.

    Raises:
        ValueError: the file is damaged, is no network of this project, has absurd sizes, or a weight is not finite.
    """
    members = read_archive(path)
    config = read_json(path, members.get("config.json", b""), CONFIG_BYTES)
    if not isinstance(config, dict):
        raise ValueError(f"{path}: found a {type(config).__name__} as config.json, expected the config of a network")
    _check_config(path, config)
    try:
        with _own_layers_registered():
            network = _build(config | {"compile_config": None}, len(members.get(_WEIGHTS, b"")))
            network.load_weights(path)
    except Exception as error:  # any class: the file decides which calls are made
        keras.utils.clear_session()  # forgets weights without values, or Keras would make room for them later
        found = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise ValueError(f"{path}: found no network of this project ({found[:300]}); {AGAIN}") from None
    for weight in network.weights:
        values = keras.ops.convert_to_numpy(weight)
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            wrong = values[~np.isfinite(values)][0]
            raise ValueError(f"{path}: found {wrong} in the weights {weight.path}, expected finite numbers; {AGAIN}")
    return network


@contextmanager
def _own_layers_registered() -> Iterator[None]:
    """Let Keras find the layers of this code by the names that files have for them.

    Keras keeps one layer of a name for the process: that of the code which was imported last, and a process may load
    detectors that bring their code. So each load registers its own layers, and loads in other threads wait.
    """
    registered = keras.saving.get_custom_objects()
    with registered.setdefault(_LOCK, Lock()):
        for name in ("src.models.networks.layers", "src.models.networks.form_layers", "src.models.networks.cells"):
            module = importlib.import_module(name)
            for one in vars(module).values():
                if isinstance(one, type) and one.__module__ == module.__name__:
                    registered[keras.saving.get_registered_name(one)] = one
        yield


def check_outputs(network: Any) -> None:
    """Check that no layer computes more than `LARGEST_OUTPUT` values for a record.

    Raises:
        ValueError: a layer does.
    """
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            check_outputs(layer)
        for tensor in keras.tree.flatten(layer.output):
            values = math.prod(size or 1 for size in tensor.shape[1:])
            if values > LARGEST_OUTPUT:
                raise ValueError(
                    f"layer {layer.name}: found {values:,} values a record, expected at most {LARGEST_OUTPUT:,}; "
                    "choose fewer units, filters, frequencies or records in a window"
                )


def _build(config: dict[str, Any], weight_bytes: int) -> Any:
    """Build a network whose weights fit a file of so many bytes; the weights have no values before that is known."""
    scope = keras.StatelessScope(initialize_variables=False)
    with scope:
        network = keras.saving.deserialize_keras_object(config, safe_mode=True)
        if not isinstance(network, keras.Model) or len(network.inputs) != 1 or len(network.outputs) != 1:
            raise ValueError(f"found a {type(network).__name__}, expected a model with one input and one output")
        if len(network.input_shape) != 3 or len(network.output_shape) != 3:
            raise ValueError(f"found the shapes {network.input_shape} and {network.output_shape}, expected three axes")
        if None in (*network.input_shape[1:], *network.output_shape[1:]):
            raise ValueError(f"found the shapes {network.input_shape} and {network.output_shape}, expected known sizes")
        needed = sum(math.prod(weight.shape) * np.dtype(weight.dtype).itemsize for weight in network.variables)
        if needed > weight_bytes:
            raise ValueError(f"found layers with weights of {needed:,} bytes, and {weight_bytes:,} bytes of weights")
        check_outputs(network)
        scope.initialize_variables = True
    return network


def _check_config(path: Path, config: dict[str, Any]) -> None:
    """Check the whole numbers of a config, and the length of what is unrolled."""
    left, unrolled, steps = [("", config)], False, 0
    while left:
        key, value = left.pop()
        if isinstance(value, dict):
            left += value.items()
            unrolled |= value.get("unroll") is True or value.get("class_name") == "UnrolledLSTM"
        elif isinstance(value, list):
            left += [(key, one) for one in value]
        elif isinstance(value, int) and not isinstance(value, bool) and key not in _ANY_SIZE:
            if abs(value) > LARGEST_NUMBER:
                raise ValueError(f"{path}: found {key}={value} of a layer, expected at most {LARGEST_NUMBER}; {AGAIN}")
            steps = max(steps, value if key in ("batch_shape", "input_shape", "n") else 0)
    if unrolled and steps > LONGEST_UNROLLED:
        raise ValueError(f"{path}: found {steps} steps to unroll, expected at most {LONGEST_UNROLLED}; {AGAIN}")
