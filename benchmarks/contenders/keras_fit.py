"""Trains with plain Keras as its documentation shows: an epoch a turn or, with `--until`, up to an accuracy.

    python -m benchmarks.contenders.keras_fit data.npz [--batch 1024] [--ours OVERRIDE ...] [--until 0.993 --most 240]

data.npz is that of `ours_fit`. The network is an LSTM of 64 units and a dense layer. With `--ours` it is the network
that this project builds from these overrides.
"""

import argparse
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contenders.turns import serve

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # TensorFlow's default, which this project switches off


def main() -> None:
    """Serve the turns."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--until", type=float)
    parser.add_argument("--most", type=float, default=240)
    parser.add_argument("--ours", nargs="*")
    options = parser.parse_args()
    with np.load(options.data) as arrays:
        data = {name: arrays[name] for name in arrays}
    X, y = data["X"][:, :, None], data["y"]
    network = _network(data["X"], options.ours)

    if options.until is None:
        network.fit(X[: 2 * options.batch], y[: 2 * options.batch], batch_size=options.batch, verbose=0)  # compiles
        serve(lambda: network.fit(X, y, batch_size=options.batch, verbose=0) and None)
        return

    validation = (data["X_val"][:, :, None], data["y_val"])

    def once() -> dict[str, float]:
        start, epochs, reached = time.perf_counter(), 0, 0.0
        best = 0.0
        while time.perf_counter() - start < options.most and not reached:
            history = network.fit(X, y, batch_size=options.batch, verbose=0, validation_data=validation).history
            epochs += 1
            best = max(best, history["val_accuracy"][0])
            reached = float(history["val_accuracy"][0] >= options.until)
        return {"reached": reached, "epoch": epochs, "val_accuracy": best}

    serve(once)


def _network(X: np.ndarray, overrides: list[str] | None) -> Any:
    """Build and compile a network for X, float32, shape (n, k)."""
    import keras

    keras.utils.set_random_seed(0)
    loss: Any = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    if overrides is None:
        inputs = keras.Input((X.shape[1], 1))
        network = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.LSTM(64)(inputs)))
    else:
        from benchmarks.inputs import build_settings
        from src.models.networks import ensemble
        from src.models.networks.network_input import NetworkInput

        network = build_settings(*overrides).model.build(NetworkInput(X.mean(axis=0), X.std(axis=0)), 2)
        loss = ensemble.loss
    metric = "accuracy" if overrides is None else ensemble.accuracy
    network.compile(keras.optimizers.Adam(1e-3), loss, metrics=[metric])
    return network


if __name__ == "__main__":
    main()
