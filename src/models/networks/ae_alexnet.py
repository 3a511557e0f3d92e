"""An autoencoder's bottleneck as a picture, which a small AlexNet reads."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from src.models.networks.keras_setup import load_keras
from src.models.networks.pretrained import Pretrained, train_autoencoder
from src.utils.validation import CHECKED


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class AEAlexNet(Pretrained):
    """The encoder of an autoencoder, its values as a square map, and AlexNet's layers in small on top of it.

    e = tanh(W_2 tanh(W_1 u + b_1) + b_2), of side^2 values, starts as one half of an autoencoder that makes the
    records u in [0, 1] again. As a map of side x side it goes through AlexNet's order of layers: two convolutions, with
    a maximum over overlapping 3 x 3 places, two apart, after each; two convolutions; a fifth with such a maximum; then
    two dense layers, each with dropout before it. All convolutions are 3 x 3 and padded, all units rectified.

    Departs from the source, of which the order of its parts alone is taken, in all sizes; and from AlexNet in these:
    kernels are 3 x 3 throughout, as a map of a few places has no room for 11 x 11, and no response is normalized.

    Attributes:
        hidden: Width of the layers on both sides of the bottleneck.
        side: Of the map.
        channels: Of the first convolution; the others have twice as many.
        units: Width of the dense layers.
        dropout: Share of their inputs zeroed in training, 0 <= dropout < 1.
    Reference:
        Dong, Wang & He 2019, a real-time network intrusion detection system based on deep learning (ICSESS);
        Krizhevsky, Sutskever & Hinton 2012 (NIPS 25), again in doi:10.1145/3065386.
    """

    hidden: Annotated[int, Field(ge=1)]
    side: Annotated[int, Field(ge=1)]
    channels: Annotated[int, Field(ge=1)]
    units: Annotated[int, Field(ge=1)]
    dropout: Annotated[float, Field(ge=0, lt=1)]

    def learn(self, X: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        return train_autoencoder(
            X,
            [self.hidden, self.side**2],
            "tanh",
            epochs=self.pretraining_epochs,
            batch_size=self.pretraining_batch,
            learning_rate=self.pretraining_rate,
        )

    def body(self, inputs: Any) -> Any:
        """float32, shape (batch, steps, c), to (batch, units)."""
        layers = load_keras().layers
        code = layers.Dense(self.hidden, "tanh")(layers.Flatten()(inputs))
        code = layers.Dense(self.side**2, "tanh")(code)
        seen = layers.Reshape((self.side, self.side, 1))(code)
        for place in range(5):
            channels = self.channels if place == 0 else 2 * self.channels
            seen = layers.Conv2D(channels, 3, padding="same", activation="relu")(seen)
            if place in (0, 1, 4):
                seen = layers.MaxPooling2D(3, strides=2, padding="same")(seen)
        hidden = layers.Flatten()(seen)
        for _ in range(2):
            if self.dropout:
                hidden = layers.Dropout(self.dropout)(hidden)
            hidden = layers.Dense(self.units, "relu")(hidden)
        return hidden
