"""Sharding: a batch in shards gives the same result as the whole batch."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from src.models.interface import Fitted
from src.models.networks import sharding
from src.models.networks.keras_setup import load_keras
from src.models.networks.network_input import NetworkInput
from src.models.networks.sharding import Sharded, sharded
from tests.models.conftest import make_lstm, waves

NET = make_lstm(units=6, fourier=waves(2))
Fit = Callable[..., Fitted]


def network(k: int = 3) -> Any:
    load_keras().utils.set_random_seed(0)
    return NET.build(NetworkInput(np.zeros(k), np.ones(k)), 2)


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 9])
def test_any_number_of_rows_is_scored_as_without_shards(rows: int) -> None:
    whole = network()
    X = np.random.default_rng(0).normal(size=(rows, 3, 1)).astype(np.float32)
    found = np.asarray(Sharded(whole, 4)(X))
    assert found.shape == (rows, 1, 2)
    np.testing.assert_allclose(found, np.asarray(whole(X)), atol=1e-6)


@pytest.mark.parametrize(
    ("batch", "parts"), [(1, 1), (127, 1), (128, 2), (129, 1), (512, 2), (1000, 2), (1024, 2), (2048, 4), (1539, 3)]
)
def test_the_number_of_shards_depends_on_the_batch_alone(batch: int, parts: int) -> None:
    whole = network()
    found = sharded(whole, batch)
    assert found is whole if parts == 1 else found.shards == parts
    assert batch % parts == 0


@pytest.mark.parametrize("cpu", [True, False])
def test_only_tensorflows_cpu_gets_its_batches_in_shards(cpu: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharding, "on_tensorflow_cpu", lambda: cpu)
    whole = network()
    assert (sharded(whole, 512) is whole) is not cpu


def weights(fitted: Fitted) -> list[np.ndarray]:
    found: list[np.ndarray] = fitted.classifier._network.get_weights()  # type: ignore[attr-defined]
    return found


@pytest.mark.integration
def test_a_fit_in_shards_is_that_of_whole_batches_but_for_rounding(
    fit: Fit, make_rows: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = make_rows(300)
    parted = fit(NET, rows, epochs=3, batch_size=128, class_balance=0.5)
    monkeypatch.setattr(sharding, "SMALLEST", 1000)
    whole = fit(NET, rows, epochs=3, batch_size=128, class_balance=0.5)
    for one, other in zip(weights(parted), weights(whole), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3)
    for one, other in zip(parted.epochs, whole.epochs, strict=True):
        assert {**one, "seconds": 0} == pytest.approx({**other, "seconds": 0}, abs=1e-4)
    assert any(not np.array_equal(one, other) for one, other in zip(weights(parted), weights(whole), strict=True))


@pytest.mark.integration
def test_random_draws_are_the_same_from_fit_to_fit(fit: Fit, make_rows: Callable[..., Any]) -> None:
    noisy = replace(NET, dropout=0.5)
    first, again = (fit(noisy, make_rows(256), epochs=1, batch_size=128, noise=0.1) for _ in range(2))
    for one, other in zip(weights(first), weights(again), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_shards_draw_differently() -> None:
    keras = load_keras()
    inputs = keras.Input((3, 1))
    noisy = keras.Model(inputs, keras.layers.GaussianNoise(1.0)(inputs))
    keras.utils.set_random_seed(0)
    found = np.asarray(Sharded(noisy, 2)(np.zeros((4, 3, 1), dtype=np.float32), training=True))
    assert not np.allclose(found[:2], found[2:])
