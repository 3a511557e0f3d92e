"""Keras callbacks of a fit. Imports Keras: import it late."""

import math
import time
from typing import Any

from src.models.interface import OnEpoch
from src.models.networks.keras_setup import load_keras
from src.models.training import Training
from src.utils.progress import Steps

keras = load_keras()


class EpochReport(keras.callbacks.Callback):  # type: ignore[name-defined]
    """Record of each epoch's metrics, which also shows the progress."""

    def __init__(self, training: Training, on_epoch: OnEpoch):
        super().__init__()
        self.epochs: list[dict[str, float]] = []
        self._on_epoch = on_epoch
        self._shown = Steps("train", "epoch", training.epochs) if training.progress else None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        names = ("loss", "accuracy", "val_loss", "val_accuracy")
        values = {name: float(logs[name]) for name in names} if logs else {}
        metrics = {"epoch": epoch + 1, **values, "seconds": time.perf_counter() - self._start}
        self.epochs.append(metrics)
        if self._shown:
            self._shown.done({name: values[name] for name in ("loss", "val_accuracy")})
        self._on_epoch(metrics)

    def on_train_end(self, logs: Any = None) -> None:
        if self._shown:
            self._shown.close()


class StopOnDivergence(keras.callbacks.Callback):  # type: ignore[name-defined]
    """Stop of the fit, with an error, once the loss is NaN or infinite: no later epoch recovers from it."""

    def __init__(self, training: Training):
        super().__init__()
        self._training = training

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        loss = (logs or {}).get("loss", math.nan)
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"epoch {epoch + 1} of {self._training.epochs}: found the loss {loss}, expected a finite number; the "
                f"likely cause is training.learning_rate={self._training.learning_rate:g}: lower it, or set "
                "training.clipnorm=1"
            )
