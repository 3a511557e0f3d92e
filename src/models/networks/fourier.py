"""Fourier features, sines and cosines of the inputs: the settings of `model.fourier`."""

from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from src.utils.validation import CHECKED, Positive


@dataclass(frozen=True, config=CHECKED)
class Fourier:
    """Settings of the Fourier features; the frequencies are trained (`src.models.networks.layers.FourierFeatures`).

    The classes of KDD99 differ at a fine scale, which a smooth network misses.

    Attributes:
        n_frequencies: Number of frequencies of each input; 0 adds none. A step of k values becomes one of
            k (1 + 2 n_frequencies) values.
        lowest: Lowest frequency before training, in radians per unit of the scaled input.
        highest: Highest frequency before training, in the same unit.
        knee: Frequency above which amplitudes fall.
        decay: Exponent of that fall; 0 keeps all amplitudes equal.
    """

    n_frequencies: Annotated[int, Field(ge=0)]
    lowest: Positive
    highest: Positive
    knee: Positive
    decay: Annotated[float, Field(ge=0, allow_inf_nan=False)]

    def expand(self, inputs: Any, member: int, members: int) -> Any:
        """Add the sines and cosines for one member of an ensemble to a Keras tensor, shape (batch, steps, k).

        Each member starts from other frequencies, between those of the others, so that their errors differ.
        """
        if not self.n_frequencies:
            return inputs
        from src.models.networks.layers import FourierFeatures

        step = (self.highest / self.lowest) ** (1 / max(1, self.n_frequencies - 1))
        shift = step ** (member / members)
        layer = FourierFeatures(self.n_frequencies, self.lowest * shift, self.highest * shift, self.knee, self.decay)
        return layer(inputs)
