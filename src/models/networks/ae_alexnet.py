"""A small AlexNet on the bottleneck of an autoencoder, arranged as a picture."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from src.models.networks.keras_setup import load_keras
from src.models.networks.pretrained import Pretrained, train_autoencoder
from src.utils.validation import CHECKED, Count


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class AEAlexNet(Pretrained):
    """Encoder of an autoencoder, its values as a square map, and a small AlexNet on that map.

    The encoder is e = tanh(W_2 tanh(W_1 u + b_1) + b_2), with side^2 values. It starts as the first half of an
    autoencoder that reconstructs the records u in [0, 1]. The map of side x side values passes AlexNet's order of
    layers: two convolutions, each with max pooling over 3 x 3 values with stride 2; two convolutions; a fifth with such
    pooling; two dense layers, each with dropout before it. All convolutions are 3 x 3 and padded; all units are ReLU.

    Departs from the source in all sizes: only its order of parts is taken. Departs from AlexNet in two ways: kernels
    are 3 x 3 throughout, as 11 x 11 is larger than the map, and there is no local response normalization.

    Attributes:
        hidden: Width of the layers on both sides of the bottleneck.
        side: Side of the map.
        channels: Channels of the first convolution; the others have twice as many.
        units: Width of the dense layers.
        dropout: Share of the dense layers' inputs that is zeroed in training, 0 <= dropout < 1.
    Reference:
        Dong, Wang & He 2019, a real-time network intrusion detection system based on deep learning (ICSESS);
        Krizhevsky, Sutskever & Hinton 2012 (NIPS 25), again in doi:10.1145/3065386.
    """

    hidden: Count
    side: Count
    channels: Count
    units: Count
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
        """Build the layers: float32, shape (batch, steps, c), to (batch, units)."""
        layers = load_keras().layers
        code = layers.Dense(self.hidden, "tanh")(layers.Flatten()(inputs))
        code = layers.Dense(self.side**2, "tanh")(code)
        maps = layers.Reshape((self.side, self.side, 1))(code)
        for number in range(5):
            channels = self.channels if number == 0 else 2 * self.channels
            maps = layers.Conv2D(channels, 3, padding="same", activation="relu")(maps)
            if number in (0, 1, 4):
                maps = layers.MaxPooling2D(3, strides=2, padding="same")(maps)
        hidden = layers.Flatten()(maps)
        for _ in range(2):
            if self.dropout:
                hidden = layers.Dropout(self.dropout)(hidden)
            hidden = layers.Dense(self.units, "relu")(hidden)
        return hidden
