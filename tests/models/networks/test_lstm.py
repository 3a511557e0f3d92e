"""LSTM: the network that its settings build, with the weights counted by hand."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from src.models.networks.network_input import NetworkInput
from tests.models.conftest import make_lstm, waves


def built(n_classes: int = 2, k: int = 3, **changes: Any) -> Any:
    return make_lstm(**changes).build(NetworkInput(np.zeros(k), np.ones(k)), n_classes)


def layers(network: Any, kind: str) -> list[Any]:
    return [layer for layer in network.layers if type(layer).__name__ == kind]


@pytest.mark.parametrize(
    ("changes", "n_classes", "weights"),
    [
        # a layer has 4 * units * (units + inputs + 1) weights, the classes (width + 1) * classes
        ({"units": 4}, 2, 4 * 4 * (4 + 1 + 1) + 5 * 2),
        ({"units": 5}, 2, 4 * 5 * (5 + 1 + 1) + 6 * 2),
        ({"layers": 2}, 2, 4 * 4 * (4 + 1 + 1) + 4 * 4 * (4 + 4 + 1) + 5 * 2),
        ({"layers": 3}, 5, 4 * 4 * (4 + 1 + 1) + 2 * 4 * 4 * (4 + 4 + 1) + 5 * 5),
        ({"bidirectional": True}, 2, 2 * 4 * 4 * (4 + 1 + 1) + 9 * 2),
        (
            {"bidirectional": True, "layers": 2, "units": 3},
            3,
            2 * 4 * 3 * (3 + 1 + 1) + 2 * 4 * 3 * (3 + 6 + 1) + 7 * 3,
        ),
        ({"dropout": 0.5}, 2, 4 * 4 * (4 + 1 + 1) + 5 * 2),
        # with 3 frequencies each step has 1 + 2 * 3 inputs, and the frequencies are weights themselves
        ({"fourier": waves(3)}, 2, 4 * 4 * (4 + 7 + 1) + 5 * 2 + 3),
    ],
)
def test_the_network_has_the_weights_that_its_settings_ask_for(
    changes: dict[str, Any], n_classes: int, weights: int
) -> None:
    assert built(n_classes, **changes).count_params() == weights


@pytest.mark.parametrize("k", [1, 7])
def test_the_number_of_inputs_changes_the_length_of_the_sequence_and_not_the_weights(k: int) -> None:
    network = built(k=k)
    assert network.input_shape == (None, k, 1)
    assert network.output_shape == (None, 1, 2)
    assert network.count_params() == 106


def test_a_window_is_a_step_a_record_with_all_its_values() -> None:
    network = make_lstm().build(NetworkInput(np.zeros(5), np.ones(5), window=8), 2)
    assert network.input_shape == (None, 8, 5)
    assert network.count_params() == 4 * 4 * (4 + 5 + 1) + 5 * 2
    with_waves = make_lstm(fourier=waves(3)).build(NetworkInput(np.zeros(5), np.ones(5), window=8), 2)
    assert with_waves.count_params() == 4 * 4 * (4 + 5 * 7 + 1) + 5 * 2 + 3


def test_dropout_follows_every_layer_at_its_rate() -> None:
    network = built(layers=3, dropout=0.25)
    assert [layer.rate for layer in layers(network, "Dropout")] == [0.25, 0.25, 0.25]
    assert [layer.recurrent_dropout for layer in layers(network, "UnrolledLSTM")] == [0, 0, 0]


def test_without_dropout_there_is_no_dropout_layer() -> None:
    assert layers(built(layers=2), "Dropout") == []


def test_only_the_last_layer_gives_its_last_state_alone() -> None:
    assert [layer.return_sequences for layer in layers(built(layers=3), "UnrolledLSTM")] == [True, True, False]


@pytest.mark.parametrize(("k", "kind"), [(1, "LSTM"), (2, "UnrolledLSTM"), (16, "UnrolledLSTM"), (17, "LSTM")])
def test_sequences_of_a_few_steps_are_unrolled(k: int, kind: str) -> None:
    network = built(k=k, layers=2)
    assert len(layers(network, kind)) == 2


def test_bidirectional_layers_are_stacked() -> None:
    network = built(layers=2, bidirectional=True)
    assert [layer.output.shape[-1] for layer in layers(network, "Bidirectional")] == [8, 8]
    assert layers(network, "LSTM") == []


def test_the_order_of_the_inputs_matters() -> None:
    # the order of the steps matters
    network = built()
    X = np.array([[1, 2, 3], [3, 2, 1]], dtype=np.float32)[:, :, None]
    one, other = network.predict_on_batch(X)
    assert not np.allclose(one, other)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": 0}, "layers\n.*greater than or equal to 1"),
        ({"units": 0}, "units\n.*greater than or equal to 1"),
        ({"dropout": 1.0}, "dropout\n.*less than 1"),
        ({"dropout": -0.1}, "dropout\n.*greater than or equal to 0"),
        ({"input_scale": 0.0}, "input_scale\n.*greater than 0"),
        ({"input_scale": float("inf")}, "input_scale\n.*finite"),
        ({"fourier": waves(-1)}, "fourier.n_frequencies\n.*greater than or equal to 0"),
        ({"fourier": waves(0) | {"highest": 0.0}}, "fourier.highest\n.*greater than 0"),
        ({"width": 4}, "width\n.*Unexpected keyword"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        make_lstm(**changes)
