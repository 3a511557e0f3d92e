"""The feed-forward network: layers of units that read all values of a record at once."""

from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from src.models.networks.keras_setup import load_keras
from src.models.networks.network import Network
from src.utils.validation import CHECKED


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class FeedForward(Network):
    """Hidden layers, one after the other, on the values of all steps side by side: h[l] = relu(W_l h[l-1] + b_l).

    Departs from the source in what stands before and behind the layers: features are chosen by a reducer, not by the
    source's wrapper of extra trees. The source's abstract was read, and not its widths: number of layers and units are
    ours.

    Attributes:
        layers: Hidden layers.
        units: Width of each.
        dropout: Share of hidden values zeroed after each layer in training, 0 <= dropout < 1.
    Reference:
        Kasongo & Sun 2020, doi:10.1016/j.cose.2020.101752; rectified units: Nair & Hinton 2010.
    """

    layers: Annotated[int, Field(ge=1)]
    units: Annotated[int, Field(ge=1)]
    dropout: Annotated[float, Field(ge=0, lt=1)]

    def body(self, inputs: Any) -> Any:
        """float32, shape (batch, steps, c), to (batch, units)."""
        layers = load_keras().layers
        hidden = layers.Flatten()(inputs)
        for _ in range(self.layers):
            hidden = layers.Dense(self.units, activation="relu")(hidden)
            if self.dropout:
                hidden = layers.Dropout(self.dropout)(hidden)
        return hidden
