"""Weight of evidence by hand, as a layer, and as part of a fitted network."""

from collections.abc import Callable
from math import log
from typing import Any

import numpy as np
import pytest

from src.data.layout import Windows
from src.models.interface import Fitted
from src.models.networks.keras_setup import load_keras
from src.models.networks.layers import WeightOfEvidence
from src.models.networks.lstm import WeightedLSTM
from src.models.networks.weight_of_evidence import Evidence, fit_evidence
from tests.models.conftest import LSTM_DEFAULTS

Fit = Callable[..., Fitted]


def make_weighted(**changes: Any) -> WeightedLSTM:
    return WeightedLSTM(**(LSTM_DEFAULTS | {"bins": 20, "smoothing": 0.5} | changes))


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)[:, None]


def edges(x: np.ndarray, bins: int) -> list[float]:
    return fit_evidence(x, np.arange(len(x)) % 2 == 0, bins, 0.5).edges[0]


# --- the tables ------------------------------------------------------------------------------------------------------


def test_a_weight_is_the_logarithm_of_how_much_likelier_a_bin_is_in_an_attack() -> None:
    x, attack = column(0, 0, 0, 0, 1, 1), np.array([False, False, False, True, True, True])
    # P(0 | attack) = (1 + 1) / (3 + 2), P(0 | normal) = (3 + 1) / (3 + 2); of 1: 3 and 1 in 5
    found = fit_evidence(x, attack, 20, 1.0)
    assert found.edges == [[0.5]]
    np.testing.assert_allclose(found.weights, [[log(2 / 4), log(3 / 1)]], rtol=1e-6)
    # with a hundredth of a record instead of one
    np.testing.assert_allclose(fit_evidence(x, attack, 20, 0.01).weights, [[log(1.01 / 3.01), log(201)]], rtol=1e-6)


def test_the_kinds_are_compared_by_shares_and_not_by_records() -> None:
    # half of the two normal records and half of the four attacks
    found = fit_evidence(column(0, 1, 0, 1, 0, 1), np.array([False, False, True, True, True, True]), 20, 0.5)
    np.testing.assert_allclose(found.weights, [[0, 0]], atol=1e-6)


def test_each_input_has_its_own_table() -> None:
    X = np.array([[0, 5], [0, 6], [1, 5], [1, 7]], dtype=np.float32)
    found = fit_evidence(X, np.array([False, False, True, True]), 20, 0.5)
    assert found.edges == [[0.5], [5.5, 6.5]]
    third = log(0.5 / 1.5)
    np.testing.assert_allclose(found.weights[0], [log(0.5 / 2.5), log(2.5 / 0.5)], rtol=1e-6)
    np.testing.assert_allclose(found.weights[1], [0, third, -third], atol=1e-6)


def test_without_any_attack_weights_are_still_numbers() -> None:
    found = fit_evidence(column(0, 0, 1), np.zeros(3, dtype=bool), 20, 0.5)
    np.testing.assert_allclose(found.weights, [[log(0.5 / (2.5 / 4)), log(0.5 / (1.5 / 4))]], rtol=1e-6)


def test_few_values_have_a_bin_each_and_the_bin_of_a_single_value_weighs_0() -> None:
    assert edges(column(3, 1, 1, 1, 1, 1, 1, 1, 2), 3) == [1.5, 2.5]
    assert fit_evidence(column(7, 7, 7), np.array([True, True, False]), 3, 0.5) == Evidence([[]], [[0.0]])


def test_many_values_share_bins_of_as_many_records() -> None:
    assert edges(column(*range(100)), 4) == [24.5, 49.5, 74.5]
    assert edges(column(*range(50), *range(50)), 2) == [24.5]


@pytest.mark.parametrize("often", [0.0, 20.0])
def test_a_value_that_most_records_have_is_alone_in_its_bin(often: float) -> None:
    x = column(*[often] * 90, *range(5, 15))
    place = np.searchsorted(edges(x, 5), x[:, 0], side="right")
    assert len(set(place[90:]) & set(place[:90])) == 0


