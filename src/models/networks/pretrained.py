"""Base class of networks that are pre-trained without classes, and the training of autoencoders."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from pydantic.dataclasses import dataclass

from src.data.layout import ModelInput
from src.models.dedup import distinct
from src.models.networks.classifier import SCORING_BATCH, sequences
from src.models.networks.keras_setup import load_keras
from src.models.networks.member import Member
from src.models.networks.network import Network
from src.utils.validation import CHECKED, Count, Positive


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class Pretrained(Network):
    """Network whose first layers are pre-trained without classes and validation; then all layers are trained.

    Pre-training reads the concatenated values of a record or window, d = steps * c of them, in every layout. It scales
    each value to [0, 1] on its records: u = (x - low) / width. The network reads x itself, so its first layer starts
    with the scaling folded in: W u + b = (W / width) x + (b - W (low / width)).

    Pre-training uses a sample of the distinct records. The seconds of a fit include it.

    Attributes:
        pretraining_records: Upper bound on the distinct records or windows drawn at random from the training part.
        pretraining_epochs: Number of passes over them; a layer that is trained by itself has as many.
        pretraining_batch: Number of records in a batch.
        pretraining_rate: Learning rate of the pre-training.
    """

    pretraining_records: Count
    pretraining_epochs: Count
    pretraining_batch: Count
    pretraining_rate: Positive

    @abstractmethod
    def learn(self, X: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        """Learn kernel and bias of each of the first layers from X, float32, shape (n, d), in [0, 1]."""

    def pretrained_weights(self, member: Member, X: ModelInput, rng: np.random.Generator) -> list[np.ndarray]:
        features = self._sample(member, X, rng)
        low, width = unit_range(features)
        kernel, bias, *rest = self.learn((features - low) / width, rng)
        weights = [kernel / width[:, None], bias - (low / width) @ kernel, *rest]
        if not all(np.isfinite(one).all() for one in weights):
            raise FloatingPointError(
                "pre-training: found weights that are NaN or infinite, expected finite ones; the likely cause is "
                f"model.pretraining_rate={self.pretraining_rate:g}: lower it"
            )
        return weights

    def _sample(self, member: Member, X: ModelInput, rng: np.random.Generator) -> np.ndarray:
        """Draw distinct records or windows, as the member's body reads them: float32, shape (n, d)."""
        first, _, _ = distinct(X)
        drawn = X[rng.permutation(first)[: self.pretraining_records]]
        before_body = load_keras().Model(member.inputs, member.features)
        features: np.ndarray = before_body.predict(sequences(drawn), batch_size=SCORING_BATCH, verbose=0)
        return features.reshape(len(drawn), -1)


def unit_range(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute the minimum and the range of each column of X, shape (n, d): float32, shape (d,); 1 in place of 0."""
    low = X.min(axis=0)
    width = X.max(axis=0) - low
    return low, np.where(width > 0, width, np.float32(1))


def sparsity_penalty(activity: float, weight: float) -> Callable[[Any], Any]:
    """Make the penalty on the outputs, in [0, 1], of a Keras layer: weight * sum_j KL(activity || mean of unit j).

    KL(p || q) = p ln(p / q) + (1 - p) ln((1 - p) / (1 - q)); the means are over the batch.
    """
    keras = load_keras()

    def penalty(hidden: Any) -> Any:
        ops, least = keras.ops, keras.config.epsilon()
        mean = ops.clip(ops.mean(hidden, axis=0), least, 1 - least)
        divergence = activity * ops.log(activity / mean) + (1 - activity) * ops.log((1 - activity) / (1 - mean))
        # times the batch size, by which Keras divides the penalty on a layer's outputs
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
    """Train an autoencoder on X with Adam, and return kernels and biases of its encoder.

    The last layer, which reconstructs X, has sigmoid units. The loss of a batch is the mean of |x - x'|^2 / 2, plus
    weight_decay / 2 times the squares of all kernels, plus the penalty.

    Args:
        X: Inputs, float32, shape (n, d), in [0, 1].
        widths: Widths of the layers of the encoder; the decoder mirrors them.
        activation: Activation of all layers but the last.
        epochs: Number of passes over X.
        batch_size: Rows in a batch.
        learning_rate: Learning rate of Adam.
        weight_decay: Weight of the squared kernels.
        penalty: Penalty on the outputs of the innermost layer.
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
