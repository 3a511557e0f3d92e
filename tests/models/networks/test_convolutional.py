"""Convolutional networks against NumPy, their weights counted by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from src.models.interface import Fitted
from src.models.networks.convolutional import BAT, CNN, Convolutional, ConvolutionalLSTM
from src.models.networks.network_input import NetworkInput
from tests.models.conftest import NETWORK_DEFAULTS, waves

DEFAULTS = NETWORK_DEFAULTS | {"layers": 2, "filters": 3, "kernel": 4, "pool": 2, "units": 5, "dropout": 0.0}
KINDS = [CNN, ConvolutionalLSTM, BAT]


def make(kind: type[Convolutional], **changes: Any) -> Convolutional:
    return kind(**(DEFAULTS | changes))


def built(kind: type[Convolutional], k: int, *, window: int | None = None, **changes: Any) -> Any:
    return make(kind, **changes).build(NetworkInput(np.zeros(k), np.ones(k), window=window), 2)


# --- weights, counted ------------------------------------------------------------------------------------------------


def convolutions(c: int) -> int:
    """Weights of two layers of 3 filters, each of 4 steps, on c inputs a step."""
    return 3 * (4 * c + 1) + 3 * (4 * 3 + 1)


LSTM_WEIGHTS = 4 * 5 * (5 + 3 + 1)  # 5 units on 3 filters
ATTENTION_WEIGHTS = 10 * (10 + 1) + 10  # on the states of both directions
CLASS_WEIGHTS = 2 * (5 + 1)


@pytest.mark.parametrize(("k", "pool", "places"), [(1, 2, 1), (7, 1, 7), (7, 2, 4), (7, 8, 1), (53, 4, 14)])
def test_a_layer_of_units_has_weights_for_every_place(k: int, pool: int, places: int) -> None:
    network = built(CNN, k, pool=pool)
    assert network.count_params() == convolutions(1) + 5 * (places * 3 + 1) + CLASS_WEIGHTS


@pytest.mark.parametrize(("k", "attention"), [(1, 0), (2, 0), (3, ATTENTION_WEIGHTS), (53, ATTENTION_WEIGHTS)])
def test_what_reads_place_by_place_has_the_same_weights_for_any_number_of_them(k: int, attention: int) -> None:
    assert built(ConvolutionalLSTM, k).count_params() == convolutions(1) + LSTM_WEIGHTS + CLASS_WEIGHTS
    reading = 2 * LSTM_WEIGHTS + attention + 5 * (10 + 1)  # a single step has no attention
    assert built(BAT, k).count_params() == convolutions(1) + reading + CLASS_WEIGHTS


@pytest.mark.parametrize("kind", KINDS)
def test_filters_see_all_values_of_a_step(kind: type[Convolutional]) -> None:
    # 4 steps of 6 values, and of 1 value beside 3 sines and 3 cosines of it, whose frequencies are weights
    rest = built(kind, 4).count_params() - convolutions(1)
    assert built(kind, 6, window=4).count_params() == convolutions(6) + rest
    assert built(kind, 4, fourier=waves(3)).count_params() == convolutions(7) + rest + 3


# --- the equations ---------------------------------------------------------------------------------------------------


def convolved(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Convolution, shape (n, steps, filters), of x, shape (n, steps, c), with w, shape (kernel, c, filters)."""
    kernel, steps = len(w), x.shape[1]
    found = np.zeros((len(x), steps, w.shape[2])) + b
    for step in range(steps):
        for place in range(kernel):
            seen = step - (kernel - 1) // 2 + place
            if 0 <= seen < steps:
                found[:, step] += x[:, seen] @ w[place]
    return np.maximum(found, 0)


def pooled(x: np.ndarray, pool: int) -> np.ndarray:
    """Max pooling, shape (n, ceil(steps / pool), filters)."""
    return np.stack([x[:, start : start + pool].max(axis=1) for start in range(0, x.shape[1], pool)], axis=1)


