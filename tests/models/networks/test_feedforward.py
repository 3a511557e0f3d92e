"""Feed-forward network against NumPy, its weights counted by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from src.models.interface import Fitted
from src.models.networks.feedforward import FeedForward
from src.models.networks.network_input import NetworkInput
from tests.models.conftest import NETWORK_DEFAULTS, waves


def make_dnn(**changes: Any) -> FeedForward:
    return FeedForward(**(NETWORK_DEFAULTS | {"layers": 2, "units": 4, "dropout": 0.0} | changes))


@pytest.mark.parametrize(
    ("changes", "k", "window", "weights"),
    [
        # a layer has units * (inputs + 1) weights, the classes (units + 1) * 2
        ({}, 3, None, 4 * (3 + 1) + 4 * (4 + 1) + 5 * 2),
        ({}, 1, None, 4 * (1 + 1) + 4 * (4 + 1) + 5 * 2),
        ({"layers": 1, "units": 6}, 53, None, 6 * (53 + 1) + 7 * 2),
        ({"layers": 3}, 3, None, 4 * (3 + 1) + 2 * 4 * (4 + 1) + 5 * 2),
        ({}, 5, 8, 4 * (5 * 8 + 1) + 4 * (4 + 1) + 5 * 2),
        # 1 + 2 * 3 values of each input, and the frequencies are weights themselves
        ({"fourier": waves(3)}, 3, None, 3 + 4 * (3 * 7 + 1) + 4 * (4 + 1) + 5 * 2),
    ],
)
def test_all_values_of_all_steps_are_inputs_of_the_first_layer(
    changes: dict[str, Any], k: int, window: int | None, weights: int
) -> None:
    assert make_dnn(**changes).build(NetworkInput(np.zeros(k), np.ones(k), window=window), 2).count_params() == weights


@pytest.mark.parametrize("k", [1, 7])
def test_the_logits_are_those_of_numpy(k: int) -> None:
    rng = np.random.default_rng(k)
    network = make_dnn().build(NetworkInput(np.zeros(k), np.ones(k)), 3)
    weights = [rng.standard_normal(one.shape).astype(np.float32) for one in network.get_weights()]
    network.set_weights(weights)
    X = rng.standard_normal((5, k, 1)).astype(np.float32)
    w1, b1, w2, b2, w3, b3 = weights
    hidden = np.maximum(np.maximum(X[:, :, 0] @ w1 + b1, 0) @ w2 + b2, 0)
    np.testing.assert_allclose(network.predict_on_batch(X)[:, 0], hidden @ w3 + b3, atol=1e-4)


def test_dropout_follows_every_layer_at_its_rate_and_is_not_there_at_0() -> None:
    for dropout, rates in ((0.25, [0.25, 0.25]), (0.0, [])):
        network = make_dnn(dropout=dropout).build(NetworkInput(np.zeros(3), np.ones(3)), 2)
        assert [layer.rate for layer in network.layers if type(layer).__name__ == "Dropout"] == rates


@pytest.mark.integration
def test_32_rows_are_learned_by_heart(fit: Callable[..., Fitted], make_rows: Callable[..., Any]) -> None:
    X, y = make_rows()
    fitted = fit(make_dnn(units=32, input_scale=4.0), epochs=80)
    assert (fitted.classifier.predict_proba(X).argmax(axis=1) == y).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": 0}, "layers\n.*greater than or equal to 1"),
        ({"units": 0}, "units\n.*greater than or equal to 1"),
        ({"dropout": 1.0}, "dropout\n.*less than 1"),
        ({"bidirectional": True}, "bidirectional\n.*Unexpected keyword"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        make_dnn(**changes)
