"""Fit of a network, with the training loop of Keras; there is no other loop in this project."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from src.models.interface import OnEpoch
from src.models.networks.classifier import SCORING_BATCH, sequences
from src.models.networks.keras_setup import load_keras
from src.models.networks.training_rows import Rows
from src.models.training import Training

if TYPE_CHECKING:  # imports Keras
    from src.models.networks.drawn_rows import RowSource


def fit_network(
    network: Any, rows: "Rows | RowSource", validation: Rows, training: Training, on_epoch: OnEpoch
) -> list[dict[str, float]]:
    """Train a Keras model, set the weights of its best epoch, and return the metrics as `Fitted.epochs` has them.

    Args:
        network: Keras model: float32, shape (batch, steps, c), to logits, float32, shape (batch, members, n_classes).
        rows: Inputs, targets and weights of the rows to train on, or a source that draws them for each epoch.
        validation: Inputs, targets and weights of the rows by which the fit may stop early. Targets are classes, or
            probabilities of the classes.
        training: Settings of the training.
        on_epoch: Called with the metrics of each epoch.
    Raises:
        FloatingPointError: the loss is NaN or infinite; the message names the epoch.
    """
    keras = load_keras()
    from src.models.networks import ensemble
    from src.models.networks.callbacks import EpochReport, StopOnDivergence
    from src.models.networks.sharding import sharded

    X_val, y_val, weight_val = validation
    n_rows = len(rows[0]) if isinstance(rows, tuple) else rows.rows_per_epoch
    batch = min(training.batch_size, n_rows)
    updates = math.ceil(n_rows / batch)
    report = EpochReport(training, on_epoch)
    # no shards with XLA: it compiles a step to one program, in which shards would wait for each other
    trained = network if training.jit_compile else sharded(network, batch)
    trained.compile(
        optimizer=optimizer(training, updates),
        loss=ensemble.smoothed_loss(training.label_smoothing),
        weighted_metrics=[ensemble.accuracy],
        jit_compile=training.jit_compile,
        # All steps of an epoch are one call, which saves the framework's cost of a step: 0.3 s an epoch in place of
        # 0.9 s at k = 2.
        steps_per_execution=updates,
    )
    trained.fit(
        **_training_data(rows, batch, updates),
        epochs=training.epochs,
        validation_data=(sequences(X_val), y_val, weight_val),
        validation_batch_size=min(len(X_val), SCORING_BATCH),
        verbose=0,
        callbacks=[
            StopOnDivergence(training),
            report,
            keras.callbacks.EarlyStopping(
                training.monitor,
                mode="max" if training.monitor == "val_accuracy" else "min",
                patience=training.patience or training.epochs,
                restore_best_weights=True,
            ),
        ],
    )
    return report.epochs


def _training_data(rows: "Rows | RowSource", batch: int, updates: int) -> dict[str, Any]:
    """Make the arguments of Keras's `fit` for the rows.

    All batches are whole, filled up with rows from the front, so that one compiled step fits all.
    """
    if not isinstance(rows, tuple):
        from src.models.networks.drawn_rows import DrawnRows

        return {"x": DrawnRows(rows, batch), "shuffle": False}
    X, y, weight = rows
    filled = np.resize(np.arange(len(X)), updates * batch)
    return {"x": sequences(X[filled]), "y": y[filled], "sample_weight": weight[filled], "batch_size": batch}


def optimizer(training: Training, steps: int) -> Any:
    """Make the Keras optimizer, with the learning rate or schedule that `training` asks for; `steps` make an epoch."""
    keras = load_keras()
    rate: Any = training.learning_rate
    warmup = round(training.warmup_epochs * steps)
    if training.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else rate,
            max(1, training.epochs * steps - warmup),
            warmup_target=rate if warmup else None,
            warmup_steps=warmup,
        )
    elif warmup:
        rate = keras.optimizers.schedules.PolynomialDecay(0.0, warmup, rate)
    kinds = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "nadam": keras.optimizers.Nadam,
        "rmsprop": keras.optimizers.RMSprop,
        "sgd": keras.optimizers.SGD,
    }
    return kinds[training.optimizer](rate, clipnorm=training.clipnorm)
