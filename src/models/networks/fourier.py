"""Sines and cosines that a network sees beside its inputs: the settings of `model.fourier`."""

from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from src.utils.validation import CHECKED, Positive


@dataclass(frozen=True, config=CHECKED)
class Fourier:
    """Range and amplitude of the frequencies, which are trained (`src.models.networks.layers.FourierFeatures`).

    KDD99's classes differ at a fine scale, which a smooth network misses.

    Attributes:
        n_frequencies: Sines and cosines of each input; 0 leaves the inputs alone. A step of k values becomes one of
            k (1 + 2 n_frequencies).
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

        The frequencies of the members lie between each other's, so that their errors differ.
        """
        if not self.n_frequencies:
            return inputs
        from src.models.networks.layers import FourierFeatures

        step = (self.highest / self.lowest) ** (1 / max(1, self.n_frequencies - 1))
        shift = step ** (member / members)
        layer = FourierFeatures(self.n_frequencies, self.lowest * shift, self.highest * shift, self.knee, self.decay)
        return layer(inputs)
