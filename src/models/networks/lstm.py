"""The LSTM of the paper, and variants: with peepholes, multiplicative, on the weight of evidence."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from src.models.networks.keras_setup import load_keras
from src.models.networks.network_input import is_constant
from src.models.networks.recurrent import Recurrent
from src.models.networks.weight_of_evidence import Evidence, fit_evidence
from src.utils.validation import CHECKED


def lstm_layer(units: int, *, unroll: bool = False, **options: Any) -> Any:
    """Make the Keras layer of an LSTM, with the options of `Recurrent.layer`."""
    if not unroll:
        return load_keras().layers.LSTM(units, **options)
    from src.models.networks.layers import UnrolledLSTM

    return UnrolledLSTM(units, **options)


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class LSTM(Recurrent):
    """LSTM with a forget gate.

    i[t] = sigmoid(W_i x[t] + U_i h[t-1] + b_i), f[t] and o[t] likewise; g[t] = tanh(W_g x[t] + U_g h[t-1] + b_g);
    c[t] = f[t] * c[t-1] + i[t] * g[t]; h[t] = o[t] * tanh(c[t]).

    Reference:
        Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735; forget gates: Gers et al. 2000,
        doi:10.1162/089976600300015015; Laghrissi et al. 2021.
    """

    def layer(self, **options: Any) -> Any:
        return lstm_layer(self.units, **options)


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class PeepholeLSTM(Recurrent):
    """LSTM whose gates read the cell state; equations, source and departures are in `src.models.networks.cells`."""

    def layer(self, **options: Any) -> Any:
        from src.models.networks.cells import PeepholeLSTMCell

        return load_keras().layers.RNN(PeepholeLSTMCell(self.units), **options)


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class MultiplicativeLSTM(Recurrent):
    """LSTM whose recurrent weights depend on the input; equations and source are in `src.models.networks.cells`."""

    def layer(self, **options: Any) -> Any:
        from src.models.networks.cells import MultiplicativeLSTMCell

        return load_keras().layers.RNN(MultiplicativeLSTMCell(self.units), **options)


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class WeightedLSTM(LSTM):
    """LSTM on the weight of evidence of each input (`src.models.networks.weight_of_evidence`).

    The recoding is part of the network: it is fitted on the training part and saved in the same file. Standardizing,
    noise and Fourier features apply to the recoded inputs.

    Departs from the source in the inputs: here they are the outputs of scaling, reducer and layout; there, the columns
    of the records.

    Attributes:
        bins: Upper bound on the bins of each input.
        smoothing: Number of records added to each bin for attacks and for normal traffic, above 0.
    Reference:
        Amar & El Ouahidi 2020, Int. J. Data Mining, Modelling and Management 12(3), 308-329.
    """

    bins: Annotated[int, Field(ge=2)]
    smoothing: Annotated[float, Field(gt=0, allow_inf_nan=False)]

    def recoding(self, X: np.ndarray, y: np.ndarray) -> Evidence:
        # an input that varies by rounding alone gets a single bin, as its noise matches the classes only by chance
        constant = is_constant(X.mean(axis=0, dtype=np.float64), X.std(axis=0, dtype=np.float64))
        return fit_evidence(np.where(constant, np.float32(0), X), y != 0, self.bins, self.smoothing)
