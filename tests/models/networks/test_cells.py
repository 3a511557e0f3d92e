"""Recurrent cells: against their published equations in NumPy, and against the LSTM that they extend."""

from typing import Any

import numpy as np
import pytest

from src.models.networks.cells import MultiplicativeLSTMCell, PeepholeLSTMCell
from src.models.networks.keras_setup import load_keras

keras = load_keras()
UNITS = 3
RNG = np.random.default_rng(0)
# three records, four steps of two values; the second is 1, for the identity of the multiplicative LSTM
X = np.stack([RNG.standard_normal((3, 4)), np.ones((3, 4))], axis=-1).astype(np.float32)
W, U, B = RNG.standard_normal((2, 12)), RNG.standard_normal((3, 12)), RNG.standard_normal(12)


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def made(layer: Any, *weights: np.ndarray) -> Any:
    """Layer with these weights, in the order of its cell."""
    layer.build((None, 4, 2))
    layer.set_weights([one.astype(np.float32) for one in weights])
    return layer


def read(layer: Any) -> np.ndarray:
    """Hidden states of all steps, shape (3, 4, units)."""
    return np.asarray(layer(X))


def peephole(*peepholes: np.ndarray) -> Any:
    return made(keras.layers.RNN(PeepholeLSTMCell(UNITS), return_sequences=True), W, U, B, np.stack(peepholes))


def multiplicative(input_factor: np.ndarray, recurrent_factor: np.ndarray) -> Any:
    layer = keras.layers.RNN(MultiplicativeLSTMCell(UNITS), return_sequences=True)
    return made(layer, W, U, B, input_factor, recurrent_factor)


def lstm() -> Any:
    return made(keras.layers.LSTM(UNITS, return_sequences=True), W, U, B)


def test_a_peephole_lstm_is_that_of_gers_step_by_step() -> None:
    p_i, p_f, p_o = RNG.standard_normal((3, UNITS))
    h, c, expected = np.zeros((3, UNITS)), np.zeros((3, UNITS)), []
    for step in range(4):
        i, f, g, o = np.split(X[:, step] @ W + h @ U + B, 4, axis=1)
        before = c
        c = sigmoid(f + p_f * before) * before + sigmoid(i + p_i * before) * np.tanh(g)
        h = sigmoid(o + p_o * c) * np.tanh(c)  # the output gate reads the new state
        expected.append(h)
    np.testing.assert_allclose(read(peephole(p_i, p_f, p_o)), np.stack(expected, axis=1), atol=1e-5)


def test_without_peepholes_it_is_an_lstm() -> None:
    np.testing.assert_allclose(read(peephole(*np.zeros((3, UNITS)))), read(lstm()), atol=1e-6)


@pytest.mark.parametrize("place", range(3))
def test_each_gate_has_a_peephole(place: int) -> None:
    peepholes = np.zeros((3, UNITS))
    peepholes[place] = 1
    first, later = np.split(np.abs(read(peephole(*peepholes)) - read(lstm())).max(axis=(0, 2)), [1])
    assert (first > 1e-3).all() == (place == 2)  # at the first step only the new state is not 0
    assert (later > 1e-3).all()


def test_a_multiplicative_lstm_is_that_of_krause_step_by_step() -> None:
    input_factor, recurrent_factor = RNG.standard_normal((2, UNITS)), RNG.standard_normal((UNITS, UNITS))
    h, c, expected = np.zeros((3, UNITS)), np.zeros((3, UNITS)), []
    for step in range(4):
        m = (X[:, step] @ input_factor) * (h @ recurrent_factor)
        i, f, g, o = np.split(X[:, step] @ W + m @ U + B, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        expected.append(h)
    found = read(multiplicative(input_factor, recurrent_factor))
    np.testing.assert_allclose(found, np.stack(expected, axis=1), atol=1e-5)
    assert not np.allclose(found, read(lstm()), atol=1e-2)


def test_where_the_intermediate_state_is_the_hidden_state_it_is_an_lstm() -> None:
    ones = np.array([[0] * UNITS, [1] * UNITS])  # the second value of each step is 1, so W_mx x = 1
    np.testing.assert_allclose(read(multiplicative(ones, np.eye(UNITS))), read(lstm()), atol=1e-6)


@pytest.mark.parametrize("cell", [PeepholeLSTMCell, MultiplicativeLSTMCell])
def test_before_training_weights_that_an_lstm_has_are_as_in_one(cell: Any) -> None:
    found = []
    for make in (lambda: keras.layers.RNN(cell(UNITS)), lambda: keras.layers.LSTM(UNITS)):
        keras.utils.set_random_seed(1)
        layer = make()
        layer.build((None, 4, 2))
        found.append(layer.get_weights()[:3])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("cell", [PeepholeLSTMCell, MultiplicativeLSTMCell])
def test_a_cell_comes_back_from_its_config_and_takes_no_option_it_would_not_heed(cell: Any) -> None:
    layer = keras.layers.RNN(cell(UNITS, name="read"))
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer), safe_mode=True)
    assert type(again.cell) is cell
    assert again.cell.get_config() == layer.cell.get_config()
    assert set(layer.cell.get_config()) == {"units", "name", "dtype", "trainable"}
    with pytest.raises(TypeError, match="unexpected keyword argument 'dropout'"):
        cell(UNITS, dropout=0.5)
