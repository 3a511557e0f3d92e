"""Recurrent networks: the base class, GRU and plain RNN."""

from abc import abstractmethod
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from src.models.networks.keras_setup import load_keras, on_tensorflow_cpu
from src.models.networks.network import Network
from src.utils.validation import CHECKED, Count

# Sequences of at most so many steps are unrolled: a loop in the graph is slower. Longer ones take too long to build.
UNROLLED = 16


def is_unrolled(steps: int) -> bool:
    """Return True if a recurrent layer unrolls so many steps; never on a GPU, where one kernel runs the whole loop."""
    return 1 < steps <= UNROLLED and on_tensorflow_cpu()


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class Recurrent(Network):
    """Stacked recurrent layers; the head reads the last hidden state of the last layer.

    There is no recurrent dropout: fused GPU kernels do not support it.

    Attributes:
        layers: Number of stacked layers.
        units: Width of each layer's hidden state.
        dropout: Share of the outputs of each layer that is zeroed in training, 0 <= dropout < 1.
        bidirectional: Read the sequence in both directions, each with its own weights, and concatenate both states
            (Schuster & Paliwal 1997, doi:10.1109/78.650093).
        dense: Width of a layer of rectified units between the last hidden state and the head; 0 adds none.
    """

    layers: Count
    units: Count
    dropout: Annotated[float, Field(ge=0, lt=1)]
    bidirectional: bool
    dense: Annotated[int, Field(ge=0)]

    @abstractmethod
    def layer(self, **options: Any) -> Any:
        """Make a Keras layer: float32, shape (batch, steps, c), to (batch, units) or (batch, steps, units).

        Args:
            options: Options of every recurrent layer of Keras: `return_sequences` (the outputs of all steps), `unroll`.
        """

    def body(self, inputs: Any) -> Any:
        """Build the layers: float32, shape (batch, steps, c), to (batch, d).

        d is `dense`, or without it `units`, or 2 `units` if bidirectional.
        """
        layers = load_keras().layers
        hidden, unroll = inputs, is_unrolled(inputs.shape[1])
        for number in range(self.layers):
            layer = self.layer(return_sequences=number < self.layers - 1, unroll=unroll)
            hidden = (layers.Bidirectional(layer) if self.bidirectional else layer)(hidden)
            if self.dropout:
                hidden = layers.Dropout(self.dropout)(hidden)
        return layers.Dense(self.dense, "relu")(hidden) if self.dense else hidden


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class GRU(Recurrent):
    """Gated recurrent units: two gates, and a hidden state without a cell state.

    z[t] = sigmoid(W_z x[t] + U_z h[t-1] + b_z), r[t] likewise with W_r, U_r, b_r;
    g[t] = tanh(W x[t] + b + r[t] * (U h[t-1] + b')); h[t] = z[t] * h[t-1] + (1 - z[t]) * g[t].

    Departs from the source in the reset gate r: it multiplies U h[t-1] and a second bias b', not h[t-1], as the fused
    GPU kernel does. So z and r have two biases too.

    Reference:
        Cho et al. 2014, arXiv:1406.1078.
    """

    def layer(self, **options: Any) -> Any:
        return load_keras().layers.GRU(self.units, **options)


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class RNN(Recurrent):
    """Plain recurrent network without gates: h[t] = tanh(W x[t] + U h[t-1] + b).

    Departs from the source in two ways: tanh replaces the logistic function, and gradients pass through all steps, not
    one.

    Reference:
        Elman 1990, doi:10.1207/s15516709cog1402_1.
    """

    def layer(self, **options: Any) -> Any:
        return load_keras().layers.SimpleRNN(self.units, **options)
