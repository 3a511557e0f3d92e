"""Networks that learn from records without their classes before they learn the classes: what they share."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from src.data.layout import ModelInput
from src.models.dedup import distinct
from src.models.networks.classifier import SCORING_BATCH, sequences
from src.models.networks.keras_setup import load_keras
from src.models.networks.network import Network
from src.utils.validation import CHECKED, Positive


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class Pretrained(Network):
    """A network whose first layers are trained on what it reads, without classes or validation, before all are on both.

    What it reads of a record or window are its values side by side, d = steps * c of them, whatever the layout.
    Pre-training takes each as u = (x - low) / width, in [0, 1] on its records; the network reads x itself, and its
    first layer starts as what it learned of u: W u + b = (W / width) x + (b - W (low / width)).

    Copies count once, and a sample is enough: pre-training takes seconds, which are part of the fit's.

    Attributes:
        pretraining_records: At most so many distinct records, or windows, drawn at random from the training part.
        pretraining_epochs: Passes over them, for each layer that is trained by itself.
        pretraining_batch: Records a step.
        pretraining_rate: Learning rate.
    """

    pretraining_records: Annotated[int, Field(ge=1)]
    pretraining_epochs: Annotated[int, Field(ge=1)]
    pretraining_batch: Annotated[int, Field(ge=1)]
    pretraining_rate: Positive

    @abstractmethod
    def learn(self, X: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        """Kernel and bias of each of the first layers, from X, float32, shape (n, d), in [0, 1]."""

    def pretrained(self, inputs: Any, seen: Any, X: ModelInput, rng: np.random.Generator) -> list[np.ndarray]:
        first, _, _ = distinct(X)
        some = X[rng.permutation(first)[: self.pretraining_records]]
        read = load_keras().Model(inputs, seen).predict(sequences(some), batch_size=SCORING_BATCH, verbose=0)
        read = read.reshape(len(some), -1)
        low, width = unit_range(read)
        kernel, bias, *rest = self.learn((read - low) / width, rng)
        weights = [kernel / width[:, None], bias - (low / width) @ kernel, *rest]
        if not all(np.isfinite(one).all() for one in weights):
            raise FloatingPointError(
                "pre-training: found weights that are not finite, expected numbers; the likely cause is "
                f"model.pretraining_rate={self.pretraining_rate:g}: lower it"
            )
        return weights


def unit_range(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest value of each column, and its range, 1 where it is constant: float32, shape (d,), of X, shape (n, d)."""
    low = X.min(axis=0)
    width = X.max(axis=0) - low
    return low, np.where(width > 0, width, np.float32(1))


def sparsity_penalty(activity: float, weight: float) -> Callable[[Any], Any]:
    """The weight times the sum of KL(activity || mean over the batch) of the units of a Keras layer, outputs in [0, 1].

    KL(p || q) = p ln(p / q) + (1 - p) ln((1 - p) / (1 - q)).
    """
    keras = load_keras()

    def penalty(hidden: Any) -> Any:
        ops, least = keras.ops, keras.config.epsilon()
        mean = ops.clip(ops.mean(hidden, axis=0), least, 1 - least)
        divergence = activity * ops.log(activity / mean) + (1 - activity) * ops.log((1 - activity) / (1 - mean))
        # Keras divides what a layer's outputs are penalized with by the rows of the batch
        return weight * ops.sum(divergence) * ops.cast(ops.shape(hidden)[0], mean.dtype)

    return penalty


def train_autoencoder(
    X: np.ndarray,
    widths: list[int],
    activation: str,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float = 0.0,
    penalty: Callable[[Any], Any] | None = None,
) -> list[np.ndarray]:
    """Train layers of these widths, mirrored, to make X again, with Adam; kernels and biases of the first half.

    The last layer, which makes X, is of sigmoid units. The loss of a batch is the mean of |x - x'|^2 / 2, the squares
    of all kernels times weight_decay / 2, and the penalty.

    Args:
        X: float32, shape (n, d), in [0, 1].
        activation: Of all layers but the last.
        penalty: On the outputs of the innermost layer.
    """
    keras = load_keras()

    def dense(width: int, activation: str = activation, **options: Any) -> Any:
        decay = keras.regularizers.L2(weight_decay / 2) if weight_decay else None
        return keras.layers.Dense(width, activation, kernel_regularizer=decay, **options)

    *outer, inner = widths
    encoder = [*map(dense, outer), dense(inner, activity_regularizer=penalty)]
    network = keras.Sequential([*encoder, *map(dense, reversed(outer)), dense(X.shape[1], "sigmoid")])
    batch = min(batch_size, len(X))
    network.compile(
        keras.optimizers.Adam(learning_rate),
        lambda x, made: keras.ops.sum(keras.ops.square(x - made), axis=-1) / 2,
        jit_compile=False,
        steps_per_execution=-(-len(X) // batch),
    )
    network.fit(X, X, batch_size=batch, epochs=epochs, verbose=0)
    return [weight for layer in encoder for weight in layer.get_weights()]
