"""Recurrent networks against NumPy, their weights counted by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import DictConfig

from src.config.build import build
from src.models.interface import Fitted
from src.models.networks.classifier import NetworkClassifier
from src.models.networks.lstm import LSTM, MultiplicativeLSTM, PeepholeLSTM, WeightedLSTM
from src.models.networks.network_input import NetworkInput
from src.models.networks.recurrent import GRU, RNN, Recurrent
from src.models.persistence import load_classifier
from tests.models.conftest import LSTM_DEFAULTS

CLASSES = {
    "lstm": LSTM,
    "lstm_ensemble": LSTM,
    "bilstm": LSTM,
    "lstm_peephole": PeepholeLSTM,
    "lstm_multiplicative": MultiplicativeLSTM,
    "lstm_weighted": WeightedLSTM,
    "gru": GRU,
    "rnn": RNN,
}


@pytest.mark.parametrize("name", CLASSES)
def test_the_model_is_the_one_of_its_name(name: str, composed: Callable[..., DictConfig]) -> None:
    model, lstm = (build(composed(f"model={one}")).model for one in (name, "lstm"))
    assert type(model) is CLASSES[name]
    assert (model.bidirectional, model.members) == (name == "bilstm", 4 if name == "lstm_ensemble" else 1)
    assert (model.layers, model.units, model.dropout) == (lstm.layers, lstm.units, lstm.dropout)  # the same size


@pytest.mark.parametrize(
    ("kind", "weights"),
    [
        # a layer of 4 units on c inputs
        (LSTM, lambda c: 4 * 4 * (4 + c + 1)),
        (PeepholeLSTM, lambda c: 4 * 4 * (4 + c + 1) + 3 * 4),
        (MultiplicativeLSTM, lambda c: 4 * 4 * (4 + c + 1) + 4 * (4 + c)),
        (GRU, lambda c: 3 * 4 * (4 + c + 2)),
        (RNN, lambda c: 4 * (4 + c + 1)),
    ],
)
def test_layers_are_stacked_and_read_in_both_directions(kind: type[Recurrent], weights: Callable[[int], int]) -> None:
    def count(**changes: Any) -> int:
        return kind(**(LSTM_DEFAULTS | changes)).build(NetworkInput(np.zeros(3), np.ones(3)), 2).count_params()

    assert count() == weights(1) + 5 * 2
    assert count(layers=2) == weights(1) + weights(4) + 5 * 2
    assert count(bidirectional=True, layers=2) == 2 * weights(1) + 2 * weights(8) + 9 * 2


@pytest.mark.parametrize("kind", [PeepholeLSTM, MultiplicativeLSTM])
def test_cells_of_our_own_are_kept_where_layers_read_from_both_ends(
    kind: type[Recurrent], make_rows: Callable[..., Any], tmp_path: Path
) -> None:
    model = kind(**(LSTM_DEFAULTS | {"layers": 2, "bidirectional": True, "dropout": 0.1}))
    classifier = NetworkClassifier(model.build(NetworkInput(np.zeros(3), np.ones(3)), 2))
    X, _ = make_rows()
    classifier.save(tmp_path)
    np.testing.assert_array_equal(load_classifier(tmp_path).predict_proba(X), classifier.predict_proba(X))


def test_peepholes_are_trained(fit: Callable[..., Fitted]) -> None:
    network = fit(PeepholeLSTM(**LSTM_DEFAULTS), epochs=1).classifier._network  # type: ignore[attr-defined]
    (peepholes,) = [one.numpy() for one in network.trainable_weights if one.name == "peepholes"]
    assert (np.abs(peepholes) > 1e-3).all()


# --- the equations of Keras's own layers -----------------------------------------------------------------------------

RNG = np.random.default_rng(0)
X = RNG.standard_normal((3, 4, 2)).astype(np.float32)


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def with_weights(kind: type[Recurrent], *weights: np.ndarray) -> np.ndarray:
    """Hidden states of all steps, shape (3, 4, 3), of a layer with these weights."""
    layer = kind(**(LSTM_DEFAULTS | {"units": 3})).layer(return_sequences=True)
    layer.build((None, 4, 2))
    layer.set_weights([one.astype(np.float32) for one in weights])
    return np.asarray(layer(X))


def test_an_lstm_is_that_of_gers_step_by_step() -> None:
    w, u, b = RNG.standard_normal((2, 12)), RNG.standard_normal((3, 12)), RNG.standard_normal(12)
    h, c, expected = np.zeros((3, 3)), np.zeros((3, 3)), []
    for step in range(4):
        i, f, g, o = np.split(X[:, step] @ w + h @ u + b, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        expected.append(h)
    np.testing.assert_allclose(with_weights(LSTM, w, u, b), np.stack(expected, axis=1), atol=1e-5)


def test_a_gru_is_that_of_cho_with_the_reset_gate_behind_the_weights() -> None:
    w, u, b = RNG.standard_normal((2, 9)), RNG.standard_normal((3, 9)), RNG.standard_normal((2, 9))
    h, expected = np.zeros((3, 3)), []
    for step in range(4):
        z, r, g = np.split(X[:, step] @ w + b[0], 3, axis=1)
        z_h, r_h, g_h = np.split(h @ u + b[1], 3, axis=1)
        update = sigmoid(z + z_h)
        h = update * h + (1 - update) * np.tanh(g + sigmoid(r + r_h) * g_h)
        expected.append(h)
    np.testing.assert_allclose(with_weights(GRU, w, u, b), np.stack(expected, axis=1), atol=1e-5)


def test_a_plain_recurrent_network_is_that_of_elman_with_tanh() -> None:
    w, u, b = RNG.standard_normal((2, 3)), RNG.standard_normal((3, 3)), RNG.standard_normal(3)
    h, expected = np.zeros((3, 3)), []
    for step in range(4):
        h = np.tanh(X[:, step] @ w + h @ u + b)
        expected.append(h)
    np.testing.assert_allclose(with_weights(RNN, w, u, b), np.stack(expected, axis=1), atol=1e-5)
