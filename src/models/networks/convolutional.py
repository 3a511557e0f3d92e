"""Convolutional networks: filters along a record's values, and what reads the places where they found something."""

from abc import abstractmethod
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from src.models.networks.keras_setup import load_keras
from src.models.networks.lstm import lstm_layer
from src.models.networks.network import Network
from src.models.networks.recurrent import written_out
from src.utils.validation import CHECKED, Count


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class Convolutional(Network):
    """Stacked convolutional layers along the steps, then the largest value of each few places, then what reads those.

    h[t] = relu(W [x[t - a]; ...; x[t + b]] + b'), with a = (kernel - 1) // 2 steps before and b = kernel // 2 behind,
    and zeros beyond both ends: as many places as steps, one step included.

    Attributes:
        layers: Convolutional layers, one on top of the other.
        filters: Width of each: values that it gives of each place.
        kernel: Steps that a filter sees.
        pool: So many places become one, by the largest value of each filter; the last one may be of fewer, so that any
            number of steps will do and none is left out. 1 leaves the places as they are.
        units: Width of what reads them.
        dropout: Share of its values zeroed in training, 0 <= dropout < 1.
    """

    layers: Count
    filters: Count
    kernel: Count
    pool: Count
    units: Count
    dropout: Annotated[float, Field(ge=0, lt=1)]

    @abstractmethod
    def read(self, places: Any) -> Any:
        """Keras layers from places, float32, shape (batch, p, filters), to shape (batch, d)."""

    def body(self, inputs: Any) -> Any:
        """float32, shape (batch, steps, c), by way of ceil(steps / pool) places to (batch, d)."""
        layers = load_keras().layers
        places = inputs
        for _ in range(self.layers):
            places = layers.Conv1D(self.filters, self.kernel, padding="same", activation="relu")(places)
        if self.pool > 1:
            places = layers.MaxPooling1D(self.pool, padding="same")(places)
        hidden = self.read(places)
        return layers.Dropout(self.dropout)(hidden) if self.dropout else hidden


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class CNN(Convolutional):
    """A layer of units reads all places at once: relu(W [h[1]; ...; h[p]] + b).

    The layers are those of the smaller networks of the authors' code, whose larger ones pool twice: convolutions
    that keep the number of steps, one pooling, one layer of units, dropout. Departs from it in the rest: sizes are ours
    (there 64 filters of 3 steps, pool 2, 128 units, dropout 0.5), inputs are scaled by column, not by record, and of an
    odd number of places the last one is kept.

    Reference:
        Vinayakumar et al. 2017, doi:10.1109/ICACCI.2017.8126009; their code:
        github.com/vinayakumarr/Network-Intrusion-Detection.
    """

    def read(self, places: Any) -> Any:
        layers = load_keras().layers
        return layers.Dense(self.units, activation="relu")(layers.Flatten()(places))


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class ConvolutionalLSTM(Convolutional):
    """An LSTM (see `src.models.networks.lstm.LSTM`) reads the places one after the other; its last state counts.

    The layers are those of the authors' code; departs from it as `CNN` does (there an LSTM of 70 units, dropout 0.1).

    Reference:
        Vinayakumar et al. 2017, doi:10.1109/ICACCI.2017.8126009.
    """

    def read(self, places: Any) -> Any:
        return lstm_layer(self.units, unroll=written_out(places.shape[1]))(places)


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class BAT(Convolutional):
    """BAT-MC: an LSTM reads the places from both ends, attention weighs its states, and a layer of units reads the sum.

    Of the states h[t], of both ends side by side: u[t] = tanh(W h[t] + b); a[t] = exp(v u[t]) / sum_s exp(v u[s]);
    out = relu(W' sum_t a[t] h[t] + b').

    Of the source its abstract was read, which says what follows what. Departs from it in what that leaves open: all
    sizes, the pooling, and the form of attention, which is that of Yang et al.

    Reference:
        Su et al. 2020, doi:10.1109/ACCESS.2020.2972627; attention: Yang et al. 2016, doi:10.18653/v1/N16-1174.
    """

    def read(self, places: Any) -> Any:
        layers = load_keras().layers
        lstm = lstm_layer(self.units, unroll=written_out(places.shape[1]), return_sequences=True)
        states = attended = layers.Bidirectional(lstm)(places)
        if places.shape[1] > 1:  # a single state weighs 1, and Keras warns of a softmax over one value
            seen = layers.Dense(2 * self.units, activation="tanh")(states)
            weights = layers.Softmax(axis=1)(layers.Dense(1, use_bias=False)(seen))
            attended = layers.Dot(axes=1)([weights, states])
        return layers.Dense(self.units, activation="relu")(layers.Flatten()(attended))
