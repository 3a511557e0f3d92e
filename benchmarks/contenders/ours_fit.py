"""Trains an epoch with the fit of this project or, with `--until`, fits up to a validation accuracy.

    python -m benchmarks.contenders.ours_fit data.npz [--until 0.993] [OVERRIDE ...]

data.npz contains X, float32, shape (n, k), y, int32, shape (n,), X_val and y_val. Overrides are those of conf/.
"""

import argparse
import contextlib
from pathlib import Path

import numpy as np

from benchmarks.contenders.turns import Turns, serve
from benchmarks.inputs import build_settings
from src.models.networks.keras_setup import load_keras


class Reached(Exception):  # noqa: N818  # not an error
    """Signal that the validation accuracy was reached."""


def main() -> None:
    """Serve the turns."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--until", type=float)
    parser.add_argument("overrides", nargs="*")
    options = parser.parse_args()
    with np.load(options.data) as arrays:
        data = {name: arrays[name] for name in arrays}
    settings = build_settings("training.progress=false", *options.overrides)

    validation = slice(1 if options.until is None else None)  # an epoch is timed without validation, as the others' are

    def fit(on_epoch):  # type: ignore[no-untyped-def]
        return settings.model.fit(
            data["X"], data["y"], data["X_val"][validation], data["y_val"][validation],
            n_classes=2, training=settings.training, seed=0, on_epoch=on_epoch,
        )  # fmt: skip

    if options.until is None:
        turns, first = Turns(), True

        def take_turns(epoch: dict[str, float]) -> None:
            nonlocal first
            if not first:  # the first epoch compiled
                turns.done(epoch["seconds"])
            first = False
            turns.wait()

        fit(take_turns)
        return

    load_keras()

    def once() -> dict[str, float]:
        last: dict[str, float] = {}

        def until(epoch: dict[str, float]) -> None:
            last.update(epoch)
            if epoch["val_accuracy"] >= options.until:
                raise Reached

        with contextlib.suppress(Reached):
            fit(until)
        reached = last["val_accuracy"] >= options.until
        return {"reached": reached, "epoch": last["epoch"], "val_accuracy": last["val_accuracy"]}

    serve(once)


if __name__ == "__main__":
    main()