def test_neighboring_floats_are_in_different_bins() -> None:
    for low in np.array([1, 1 + 2**-23, 0.1, 3e-39], dtype=np.float32):
        high = np.nextafter(low, np.float32(9))
        found = fit_evidence(np.array([[low], [high]]), np.array([False, True]), 20, 0.5)
        recoded = found.recode(np.array([[low], [high]]))
        np.testing.assert_allclose(recoded, [[log(0.5 / 1.5)], [log(1.5 / 0.5)]], rtol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_there_are_no_more_bins_than_asked_for_and_all_rows_of_a_value_are_together(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = np.round(rng.exponential(size=(500, 4)), seed).astype(np.float32)
    found = fit_evidence(X, rng.random(500) < 0.3, 10, 0.5)
    for one, weights in zip(found.edges, found.weights, strict=True):
        assert 2 <= len(weights) == len(one) + 1 <= 10
        assert (np.diff(one) > 0).all()


# --- the layer -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fitted_tables() -> tuple[np.ndarray, Evidence]:
    """200 rows of a constant, a flag and two columns of numbers, and their tables."""
    rng = np.random.default_rng(3)
    X = np.stack([np.full(200, 5), rng.integers(0, 2, 200), rng.random(200), rng.exponential(size=200)], axis=1)
    return X.astype(np.float32), fit_evidence(X.astype(np.float32), rng.random(200) < 0.5, 7, 0.5)


@pytest.mark.parametrize("again", [False, True])
def test_the_layer_recodes_as_the_tables_say_on_either_axis(
    again: bool, fitted_tables: tuple[np.ndarray, Evidence]
) -> None:
    X, evidence = fitted_tables
    keras = load_keras()
    strange = [[1e9] * 4, [-1e9] * 4, [np.inf] * 4, [5, 1, evidence.edges[2][0], evidence.edges[3][-1]]]
    new = np.concatenate([X, X[:5] + 0.01, strange]).astype(np.float32)
    expected = evidence.recode(new)
    for axis, inputs in ((1, new[:, :, None]), (2, new[:, None, :])):
        layer = WeightOfEvidence(evidence.edges, evidence.weights, axis)
        if again:
            kept = keras.saving.serialize_keras_object(layer)
            layer = keras.saving.deserialize_keras_object(kept, safe_mode=True)
            assert [type(one) for one in layer.get_config()["edges"]] == [list] * 4
        found = np.asarray(layer(inputs))
        assert (found.shape, found.dtype) == (inputs.shape, np.float32)
        np.testing.assert_array_equal(found.reshape(expected.shape), expected)


def test_what_is_no_number_stays_so_and_alone() -> None:
    layer = WeightOfEvidence([[0.5], [0.5]], [[-1.0, 1.0], [-2.0, 2.0]], 1)
    found = np.asarray(layer(np.array([[[np.nan], [0.7]]], dtype=np.float32)))
    np.testing.assert_array_equal(found, [[[np.nan], [2.0]]])


# --- in a network ----------------------------------------------------------------------------------------------------


def seen(fitted: Fitted, X: np.ndarray) -> np.ndarray:
    """Recoded and scaled inputs of the network for X."""
    network = fitted.classifier._network  # type: ignore[attr-defined]
    scaled = next(layer for layer in network.layers if type(layer).__name__ == "Normalization")
    return np.asarray(load_keras().Model(network.input, scaled.output).predict_on_batch(X))


@pytest.mark.integration
def test_the_network_sees_the_evidence_of_the_training_part_standardized(
    fit: Fit, make_rows: Callable[..., Any]
) -> None:
    X, y = make_rows(60, n_classes=3)
    evidence = fit_evidence(X, y > 0, 6, 0.5)  # all attacks alike
    expected = evidence.recode(X)
    expected = (expected - expected.mean(axis=0)) / expected.std(axis=0)
    strange = make_rows(40, n_classes=3, seed=9)  # a validation part; like the weights of rows, it changes no recoding
    for validation in (None, strange):
        fitted = fit(make_weighted(bins=6), (X, y), validation, n_classes=3, epochs=1, class_balance=1.0)
        np.testing.assert_allclose(seen(fitted, X[:, :, None])[..., 0], expected, atol=1e-4)


def test_windows_are_recoded_by_the_records_that_they_are_about(fit: Fit, make_rows: Callable[..., Any]) -> None:
    rows, y = make_rows(64)
    X = Windows(rows, np.arange(0, 64, 2), 3)
    expected = fit_evidence(rows[::2], y[::2] != 0, 6, 0.5).recode(rows)
    mean, deviation = expected[::2].mean(axis=0), expected[::2].std(axis=0)
    found = seen(fit(make_weighted(bins=6), (X, y[::2]), epochs=1), np.asarray(X))
    np.testing.assert_allclose(found, ((expected - mean) / deviation)[X.places], atol=1e-4)


def test_an_input_of_rounding_alone_is_not_recoded_by_its_noise(fit: Fit, make_rows: Callable[..., Any]) -> None:
    X, y = make_rows(40)
    X[:, 1] = 0.3 + 1e-7 * y  # rounding that depends on the class
    found = seen(fit(make_weighted(), (X, y), epochs=1), X[:, :, None])
    assert (found[:, 1] == 0).all()
    assert (found.std(axis=(0, 2)) > 0.9).tolist() == [True, False, True]


@pytest.mark.integration
def test_a_relation_that_goes_up_and_down_is_learned_from_its_evidence(fit: Fit) -> None:
    x = np.arange(400, dtype=np.float32) / 400
    y = (np.floor(x * 8) % 2).astype(np.int32)
    fitted = fit(make_weighted(bins=40), (x[:, None], y), epochs=10, learning_rate=0.1)
    assert fitted.epochs[-1]["val_accuracy"] == 1.0
    assert fitted.facts["network_parameters"] == 4 * 4 * (4 + 1 + 1) + 5 * 2  # the tables are not weights
