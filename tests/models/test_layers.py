"""Our own layers, against NumPy."""

import numpy as np

from src.models.framework import load_keras
from src.models.layers import FourierFeatures


def test_fourier_features_are_the_value_and_its_sines_and_cosines() -> None:
    x = np.array([[[0.5], [-2.0]], [[0.0], [3.0]]], dtype=np.float32)  # (2, 2, 1)
    f = np.array([0.1, 1.0, 10.0])  # geometric from the lowest to the highest
    found = np.asarray(FourierFeatures(3, 0.1, 10.0)(x))
    np.testing.assert_allclose(found, np.concatenate([x, np.sin(x * f), np.cos(x * f)], axis=-1), atol=1e-5)
    assert found.dtype == np.float32


def test_frequencies_are_trained_and_come_back_from_a_config() -> None:
    layer = FourierFeatures(4, 0.1, 100.0)
    layer.build((None, 2, 1))
    assert [tuple(one.shape) for one in layer.trainable_weights] == [(4,)]
    again = load_keras().saving.deserialize_keras_object(load_keras().saving.serialize_keras_object(layer))
    assert (again.count, again.lowest, again.highest) == (4, 0.1, 100.0)
