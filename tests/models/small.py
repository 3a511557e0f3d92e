"""Two small networks that many tests fit, and the values that they read from a fit."""

import numpy as np

from src.data.layout import ModelInput
from src.models.interface import Fitted
from tests.models.conftest import make_lstm

NET = make_lstm(layers=1, units=8, dropout=0.0, input_scale=4.0)
SMALL = make_lstm(layers=1, units=2, dropout=0.0, input_scale=4.0)


def weights(fitted: Fitted) -> list[np.ndarray]:
    found: list[np.ndarray] = fitted.classifier._network.get_weights()  # type: ignore[attr-defined]
    return found


def history(fitted: Fitted) -> list[dict[str, float]]:
    """Metrics of the epochs, without the seconds."""
    return [{name: value for name, value in one.items() if name != "seconds"} for one in fitted.epochs]


def accuracy(fitted: Fitted, rows: tuple[ModelInput, np.ndarray]) -> float:
    X, y = rows
    return float(np.mean(fitted.classifier.predict_proba(X).argmax(axis=1) == y))
