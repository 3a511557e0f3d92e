"""The fit of a network: the one training loop there is, which is Keras's."""

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
    """Train a Keras model, which then has the weights of its best epoch, and return its history, see `Fitted.epochs`.

    Args:
        network: float32, shape (batch, steps, c), to logits, float32, shape (batch, members, n_classes).
        rows: Inputs, classes and weights of what is trained.
        validation: The same of what may stop the fit.
        on_epoch: Called with each epoch's line of the history.
    Raises:
        FloatingPointError: the loss is no longer a number; names the epoch.
    """
    keras = load_keras()
    from src.models.networks import ensemble
    from src.models.networks.callbacks import EpochReport, StopOnDivergence
    from src.models.networks.sharding import sharded

    X, y, weight = rows
    X_val, y_val, weight_val = validation
    batch = min(training.batch_size, len(X))
    updates = math.ceil(len(X) / batch)
    # Whole batches only, filled up from the front: one shape means one compiled step, and with all steps of an
    # epoch in one call the framework's cost per step is gone (0.3 s an epoch instead of 0.9 s at k = 2).
    filled = np.resize(np.arange(len(X)), updates * batch)
    report = EpochReport(training, on_epoch)
    # XLA makes one program of a step, whose shards would wait for each other
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
    """The Keras optimizer, its rate a schedule over epochs of so many steps where `training` asks for one."""
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
