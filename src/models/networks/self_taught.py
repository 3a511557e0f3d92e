"""Self-taught learning: features that a sparse autoencoder finds in records without classes, and what reads them."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from src.models.networks.keras_setup import load_keras
from src.models.networks.pretrained import Pretrained, sparsity_penalty, train_autoencoder
from src.utils.validation import CHECKED


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class SelfTaught(Pretrained):
    """A sparse autoencoder, whose hidden values softmax regression reads.

    h = sigmoid(W u + b), u' = sigmoid(V h + c), of the records u in [0, 1]; W, b, V and c make least, over m of them,

    1 / (2 m) sum |u - u'|^2 + decay / 2 (|W|^2 + |V|^2) + penalty sum_j KL(activity || mean of h_j).

    The classes are read from h alone: logits = S h + s.

    Departs from the source in these: means of h are those of a batch; the kernels alone decay; where `fine_tuned`, the
    classes train W and b too, which the source's two stages keep apart.

    Attributes:
        units: Width of h.
        activity: Mean that each hidden value is pulled to, between 0 and 1.
        penalty: Weight of that; 0 for none.
        weight_decay: Of the autoencoder.
        fine_tuned: Training of the classes also trains the hidden layer.
    Reference:
        Javaid et al. 2015, doi:10.4108/eai.3-12-2015.2262516; self-taught learning: Raina et al. 2007,
        doi:10.1145/1273496.1273592.
    """

    units: Annotated[int, Field(ge=1)]
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
        """float32, shape (batch, steps, c), to (batch, units)."""
        layers = load_keras().layers
        return layers.Dense(self.units, "sigmoid", trainable=self.fine_tuned)(layers.Flatten()(inputs))
