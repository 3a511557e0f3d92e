"""Extreme learning machines: a random hidden layer, of which only what reads it is fitted; many of them vote."""

from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted, validate_data

from src.models.classical.classifier import Classical
from src.utils.validation import CHECKED, Count


class RandomHidden(TransformerMixin, BaseEstimator):
    """A layer that stays as it was drawn: sigmoid(X W + b), with W and b uniform in [-1, 1].

    Args:
        units: Width.
        random_state: Of the draw.
    Attributes:
        weights_: float64, shape (d, units).
        biases_: float64, shape (units,).
    """

    def __init__(self, units: int = 100, *, random_state: Any = None):
        self.units = units
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Draw the weights for X, shape (n, d)."""
        validate_data(self, X)
        rng = np.random.default_rng(self.random_state)
        self.weights_ = rng.uniform(-1, 1, (self.n_features_in_, self.units))
        self.biases_ = rng.uniform(-1, 1, self.units)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """The hidden values, shape (n, units), of X, shape (n, d)."""
        check_is_fitted(self)
        hidden: np.ndarray = 1 / (1 + np.exp(-(validate_data(self, X, reset=False) @ self.weights_ + self.biases_)))
        return hidden


@dataclass(frozen=True, config=CHECKED)
class ExtremeLearningMachines(Classical):
    """Machines on samples of the training records, drawn with replacement; a class's probability is its share of votes.

    Departs from the source in how the machines are combined: there, an optimized choice of them votes.

    Attributes:
        machines: How many vote.
        units: Width of the hidden layer of each.
        ridge: Penalty on what reads it.
    Reference:
        Huang et al. 2006, doi:10.1016/j.neucom.2005.12.126; Shen et al. 2018, an ensemble of them.
    """

    machines: Count
    units: Count
    ridge: Annotated[float, Field(gt=0, allow_inf_nan=False)]

    def make_estimator(self, seed: int) -> ClassifierMixin:
        machine = make_pipeline(RandomHidden(self.units), RidgeClassifier(alpha=self.ridge))
        return BaggingClassifier(machine, self.machines, random_state=seed)