def lstm(x: np.ndarray, w: np.ndarray, u: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Hidden states of all steps, shape (n, steps, units)."""

    def sigmoid(z: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-z))

    h, c, states = np.zeros((len(x), len(u))), np.zeros((len(x), len(u))), []
    for step in range(x.shape[1]):
        i, f, g, o = np.split(x[:, step] @ w + h @ u + b, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        states.append(h)
    return np.stack(states, axis=1)


def read_at_once(places: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.maximum(places.reshape(len(places), -1) @ w + b, 0)


def read_in_turn(places: np.ndarray, *weights: np.ndarray) -> np.ndarray:
    return lstm(places, *weights)[:, -1]


def read_with_attention(places: np.ndarray, *weights: np.ndarray) -> np.ndarray:
    states = np.concatenate(
        [lstm(places, *weights[:3]), lstm(places[:, ::-1], *weights[3:6])[:, ::-1]],
        axis=-1,
    )
    *attention, w_out, b_out = weights[6:]
    attended = states[:, 0]
    if states.shape[1] > 1:
        w, b, v = attention
        odds = np.exp(np.tanh(states @ w + b) @ v)  # (n, steps, 1)
        attended = (states * odds / odds.sum(axis=1, keepdims=True)).sum(axis=1)
    return np.maximum(attended @ w_out + b_out, 0)


@pytest.mark.parametrize(
    ("kind", "read"), [(CNN, read_at_once), (ConvolutionalLSTM, read_in_turn), (BAT, read_with_attention)]
)
@pytest.mark.parametrize(
    ("k", "kernel", "pool"),
    # one step; a last group of one step; of two, with as many steps before as after; more steps than are unrolled
    [(1, 3, 2), (7, 4, 2), (8, 5, 3), (20, 2, 1)],
)
def test_the_logits_are_those_of_numpy(
    k: int, kernel: int, pool: int, kind: type[Convolutional], read: Callable[..., np.ndarray]
) -> None:
    rng = np.random.default_rng(k)
    network = built(kind, k, kernel=kernel, pool=pool)
    weights = [rng.standard_normal(one.shape).astype(np.float32) for one in network.get_weights()]
    network.set_weights(weights)
    X = rng.standard_normal((6, k, 1)).astype(np.float32)
    places = pooled(convolved(convolved(X, *weights[:2]), *weights[2:4]), pool)
    assert places.shape == (6, -(-k // pool), 3)
    expected = read(places, *weights[4:-2]) @ weights[-2] + weights[-1]
    np.testing.assert_allclose(network.predict_on_batch(X)[:, 0], expected, rtol=1e-4, atol=1e-4)


# --- fits ------------------------------------------------------------------------------------------------------------


@pytest.mark.integration
@pytest.mark.parametrize("kind", KINDS)
def test_32_rows_are_learned_by_heart_and_the_same_seed_gives_the_same_weights(
    kind: type[Convolutional], fit: Callable[..., Fitted], make_rows: Callable[..., Any]
) -> None:
    X, y = make_rows()
    model = make(kind, layers=1, filters=32, units=32, input_scale=4.0)
    first, again = (fit(model, epochs=60, learning_rate=0.02, schedule="cosine").classifier for _ in range(2))
    assert (first.predict_proba(X).argmax(axis=1) == y).all()
    np.testing.assert_array_equal(first.predict_proba(X), again.predict_proba(X))


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_is_of_what_the_classes_are_read_from(kind: type[Convolutional]) -> None:
    for dropout, rates in ((0.25, [0.25]), (0.0, [])):
        layers = built(kind, 3, dropout=dropout).layers
        assert [layer.rate for layer in layers if type(layer).__name__ == "Dropout"] == rates


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": 0}, "layers\n.*greater than or equal to 1"),
        ({"filters": 0}, "filters\n.*greater than or equal to 1"),
        ({"kernel": 0}, "kernel\n.*greater than or equal to 1"),
        ({"pool": 0}, "pool\n.*greater than or equal to 1"),
        ({"dropout": 1.0}, "dropout\n.*less than 1"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        make(CNN, **changes)
