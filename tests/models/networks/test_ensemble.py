"""Ensemble of networks: loss and accuracy by hand, and in a fit."""

import math

import numpy as np
import pytest

from src.models.networks import ensemble
from src.models.networks.network_input import NetworkInput
from tests.models.conftest import make_lstm, waves

# two records, two members, two classes, as logarithms of probabilities
PROBABILITY = np.array([[[0.9, 0.1], [0.4, 0.6]], [[0.2, 0.8], [0.7, 0.3]]])
LOGITS = np.log(PROBABILITY).astype(np.float32)


def test_the_loss_is_the_mean_of_the_members_losses() -> None:
    found = np.asarray(ensemble.loss(np.array([0, 1]), LOGITS))
    wanted = [-(math.log(0.9) + math.log(0.4)) / 2, -(math.log(0.8) + math.log(0.3)) / 2]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_the_loss_of_probabilities_is_the_mean_of_the_members_cross_entropies() -> None:
    target = np.array([[0.25, 0.75], [1, 0]], dtype=np.float32)
    found = np.asarray(ensemble.loss(target, LOGITS))
    logs = np.log(PROBABILITY)
    wanted = [-(0.25 * logs[0, :, 0] + 0.75 * logs[0, :, 1]).mean(), -logs[1, :, 0].mean()]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    # of a single class it is the loss of that class
    certain = np.eye(2, dtype=np.float32)
    np.testing.assert_allclose(ensemble.loss(certain, LOGITS), ensemble.loss(np.array([0, 1]), LOGITS), rtol=1e-6)


def test_smoothing_spreads_a_share_of_the_target_over_all_classes() -> None:
    # with a share of 0.2 the target (1, 0) becomes (0.9, 0.1)
    found = np.asarray(ensemble.smoothed_loss(0.2)(np.array([0, 1]), LOGITS))
    logs = [[(math.log(p), math.log(q)) for p, q in record] for record in PROBABILITY]
    wanted = [
        -sum(0.9 * p + 0.1 * q for p, q in logs[0]) / 2,
        -sum(0.1 * p + 0.9 * q for p, q in logs[1]) / 2,
    ]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert ensemble.smoothed_loss(0.0) is ensemble.loss


def test_the_ensemble_is_right_where_its_mean_probability_is() -> None:
    # means 0.65 and 0.35, 0.45 and 0.55
    assert np.asarray(ensemble.accuracy(np.array([0, 0]), LOGITS)).tolist() == [1, 0]
    assert np.asarray(ensemble.accuracy(np.array([[1], [1]]), LOGITS)).tolist() == [0, 1]
    probable = np.array([[0.6, 0.4], [0.1, 0.9]], dtype=np.float32)
    assert np.asarray(ensemble.accuracy(probable, LOGITS)).tolist() == [1, 1]


def test_a_ensemble_has_members_with_frequencies_between_each_others() -> None:
    network = make_lstm(members=2, fourier=waves(3)).build(NetworkInput(np.zeros(2), np.ones(2)), 4)
    assert network.output_shape == (None, 2, 4)
    alone = make_lstm(fourier=waves(3)).build(NetworkInput(np.zeros(2), np.ones(2)), 4)
    assert network.count_params() == 2 * alone.count_params()
    starts = [np.asarray(layer.frequencies) for layer in network.layers if layer.name.startswith("fourier")]
    np.testing.assert_allclose(starts[0], [0.1, 1, 10], rtol=1e-5)
    np.testing.assert_allclose(starts[1], np.array([0.1, 1, 10]) * math.sqrt(10), rtol=1e-5)


@pytest.mark.integration
def test_probabilities_are_the_members_mean(fit, make_rows) -> None:  # type: ignore[no-untyped-def]
    fitted = fit(make_lstm(members=3), epochs=1)
    X, _ = make_rows()
    logits = np.asarray(fitted.classifier._network.predict_on_batch(X[:, :, None]))
    odds = np.exp(logits)
    wanted = (odds / odds.sum(axis=-1, keepdims=True)).mean(axis=1)
    np.testing.assert_allclose(fitted.classifier.predict_proba(X), wanted, atol=1e-6)
    assert fitted.epochs[-1]["val_accuracy"] == pytest.approx(np.mean(wanted.argmax(axis=1) == make_rows()[1]))
