"""Losses and metrics of an ensemble: networks in one Keras model, trained independently, averaged by probability.

Reference: Lakshminarayanan et al. 2017, arXiv:1612.01474 (deep ensembles). Imports Keras: import it late.
"""

from collections.abc import Callable
from typing import Any

from src.models.networks.keras_setup import load_keras

keras = load_keras()


def loss(target: Any, logits: Any) -> Any:
    """Mean of the members' cross-entropies: each member is trained as if it were alone.

    Args:
        target: Class indices, shape (batch,) or (batch, 1), or class probabilities, shape (batch, classes).
        logits: float32, shape (batch, members, classes).
    Returns:
        float32, shape (batch,).
    """
    if _are_probabilities(target):
        each_class = keras.ops.expand_dims(target, 1) * keras.ops.log_softmax(logits, axis=-1)
        return -keras.ops.mean(keras.ops.sum(each_class, axis=-1), axis=1)
    members = logits.shape[1]
    each = keras.ops.repeat(keras.ops.reshape(target, (-1, 1)), members, axis=1)
    return keras.ops.mean(keras.losses.sparse_categorical_crossentropy(each, logits, from_logits=True), axis=1)


def smoothed_loss(smoothing: float) -> Callable[[Any, Any], Any]:
    """Make the loss for smoothed targets: a share, 0 <= smoothing < 1, is spread evenly over all classes.

    Reference: Szegedy et al. 2016, arXiv:1512.00567, section 7.
    """
    if not smoothing:
        return loss

    def smoothed(target: Any, logits: Any) -> Any:
        even = -keras.ops.mean(keras.ops.log_softmax(logits, axis=-1), axis=(1, 2))
        return (1 - smoothing) * loss(target, logits) + smoothing * even

    return smoothed


def accuracy(target: Any, logits: Any) -> Any:
    """Accuracy of each row, float32, shape (batch,): 1 if the ensemble's most probable class is the target, else 0.

    The target is the most probable class where it has probabilities.
    """
    if _are_probabilities(target):
        target = keras.ops.argmax(target, axis=-1)
    found = keras.ops.argmax(keras.ops.mean(keras.ops.softmax(logits), axis=1), axis=-1)
    return keras.ops.cast(found == keras.ops.cast(keras.ops.reshape(target, (-1,)), found.dtype), "float32")


def _are_probabilities(target: Any) -> bool:
    """Tell class probabilities from class indices, which may have an axis of length 1 behind the batch."""
    return len(target.shape) == 2 and target.shape[-1] != 1
