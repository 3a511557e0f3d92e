"""Ensemble of extreme learning machines: networks with a random hidden layer and a fitted output layer."""

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
    """Random hidden layer: sigmoid(X W + b), with W and b uniform in [-1, 1] and never trained.

    Args:
        units: Width of the layer.
        random_state: Seed of the draw.
    Attributes:
        weights_: W, float64, shape (d, units).
        biases_: b, float64, shape (units,).
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
        """Compute the hidden values, shape (n, units), of X, shape (n, d)."""
        check_is_fitted(self)
        hidden: np.ndarray = 1 / (1 + np.exp(-(validate_data(self, X, reset=False) @ self.weights_ + self.biases_)))
        return hidden


@dataclass(frozen=True, config=CHECKED)
class ExtremeLearningMachines(Classical):
    """Machines fitted on samples of the training records; the probability of a class is its share of the votes.

    Each sample is drawn with replacement. Departs from the source in the combination: there, an optimized subset of
    the machines votes.

    Attributes:
        machines: Number of machines.
        units: Width of the hidden layer of each machine.
        ridge: L2 penalty on the output layer.
    Reference:
        Huang et al. 2006, doi:10.1016/j.neucom.2005.12.126; the ensemble: Shen et al. 2018.
    """

    machines: Count
    units: Count
    ridge: Annotated[float, Field(gt=0, allow_inf_nan=False)]

    def make_estimator(self, seed: int) -> ClassifierMixin:
        machine = make_pipeline(RandomHidden(self.units), RidgeClassifier(alpha=self.ridge))
        return BaggingClassifier(machine, self.machines, random_state=seed)
