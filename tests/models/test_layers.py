"""Our own layers, against NumPy."""

import numpy as np

from src.models.framework import load_keras
from src.models.layers import FourierFeatures


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
