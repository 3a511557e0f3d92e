"""Graph of one member of an ensemble."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from src.models.networks.keras_setup import load_keras


@dataclass(frozen=True)
class Member:
    """Keras tensors of one member of an ensemble.

    Attributes:
        inputs: Input of the network, which all members share.
        features: Input of the body: the scaled inputs with their sines and cosines, shape (batch, steps, c).
        hidden: Output of the body, shape (batch, d).
        logits: Output of the member, shape (batch, 1, n_classes).
    """

    inputs: Any
    features: Any
    hidden: Any
    logits: Any

    def set_first_weights(self, weights: list[np.ndarray]) -> None:
        """Replace the first weights of the body, in the order of its layers."""
        if weights:
            body = load_keras().Model(self.features, self.hidden)
            body.set_weights([*weights, *body.get_weights()[len(weights) :]])
