"""Inputs of training: windows, groups of columns, the history, noise, weights of rows and attack types."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from src.data.layout import HISTORY_STEP, Windows
from src.models.interface import Fitted
from src.models.networks import classifier
from src.models.networks.keras_setup import load_keras
from src.models.networks.network_input import NetworkInput
from src.models.networks.training_rows import trained_rows
from src.models.persistence import load_classifier
from src.models.training import Training
from tests.models.conftest import make_lstm, waves
from tests.models.small import NET, SMALL, accuracy, history

pytestmark = pytest.mark.integration  # fits by the dozen; tests/models/networks/test_networks.py fits each network once

Fit = Callable[..., Fitted]


# --- windows ---------------------------------------------------------------------------------------------------------


def make_windows(n: int, window: int, seed: int = 0) -> tuple[Windows, np.ndarray]:
    """Records of two bits each, whose class is the first bit of the record before."""
    bits = np.random.default_rng(seed).integers(0, 2, (n, 2)).astype(np.float32)
    y = np.concatenate([bits[:1, 0], bits[:-1, 0]]).astype(np.int32)
    return Windows(bits, np.arange(n), window), y


def test_a_class_that_depends_on_the_record_before_is_learned_from_windows_and_not_from_records(fit: Fit) -> None:
    learned = {
        window: fit(NET, make_windows(512, window), epochs=40, max_copies_per_row=512, learning_rate=0.1)
        for window in (1, 3)
    }
    new = {window: make_windows(200, window, seed=1) for window in (1, 3)}
    assert accuracy(learned[3], new[3]) == 1.0
    assert accuracy(learned[1], new[1]) < 0.7


def test_windows_keep_their_score_whatever_they_are_scored_with(
    fit: Fit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fitted = fit(make_lstm(fourier=waves(2)), make_windows(64, 3), epochs=2)
    X, _ = make_windows(50, 3, seed=2)
    whole = fitted.classifier.predict_proba(X)
    logits = fitted.classifier._network.predict_on_batch(np.asarray(X))[:, 0]  # type: ignore[attr-defined]
    odds = np.exp(logits)
    np.testing.assert_allclose(whole, odds / odds.sum(axis=1, keepdims=True), atol=1e-6)
    alone = [fitted.classifier.predict_proba(X[[place]])[0] for place in range(50)]
    np.testing.assert_allclose(alone, whole, atol=1e-6)
    monkeypatch.setattr(classifier, "SCORING_BATCH", 10)  # three windows of three
    np.testing.assert_allclose(fitted.classifier.predict_proba(X), whole, atol=1e-6)
    assert fitted.classifier.predict_proba(X[:0]).shape == (0, 2)
    fitted.classifier.save(tmp_path)
    np.testing.assert_array_equal(load_classifier(tmp_path).predict_proba(X), fitted.classifier.predict_proba(X))


def test_each_value_of_a_step_is_standardized_as_it_is_in_the_records_of_training(fit: Fit) -> None:
    rows = np.array([[0, 10], [2, 30], [100, 100]], dtype=np.float32)
    windows = Windows(rows, np.array([0, 1, 0, 1]), 2)  # the third record is in none: mean 1, 20; deviation 1, 10
    network = fit(SMALL, (windows, np.array([0, 1, 0, 1], dtype=np.int32)), epochs=1).classifier._network  # type: ignore[attr-defined]
    first = load_keras().Model(network.input, network.layers[1].output)
    found = first.predict_on_batch(np.array([[[0, 10], [2, 40]]], dtype=np.float32))
    np.testing.assert_allclose(found, [[[-4, -4], [4, 8]]], atol=1e-5)


def test_equal_windows_are_trained_as_few_that_weigh_as_much(fit: Fit) -> None:
    windows, y = make_windows(64, 2)  # of two bits each record: 16 windows, with the class of the older one
    fitted = fit(NET, (windows, y), epochs=1, max_copies_per_row=64)
    assert fitted.facts["rows_per_epoch"] <= 17  # 16, and the window at the start of the file


# --- groups of columns -----------------------------------------------------------------------------------------------

STEPS = np.array([1, 0, 1])


def test_a_record_is_read_as_a_step_for_each_group_of_its_columns(fit: Fit, make_rows: Callable[..., Any]) -> None:
    X, y = make_rows()
    network = fit(SMALL, (X, y), epochs=1, steps=STEPS).classifier._network  # type: ignore[attr-defined]
    assert network.input_shape == (None, 3, 1)  # as without groups: who scores need not know
    read = load_keras().Model(network.input, network.layers[2].output).predict_on_batch(X[:, :, None])
    standard = (X - X.mean(axis=0)) / X.std(axis=0) * 4
    expected = np.zeros((32, 2, 3))
    expected[:, 1, [0, 2]], expected[:, 0, 1] = standard[:, [0, 2]], standard[:, 1]
    np.testing.assert_allclose(read, expected, atol=1e-4)


@pytest.mark.parametrize("changes", [{}, {"fourier": waves(2), "members": 2}, {"bidirectional": True, "layers": 2}])
def test_a_network_that_reads_groups_is_kept_and_scores_alike(
    changes: dict[str, Any], fit: Fit, make_rows: Callable[..., Any], tmp_path: Path
) -> None:
    fitted = fit(make_lstm(**changes), epochs=2, steps=STEPS, noise=0.1)
    X, _ = make_rows(50, seed=2)
    whole = fitted.classifier.predict_proba(X)
    alone = [fitted.classifier.predict_proba(X[[place]])[0] for place in range(50)]
    np.testing.assert_allclose(alone, whole, atol=1e-6)
    fitted.classifier.save(tmp_path)
    np.testing.assert_array_equal(load_classifier(tmp_path).predict_proba(X), whole)


def test_groups_are_learned(fit: Fit, make_rows: Callable[..., Any]) -> None:
    rows = make_rows()
    assert accuracy(fit(NET, rows, epochs=30, learning_rate=0.15, steps=STEPS), rows) == 1.0


# --- the history ------------------------------------------------------------------------------------------------------

WITH_HISTORY = np.array([0, 3, HISTORY_STEP])  # the third column describes the records before, behind four groups


def attacks_with_a_history() -> tuple[np.ndarray, np.ndarray]:
    """64 rows: attacks have a column set and a history of 1; normal rows have neither."""
    X = np.zeros((64, 3), dtype=np.float32)
    X[::2, [0, 2]] = 1
    X[:, 1] = np.linspace(0, 1, 64)
    return X, (np.arange(64, dtype=np.int32) + 1) % 2


def test_with_grafts_the_history_alone_raises_an_alarm(fit: Fit) -> None:
    X, y = attacks_with_a_history()
    rows = np.tile(X, (5, 1)), np.tile(y, 5)
    unknown = np.array([[0, 0.5, 1]], dtype=np.float32)  # normal but for its history
    long = {"epochs": 12, "learning_rate": 0.05, "monitor": "val_loss"}
    raised = {
        share: fit(NET, rows, steps=WITH_HISTORY, history_grafts=share, **long).classifier for share in (0.0, 0.5)
    }
    assert raised[0.5].predict_proba(unknown)[0, 1] > 0.9
    assert raised[0.0].predict_proba(unknown)[0, 1] < 0.5
    assert (raised[0.5].predict_proba(rows[0]).argmax(axis=1) == rows[1]).all()


def test_grafts_are_trained_beside_all_rows(fit: Fit) -> None:
    fitted = fit(NET, attacks_with_a_history(), steps=WITH_HISTORY, history_grafts=0.25)
    assert fitted.facts["rows_per_epoch"] == 64 + 8


@pytest.mark.parametrize("steps", [None, STEPS])
def test_without_a_history_grafts_are_refused(steps: np.ndarray | None, fit: Fit) -> None:
    with pytest.raises(
        ValueError, match=r"training\.history_grafts: found no column of the history, expected layout=history"
    ):
        fit(NET, steps=steps, history_grafts=0.1)


# --- noise -----------------------------------------------------------------------------------------------------------


def test_noise_of_its_deviation_is_on_the_scaled_inputs_in_training_alone() -> None:
    keras = load_keras()
    keras.utils.set_random_seed(0)
    network = SMALL.build(NetworkInput(np.zeros(2), np.ones(2)), 2, noise=0.5)
    noisy = keras.Model(network.input, network.layers[2].output)
    X = np.full((20_000, 2, 1), 3, dtype=np.float32)
    found = np.asarray(noisy(X, training=True)) - 12  # input_scale=4
    assert (found.mean(), found.std()) == (pytest.approx(0, abs=0.02), pytest.approx(0.5, abs=0.02))
    np.testing.assert_array_equal(np.asarray(noisy(X, training=False)), X * 4)


def test_without_noise_no_layer_makes_it() -> None:
    for noise, count in ((0.0, 0), (0.5, 1)):
        network = SMALL.build(NetworkInput(np.zeros(2), np.ones(2)), 2, noise=noise)
        assert [type(layer).__name__ for layer in network.layers].count("GaussianNoise") == count


def test_noise_is_of_the_seed(fit: Fit) -> None:
    first, again, other = (fit(SMALL, noise=noise) for noise in (0.5, 0.5, 0.0))
    assert history(first) == history(again)
    assert history(first) != history(other)


# --- weights of classes, smoothing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("power", "expected"), [(0.0, 0.2), (1.0, 0.5), (0.5, 1 / 3)])
def test_without_useful_inputs_a_network_learns_the_weights_of_the_classes(
    power: float, expected: float, fit: Fit
) -> None:
    X, y = np.zeros((320, 2), dtype=np.float32), np.array([0, 0, 0, 0, 1] * 64, dtype=np.int32)
    fitted = fit(NET, (X, y), epochs=8, batch_size=40, class_balance=power, schedule="cosine", learning_rate=0.1)
    # weighted loss of a model that predicts `expected` for every record
    entropy = -expected * np.log(expected) - (1 - expected) * np.log(1 - expected)
    assert fitted.epochs[-1]["loss"] == pytest.approx(entropy, abs=0.01)
    # validation is not weighted: one in five
    told = -0.2 * np.log(expected) - 0.8 * np.log(1 - expected)
    assert fitted.epochs[-1]["val_loss"] == pytest.approx(told, abs=0.01)


def test_without_useful_inputs_a_network_learns_the_weights_of_the_attack_types(fit: Fit) -> None:
    # 3 records of type 5 and 1 of type 6 in class 0, 2 of type 8 in class 1; at 1 they weigh 4, 4 and 2
    y, attack = np.array([0, 0, 0, 0, 1, 1], dtype=np.int32), np.array([5, 5, 5, 6, 8, 8], dtype=np.int32)
    # eight copies of a row are merged, which leaves as many batches
    for power, copies, share in ((1.0, 1, 0.2), (1.0, 8, 0.2), (0.0, 8, 1 / 3)):
        rows = np.zeros((384, 2), dtype=np.float32), np.tile(y, 64)
        fitted = fit(NET, rows, epochs=8, batch_size=48 // copies, max_copies_per_row=copies, type_balance=power,
                     attack=np.tile(attack, 64), schedule="cosine", learning_rate=0.1)  # fmt: skip
        assert fitted.facts["rows_per_epoch"] == 384 // copies
        told = -np.log(1 - share) * 2 / 3 - np.log(share) / 3  # validation is not weighted
        assert fitted.epochs[-1]["val_loss"] == pytest.approx(told, abs=0.01)


def test_copies_of_types_that_are_balanced_are_merged_apart(make_training: Callable[..., Training]) -> None:
    X, y = np.zeros((48, 2), dtype=np.float32), np.array([0, 0, 0, 0, 1, 1] * 8, dtype=np.int32)
    attack = np.array([5, 5, 5, 6, 8, 8] * 8, dtype=np.int32)
    for power, rows in ((1.0, 3), (0.0, 2)):
        training = make_training(max_copies_per_row=48, type_balance=power)
        assert len(trained_rows(X, y, training, 0, attack=attack)[0]) == rows


def test_types_are_balanced_within_balanced_classes(make_training: Callable[..., Training]) -> None:
    X = np.arange(6, dtype=np.float32)[:, None]
    y, attack = np.array([0, 0, 0, 0, 1, 1], dtype=np.int32), np.array([5, 5, 5, 6, 8, 8], dtype=np.int32)
    rows, classes, weight = trained_rows(X, y, make_training(class_balance=1.0, type_balance=1.0), 0, attack=attack)
    # 1/4 4/3 for the three, 1/4 4 for the one, 1/2 for the two
    np.testing.assert_allclose(weight, np.array([1 / 3, 1 / 3, 1 / 3, 1, 0.5, 0.5]) * 2, rtol=1e-6)
    assert rows is X
    assert (classes.tolist(), classes.dtype) == (y.tolist(), np.int32)


def test_at_most_so_many_rows_of_a_type_are_trained_and_the_weights_are_of_those(
    make_training: Callable[..., Training],
) -> None:
    # normal (type 0): 6 rows; of class 1, 5 rows of type 3 and 1 of type 8
    kind = np.array([0] * 6 + [3] * 5 + [8], dtype=np.int32)
    X, y = np.arange(12, dtype=np.float32)[:, None], (kind > 0).astype(np.int32)
    training = make_training(max_rows_per_attack_type=2, type_balance=1.0, class_balance=1.0)
    rows, classes, weight = trained_rows(X, y, training, 0, attack=kind)
    assert np.bincount(kind[rows[:, 0].astype(int)]).tolist() == [2, 0, 0, 2, 0, 0, 0, 0, 1]
    np.testing.assert_array_equal(classes, y[rows[:, 0].astype(int)])
    # of classes that weigh the same, 1/2 of each row of 2, 1/3 times 3/2 and 3 of the other's three
    np.testing.assert_allclose(weight, np.array([1 / 2, 1 / 2, 1 / 2, 1 / 2, 1]) / 0.6, rtol=1e-6)


def test_attack_types_change_nothing_until_they_are_balanced(fit: Fit, make_rows: Callable[..., Any]) -> None:
    X, y = make_rows(40)
    rows = (X.round(), y)  # with copies
    plain = fit(SMALL, rows, max_copies_per_row=4)
    told = fit(SMALL, rows, max_copies_per_row=4, attack=np.arange(40, dtype=np.int32))
    assert history(plain) == history(told)


def test_balancing_attack_types_without_attack_types_is_refused(fit: Fit) -> None:
    with pytest.raises(
        ValueError,
        match=r"type_balance=0\.5 training\.max_rows_per_attack_type=None: found no attack types, expected one for",
    ):
        fit(SMALL, type_balance=0.5)


def test_a_smoothed_target_is_not_overshot(fit: Fit) -> None:
    X, y = np.zeros((128, 2), dtype=np.float32), np.zeros(128, dtype=np.int32)
    fitted = fit(NET, (X, y), epochs=8, learning_rate=0.1, schedule="cosine", label_smoothing=0.2, monitor="val_loss")
    np.testing.assert_allclose(fitted.classifier.predict_proba(X[:1]), [[0.9, 0.1]], atol=0.01)
