"""An epoch of this project's own fit; or, with `--until`, a fit up to a validation accuracy.

    python -m benchmarks.contenders.ours_fit data.npz [--until 0.993] [OVERRIDE ...]

data.npz: X, float32, shape (n, k), y, int32, shape (n,), X_val and y_val; overrides are of conf/.
"""

import argparse
import contextlib
from pathlib import Path

import numpy as np

from benchmarks.contenders.turns import Turns, serve
from benchmarks.inputs import settings
from src.models.networks.keras_setup import load_keras


class Reached(Exception):  # noqa: N818  # not an error
    """The accuracy that was asked for."""


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--until", type=float)
    parser.add_argument("overrides", nargs="*")
    options = parser.parse_args()
    with np.load(options.data) as arrays:
        data = {name: arrays[name] for name in arrays}
    recipe = settings("training.progress=false", *options.overrides)

    judged = slice(1 if options.until is None else None)  # an epoch is timed as the others', without validation

    def fit(on_epoch):  # type: ignore[no-untyped-def]
        return recipe.model.fit(
            data["X"], data["y"], data["X_val"][judged], data["y_val"][judged],
            n_classes=2, training=recipe.training, seed=0, on_epoch=on_epoch,
        )  # fmt: skip

    if options.until is None:
        turns, first = Turns(), True

        def take_turns(epoch: dict[str, float]) -> None:
            nonlocal first
            if not first:  # that one compiled
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
