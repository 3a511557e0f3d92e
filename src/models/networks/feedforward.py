"""Feed-forward network: dense layers on all values of a record."""

from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from src.models.networks.keras_setup import load_keras
from src.models.networks.network import Network
from src.utils.validation import CHECKED, Count


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class FeedForward(Network):
    """Stacked dense layers on the concatenated values of all steps: h[l] = relu(W_l h[l-1] + b_l).

    Departs from the source in the choice of features: a reducer makes it, not the source's wrapper of extra trees. Only
    the abstract of the source was read, which gives no widths: the number of layers and units is our own.

    Attributes:
        layers: Number of hidden layers.
        units: Width of each layer.
        dropout: Share of the values of each layer that is zeroed in training, 0 <= dropout < 1.
    Reference:
        Kasongo & Sun 2020, doi:10.1016/j.cose.2020.101752; rectified units: Nair & Hinton 2010.
    """

    layers: Count
    units: Count
    dropout: Annotated[float, Field(ge=0, lt=1)]

    def body(self, inputs: Any) -> Any:
        """Build the layers: float32, shape (batch, steps, c), to (batch, units)."""
        layers = load_keras().layers
        hidden = layers.Flatten()(inputs)
        for _ in range(self.layers):
            hidden = layers.Dense(self.units, activation="relu")(hidden)
            if self.dropout:
                hidden = layers.Dropout(self.dropout)(hidden)
        return hidden
