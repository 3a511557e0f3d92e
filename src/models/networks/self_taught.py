"""Self-taught learning: a sparse autoencoder learns features without classes; softmax regression reads them."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from src.models.networks.keras_setup import load_keras
from src.models.networks.pretrained import Pretrained, sparsity_penalty, train_autoencoder
from src.utils.validation import CHECKED, Count


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class SelfTaught(Pretrained):
    """Softmax regression on the hidden values of a sparse autoencoder.

    h = sigmoid(W u + b) and u' = sigmoid(V h + c) for the records u in [0, 1]. W, b, V and c minimize, over m records,

    1 / (2 m) sum |u - u'|^2 + decay / 2 (|W|^2 + |V|^2) + penalty sum_j KL(activity || mean of h_j).

    The head reads h alone: logits = S h + s.

    Departs from the source in three ways. Means of h are over a batch. Only the kernels decay. With `fine_tuned`, the
    classes also train W and b; the source's second stage does not.

    Attributes:
        units: Width of h.
        activity: Target mean of each hidden value, between 0 and 1.
        penalty: Weight of the divergence from that target; 0 for none.
        weight_decay: Weight decay of the autoencoder.
        fine_tuned: Train the hidden layer with the classes too.
    Reference:
        Javaid et al. 2016, doi:10.4108/eai.3-12-2015.2262516; self-taught learning: Raina et al. 2007,
        doi:10.1145/1273496.1273592.
    """

    units: Count
    activity: Annotated[float, Field(gt=0, lt=1)]
    penalty: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    fine_tuned: bool

    def learn(self, X: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        return train_autoencoder(
            X,
            [self.units],
            "sigmoid",
            epochs=self.pretraining_epochs,
            batch_size=self.pretraining_batch,
            learning_rate=self.pretraining_rate,
            weight_decay=self.weight_decay,
            penalty=sparsity_penalty(self.activity, self.penalty) if self.penalty else None,
        )

    def body(self, inputs: Any) -> Any:
        """Build the layer: float32, shape (batch, steps, c), to (batch, units)."""
        layers = load_keras().layers
        return layers.Dense(self.units, "sigmoid", trainable=self.fine_tuned)(layers.Flatten()(inputs))
