"""Input of a network: statistics of the training part, layout of the columns, and the layers that use them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from src.models.networks.column_forms import ColumnForms
from src.models.networks.keras_setup import load_keras
from src.models.networks.weight_of_evidence import Evidence

# An input whose deviation is a smaller share of the largest input counts as constant. Principal components without
# variance reach 1e-6 by float32's rounding; the columns of KDD99 scaled to [0, 1] stay above 1e-4. If the rounding were
# scaled up, a record that differs from the constant would have an input far larger than all others.
ROUNDING = 1e-5


@dataclass(frozen=True)
class NetworkInput:
    """The k inputs of a network.

    Attributes:
        mean: Mean of each input on the training part, after recoding, shape (k,).
        deviation: Standard deviation of each input on the training part, after recoding, shape (k,).
        evidence: Recoding of the inputs, before all else; None leaves them as they are.
        steps: Step that each input belongs to, int64, shape (k,); None makes each input a step.
        window: Records in a window; None reads single records.
        forms: Forms of the columns, in place of the inputs; they are read as they are, from 0 to 1.
    """

    mean: np.ndarray
    deviation: np.ndarray
    evidence: Evidence | None = None
    steps: np.ndarray | None = None
    window: int | None = None
    forms: ColumnForms | None = None

    def layers(self, *, standardize: bool, scale: float, noise: float) -> tuple[Any, Any]:
        """Build the layers before the members: recoding, scaling, noise, and grouping into steps.

        Args:
            standardize: Subtract the mean and divide by the deviation; a constant input is only centered.
            scale: Factor on the inputs after that.
            noise: Standard deviation of the noise that training adds to the scaled inputs.
        Returns:
            The Keras input, shape (batch, k, 1) or (batch, window, k), and the tensor that the members read.
        """
        keras = load_keras()
        mean, deviation = self.mean, self.deviation
        if not standardize:
            mean, deviation = np.zeros_like(mean), np.ones_like(deviation)
        variance = np.where(is_constant(mean, deviation), 1.0, (deviation / scale) ** 2)
        k = len(mean)
        inputs = hidden = keras.Input((k, 1) if self.window is None else (self.window, k))
        axis = 1 if self.window is None else 2
        if self.evidence is not None:
            from src.models.networks.layers import WeightOfEvidence

            hidden = WeightOfEvidence(self.evidence.edges, self.evidence.weights, axis)(hidden)
        if self.forms is not None:
            hidden = keras.layers.Rescaling(scale)(self.forms.layer(axis)(hidden))
        else:
            hidden = keras.layers.Normalization(axis=axis, mean=mean, variance=variance)(hidden)
        if noise:
            hidden = keras.layers.GaussianNoise(noise)(hidden)
        if self.steps is not None:
            from src.models.networks.layers import Grouped

            steps = self.steps if self.forms is None else self.steps[self.forms.columns]
            hidden = Grouped(steps.tolist())(hidden)
        return inputs, hidden


def is_constant(mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Find the inputs that do not vary but for rounding: bool, shape (k,).

    Args:
        mean: Mean of each input, shape (k,).
        deviation: Standard deviation of each input, shape (k,).
    """
    constant: np.ndarray = deviation <= ROUNDING * np.max(np.abs(mean) + deviation)
    return constant
