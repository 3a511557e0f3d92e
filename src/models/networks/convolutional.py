"""Convolutional networks: convolutions along the steps, pooling, and a layer that reads the pooled values."""

from abc import abstractmethod
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from src.models.networks.keras_setup import load_keras
from src.models.networks.lstm import lstm_layer
from src.models.networks.network import Network
from src.models.networks.recurrent import is_unrolled
from src.utils.validation import CHECKED, Count


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class Convolutional(Network):
    """Stacked convolutions along the steps, then max pooling, then the layers of `read`.

    h[t] = relu(W [x[t - a]; ...; x[t + b]] + b'), with a = (kernel - 1) // 2 steps before and b = kernel // 2 steps
    after. Beyond both ends are zeros, so a sequence keeps its length.

    Attributes:
        layers: Number of stacked convolutional layers.
        filters: Number of filters in each layer.
        kernel: Number of steps that a filter reads.
        pool: Number of steps that max pooling merges into one; 1 merges none. The last group may be smaller, so any
            number of steps works and none is dropped.
        units: Width of the layers of `read`.
        dropout: Share of the values of `read` that is zeroed in training, 0 <= dropout < 1.
    """

    layers: Count
    filters: Count
    kernel: Count
    pool: Count
    units: Count
    dropout: Annotated[float, Field(ge=0, lt=1)]

    @abstractmethod
    def read(self, pooled: Any) -> Any:
        """Build the layers after pooling: float32, shape (batch, steps, filters), to (batch, d)."""

    def body(self, inputs: Any) -> Any:
        """Build the layers: float32, shape (batch, steps, c), to ceil(steps / pool) steps, to (batch, d)."""
        layers = load_keras().layers
        hidden = inputs
        for _ in range(self.layers):
            hidden = layers.Conv1D(self.filters, self.kernel, padding="same", activation="relu")(hidden)
        if self.pool > 1:
            hidden = layers.MaxPooling1D(self.pool, padding="same")(hidden)
        hidden = self.read(hidden)
        return layers.Dropout(self.dropout)(hidden) if self.dropout else hidden


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class CNN(Convolutional):
    """Convolutional network with a dense layer on all pooled steps: relu(W [h[1]; ...; h[p]] + b).

    The layers are those of the smaller networks in the authors' code; the larger ones pool twice. They are convolutions
    that keep the number of steps, one pooling, one dense layer, dropout. Departs from that code in three ways. Sizes
    are our own (there: 64 filters of 3 steps, pool 2, 128 units, dropout 0.5). Inputs are scaled by column, not by
    record. Pooling keeps the last step of an odd number.

    Reference:
        Vinayakumar et al. 2017, doi:10.1109/ICACCI.2017.8126009; their code:
        github.com/vinayakumarr/Network-Intrusion-Detection.
    """

    def read(self, pooled: Any) -> Any:
        layers = load_keras().layers
        return layers.Dense(self.units, activation="relu")(layers.Flatten()(pooled))


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class ConvolutionalLSTM(Convolutional):
    """Convolutional network with an LSTM on the pooled steps, whose last hidden state is the result.

    The layers are those of the authors' code. Departs from it as `CNN` does (there: an LSTM of 70 units, dropout 0.1).
    The LSTM is that of `src.models.networks.lstm.LSTM`.

    Reference:
        Vinayakumar et al. 2017, doi:10.1109/ICACCI.2017.8126009.
    """

    def read(self, pooled: Any) -> Any:
        return lstm_layer(self.units, unroll=is_unrolled(pooled.shape[1]))(pooled)


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class BAT(Convolutional):
    """BAT-MC: convolutions, a bidirectional LSTM on the pooled steps, attention over its states, a dense layer.

    h[t] are the states of both directions, concatenated. u[t] = tanh(W h[t] + b);
    a[t] = exp(v u[t]) / sum_s exp(v u[s]); out = relu(W' sum_t a[t] h[t] + b').

    Only the abstract of the source was read; it gives the order of the parts. The rest is our own: all sizes, the
    pooling, and the form of attention, which is that of Yang et al.

    Reference:
        Su et al. 2020, doi:10.1109/ACCESS.2020.2972627; attention: Yang et al. 2016, doi:10.18653/v1/N16-1174.
    """

    def read(self, pooled: Any) -> Any:
        layers = load_keras().layers
        lstm = lstm_layer(self.units, unroll=is_unrolled(pooled.shape[1]), return_sequences=True)
        states = attended = layers.Bidirectional(lstm)(pooled)
        if pooled.shape[1] > 1:  # the weight of a single state is 1, and Keras warns of a softmax over one value
            keys = layers.Dense(2 * self.units, activation="tanh")(states)
            weights = layers.Softmax(axis=1)(layers.Dense(1, use_bias=False)(keys))
            attended = layers.Dot(axes=1)([weights, states])
        return layers.Dense(self.units, activation="relu")(layers.Flatten()(attended))
