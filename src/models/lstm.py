"""The LSTM of the paper: one or more layers that read a record's k values one after the other."""

from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from src.checked import CHECKED
from src.models.framework import load_keras
from src.models.network import Network

# Sequences of so few steps are written out: no loop in the graph, a sixth less time, and the same numbers to the bit.
# Of three steps on, gradients are summed in another order.
WRITTEN_OUT = 2
# From so many steps on XLA saves more than it costs, on a CPU and for one layer: with a second or with dropout it is
# several times slower. With sines and cosines of the inputs it saves less. A GPU has a kernel of its own for LSTMs,
# which XLA would do without.
LONG, LONG_WITH_FREQUENCIES = 10, 32


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class LSTM(Network):
    """Stacked LSTM; the classes are read from the last hidden state of the last layer.

    No recurrent dropout: it would rule out the fused GPU kernel.

    Attributes:
        layers: LSTM layers, one on top of the other.
        units: Width of each layer's hidden state.
        dropout: Share of hidden values zeroed after each layer in training, 0 <= dropout < 1.
        bidirectional: Read the sequence from both ends.
    Reference:
        Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735; Laghrissi et al. 2021.
    """

    layers: Annotated[int, Field(ge=1)]
    units: Annotated[int, Field(ge=1)]
    dropout: Annotated[float, Field(ge=0, lt=1)]
    bidirectional: bool

    def xla_pays(self, length: int) -> bool:
        """See `Network.xla_pays`."""
        simple = self.layers == 1 and self.members == 1 and not self.bidirectional and not self.dropout
        long = length >= (LONG_WITH_FREQUENCIES if self.frequencies else LONG)
        return simple and long and not load_keras().distribution.list_devices("gpu")

    def body(self, inputs: Any) -> Any:
        """float32, shape (batch, k, c), to (batch, units) or, bidirectional, (batch, 2 units)."""
        layers = load_keras().layers
        hidden, unroll = inputs, self.layers == 1 and inputs.shape[1] <= WRITTEN_OUT
        for place in range(self.layers):
            layer = layers.LSTM(self.units, return_sequences=place < self.layers - 1, unroll=unroll)
            hidden = (layers.Bidirectional(layer) if self.bidirectional else layer)(hidden)
            if self.dropout:
                hidden = layers.Dropout(self.dropout)(hidden)
        return hidden
