"""Keras layers of this project, against NumPy."""

import numpy as np
import pytest

from src.models.networks.keras_setup import load_keras
from src.models.networks.layers import FourierFeatures, Grouped, UnrolledLSTM


def test_fourier_features_are_the_value_and_its_sines_and_cosines() -> None:
    x = np.array([[[0.5], [-2.0]], [[0.0], [3.0]]], dtype=np.float32)  # (2, 2, 1)
    f = np.array([0.1, 1.0, 10.0])  # geometric from the lowest to the highest
    a = np.array([1.05**-0.5, 1.5**-0.5, 6**-0.5])  # (1 + f / 2) ** -0.5
    found = np.asarray(FourierFeatures(3, 0.1, 10.0, knee=2.0, decay=0.5)(x))
    np.testing.assert_allclose(found, np.concatenate([x, a * np.sin(x * f), a * np.cos(x * f)], axis=-1), atol=1e-5)
    assert found.dtype == np.float32


def test_each_value_of_a_step_has_its_own_waves() -> None:
    x = np.array([[[0.5, 1.0], [-2.0, 0.0], [3.0, 4.0]]], dtype=np.float32)  # (1, 3, 2)
    layer = FourierFeatures(2, 0.1, 10.0, knee=2.0, decay=0.5)
    found = np.asarray(layer(x))
    left, right = (np.asarray(layer(x[..., [place]])) for place in range(2))  # x, two sines, two cosines
    order = [left[..., 0], right[..., 0]]
    order += [side[..., place] for waves in ((1, 2), (3, 4)) for side in (left, right) for place in waves]
    np.testing.assert_allclose(found, np.stack(order, axis=-1), atol=1e-6)


def test_frequencies_are_trained_and_come_back_from_a_config() -> None:
    layer = FourierFeatures(4, 0.1, 100.0, knee=10.0, decay=0.0)
    layer.build((None, 2, 1))
    assert [tuple(one.shape) for one in layer.trainable_weights] == [(4,)]
    again = load_keras().saving.deserialize_keras_object(load_keras().saving.serialize_keras_object(layer))
    assert again.get_config() == layer.get_config()
    x = np.ones((1, 2, 1), dtype=np.float32)
    np.testing.assert_array_equal(np.asarray(again(x)), np.asarray(layer(x)))


def test_each_step_has_the_values_that_belong_to_it_in_their_places() -> None:
    x = np.array([[[1.0], [2.0], [3.0], [4.0]], [[5.0], [6.0], [7.0], [8.0]]], dtype=np.float32)  # (2, 4, 1)
    found = np.asarray(Grouped([0, 2, 0, 1])(x))
    assert found.tolist() == [
        [[1, 0, 3, 0], [0, 0, 0, 4], [0, 2, 0, 0]],
        [[5, 0, 7, 0], [0, 0, 0, 8], [0, 6, 0, 0]],
    ]
    assert found.dtype == np.float32


@pytest.mark.parametrize("k", [1, 5, 53])
def test_steps_are_those_of_a_double_loop_and_add_up_to_the_record(k: int) -> None:
    rng = np.random.default_rng(k)
    x, steps = rng.standard_normal((7, k, 1)).astype(np.float32), rng.integers(0, 4, k).tolist()
    expected = np.zeros((7, max(steps) + 1, k), dtype=np.float32)
    for place, step in enumerate(steps):
        expected[:, step, place] = x[:, place, 0]
    found = np.asarray(Grouped(steps)(x))
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(found.sum(axis=1), x[:, :, 0])


def test_groups_come_back_from_a_config_of_whole_numbers() -> None:
    keras = load_keras()
    layer = Grouped([0, 1, 1])
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer), safe_mode=True)
    assert again.get_config() == layer.get_config()
    assert type(again.get_config()["steps"]) is list
    assert again.get_config()["steps"] == [0, 1, 1]
    assert again(keras.Input((3, 1))).shape == (None, 2, 3)


@pytest.mark.parametrize("steps", [2, 5])
@pytest.mark.parametrize("c", [1, 3])
@pytest.mark.parametrize("options", [{}, {"return_sequences": True}, {"go_backwards": True, "return_sequences": True}])
def test_an_unrolled_lstm_is_kerass_own_its_gradients_too(options: dict[str, bool], c: int, steps: int) -> None:
    keras = load_keras()
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(8, steps, c)).astype(np.float32), rng.normal(size=(8, 4)).astype(np.float32)
    start = [rng.normal(size=shape) for shape in ((c, 16), (4, 16), (16,))]
    found = []
    for kind in (UnrolledLSTM, keras.layers.LSTM):
        layer = kind(4, **options)
        last = keras.layers.Lambda(lambda h: h[:, -1]) if options else keras.layers.Identity()
        network = keras.Sequential([keras.Input((steps, c)), layer, last])
        layer.set_weights(start)
        outputs = np.asarray(layer(X))
        network.compile(keras.optimizers.SGD(0.5), "mse")
        network.fit(X, y, batch_size=8, epochs=3, verbose=0)
        found.append((outputs, *layer.get_weights()))
    assert found[0][0].shape == ((8, steps, 4) if options else (8, 4))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert not np.allclose(found[0][2], start[1], atol=1e-3)  # it was trained
