"""Fit of a network, with the training loop of Keras; there is no other loop in this project."""

import math
from typing import Any

import numpy as np

from src.models.interface import OnEpoch
from src.models.networks.classifier import SCORING_BATCH, sequences
from src.models.networks.keras_setup import load_keras
from src.models.networks.training_rows import Rows
from src.models.training import Training


def fit_network(
    network: Any, rows: Rows, validation: Rows, training: Training, on_epoch: OnEpoch
) -> list[dict[str, float]]:
    """Train a Keras model, set the weights of its best epoch, and return the metrics as `Fitted.epochs` has them.

    Args:
        network: Keras model: float32, shape (batch, steps, c), to logits, float32, shape (batch, members, n_classes).
        rows: Inputs, classes and weights of the rows to train on.
        validation: Inputs, classes and weights of the rows by which the fit may stop early.
        training: Settings of the training.
        on_epoch: Called with the metrics of each epoch.
    Raises:
        FloatingPointError: the loss is NaN or infinite; the message names the epoch.
    """
    keras = load_keras()
    from src.models.networks import ensemble
    from src.models.networks.callbacks import EpochReport, StopOnDivergence
    from src.models.networks.sharding import sharded

    X, y, weight = rows
    X_val, y_val, weight_val = validation
    batch = min(training.batch_size, len(X))
    updates = math.ceil(len(X) / batch)
    # Only whole batches, filled up with rows from the front, so that one compiled step fits all. All steps of an epoch
    # are one call, which saves the framework's cost of a step: 0.3 s an epoch in place of 0.9 s at k = 2.
    filled = np.resize(np.arange(len(X)), updates * batch)
    report = EpochReport(training, on_epoch)
    # no shards with XLA: it compiles a step to one program, in which shards would wait for each other
    trained = network if training.jit_compile else sharded(network, batch)
    trained.compile(
        optimizer=optimizer(training, updates),
        loss=ensemble.smoothed_loss(training.label_smoothing),
        weighted_metrics=[ensemble.accuracy],
        jit_compile=training.jit_compile,
        steps_per_execution=updates,
    )
    trained.fit(
        sequences(X[filled]),
        y[filled],
        sample_weight=weight[filled],
        batch_size=batch,
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
