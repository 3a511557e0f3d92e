"""Recurrent networks: layers of cells that read a record's steps one after the other, and what they share."""

from abc import abstractmethod
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from src.models.networks.keras_setup import load_keras, on_tensorflow_cpu
from src.models.networks.network import Network
from src.utils.validation import CHECKED

# Sequences of so many steps at most are written out: no loop in the graph, which costs more than it saves. More of them
# would take long to build.
WRITTEN_OUT = 16


def written_out(steps: int) -> bool:
    """Whether a recurrent layer writes so many steps out; never on a GPU, which has kernels of the whole loop."""
    return 1 < steps <= WRITTEN_OUT and on_tensorflow_cpu()


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class Recurrent(Network):
    """Stacked recurrent layers; the classes are read from the last hidden state of the last layer.

    No recurrent dropout: it would rule out the fused GPU kernels.

    Attributes:
        layers: Layers, one on top of the other.
        units: Width of each layer's hidden state.
        dropout: Share of hidden values zeroed after each layer in training, 0 <= dropout < 1.
        bidirectional: Read the sequence from both ends (Schuster & Paliwal 1997, doi:10.1109/78.650093): each end with
            weights of its own, both states side by side.
    """

    layers: Annotated[int, Field(ge=1)]
    units: Annotated[int, Field(ge=1)]
    dropout: Annotated[float, Field(ge=0, lt=1)]
    bidirectional: bool

    @abstractmethod
    def layer(self, **options: Any) -> Any:
        """A Keras layer: float32, shape (batch, steps, c), to (batch, units), or (batch, steps, units) of all steps.

        Args:
            options: What all recurrent layers of Keras take: `return_sequences`, `unroll`.
        """

    def body(self, inputs: Any) -> Any:
        """float32, shape (batch, steps, c), to (batch, units) or, bidirectional, (batch, 2 units)."""
        layers = load_keras().layers
        hidden, unroll = inputs, written_out(inputs.shape[1])
        for place in range(self.layers):
            layer = self.layer(return_sequences=place < self.layers - 1, unroll=unroll)
            hidden = (layers.Bidirectional(layer) if self.bidirectional else layer)(hidden)
            if self.dropout:
                hidden = layers.Dropout(self.dropout)(hidden)
        return hidden


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class GRU(Recurrent):
    """Gated recurrent units: two gates, and no cell state beside the hidden state.

    z[t] = sigmoid(W_z x[t] + U_z h[t-1] + b_z), r[t] likewise with W_r, U_r, b_r;
    g[t] = tanh(W x[t] + b + r[t] * (U h[t-1] + b')); h[t] = z[t] * h[t-1] + (1 - z[t]) * g[t].

    Departs from the source in the place of the reset gate r: on U h[t-1] and a bias b' of its own, not on h[t-1], which
    is what the fused GPU kernel does; so z, too, has a bias for each side.

    Reference:
        Cho et al. 2014, arXiv:1406.1078.
    """

    def layer(self, **options: Any) -> Any:
        return load_keras().layers.GRU(self.units, **options)


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class RNN(Recurrent):
    """The plain recurrent network, without gates: h[t] = tanh(W x[t] + U h[t-1] + b).

    Departs from the source in two ways: tanh takes the place of the logistic function, and the error goes back through
    all steps, not one.

    Reference:
        Elman 1990, doi:10.1207/s15516709cog1402_1.
    """

    def layer(self, **options: Any) -> Any:
        return load_keras().layers.SimpleRNN(self.units, **options)
