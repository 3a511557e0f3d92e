"""What all networks share: scaling, the fit, early stopping, schedules, scoring, and files that are refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from src.data.schema import GROUPS
from src.data.windows import Windows
from src.models import scoring
from src.models.fitting import optimizer as make_optimizer
from src.models.framework import load_keras
from src.models.interface import Fitted, load_classifier, write_kind
from src.models.rows import trained_rows
from src.models.scoring import SCORING_BATCH, NetworkClassifier
from src.models.training import Training
from tests.models.conftest import make_lstm

Fit = Callable[..., Fitted]
NET = make_lstm(layers=1, units=8, dropout=0.0, input_scale=4.0)
DROPOUT = make_lstm(layers=1, units=4, dropout=0.2, input_scale=4.0)
SMALL = make_lstm(layers=1, units=2, dropout=0.0, input_scale=4.0)


def weights(fitted: Fitted) -> list[np.ndarray]:
    return fitted.classifier._network.get_weights()  # type: ignore[attr-defined]


def history(fitted: Fitted) -> list[dict[str, float]]:
    """All of it that does not depend on the clock."""
    return [{name: value for name, value in one.items() if name != "seconds"} for one in fitted.epochs]


def accuracy(fitted: Fitted, rows: tuple[np.ndarray, np.ndarray]) -> float:
    X, y = rows
    return float(np.mean(fitted.classifier.predict_proba(X).argmax(axis=1) == y))


# --- fit -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def by_heart(fit: Fit) -> Fitted:
    """A fit on 32 rows whose classes are random, until they are known."""
    return fit(NET, epochs=50, learning_rate=0.1, jit_compile=True)


def test_a_network_learns_32_rows_by_heart(by_heart: Fitted, make_rows: Callable[..., Any]) -> None:
    assert accuracy(by_heart, make_rows()) == 1.0
    assert min(one["val_loss"] for one in by_heart.epochs) < 0.1


def test_the_history_has_every_epoch_from_1_with_all_its_numbers(by_heart: Fitted) -> None:
    assert [one["epoch"] for one in by_heart.epochs] == list(range(1, 51))
    names = {"epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds"}
    assert all(set(one) == names for one in by_heart.epochs)
    assert sum(one["seconds"] for one in by_heart.epochs) < by_heart.seconds


def test_the_record_tells_the_weights_and_the_backend(by_heart: Fitted) -> None:
    # 4 * 8 * (8 + 1 + 1) in the layer, 9 * 2 in the classes
    assert by_heart.facts == {
        "rows_per_epoch": 32,
        "network_parameters": 338,
        "backend": load_keras().backend.backend(),
    }


def test_the_weights_that_read_the_classes_are_drawn_first() -> None:
    """Another order would be another start: every kept score would move."""
    keras = load_keras()
    keras.utils.set_random_seed(5)
    kernel = NET.build(np.zeros(3), np.ones(3), 2).get_weights()[-2]
    keras.utils.set_random_seed(5)
    head = keras.layers.Dense(2)
    head.build((None, 8))
    np.testing.assert_array_equal(kernel, head.get_weights()[0])


@pytest.fixture(scope="module")
def repeated(fit: Fit) -> list[Fitted]:
    """Two fits with seed 0 and one with seed 1, of a network with dropout, compiled."""
    return [fit(DROPOUT, seed=seed, epochs=2, jit_compile=True) for seed in (0, 0, 1)]


def test_the_same_seed_gives_the_same_weights_bit_for_bit_and_the_same_history(repeated: list[Fitted]) -> None:
    first, again, _ = repeated
    for one, same in zip(weights(first), weights(again), strict=True):
        np.testing.assert_array_equal(one, same)
    assert history(first) == history(again)


def test_another_seed_gives_other_weights(repeated: list[Fitted]) -> None:
    first, _, other = repeated
    assert any(not np.array_equal(one, two) for one, two in zip(weights(first), weights(other), strict=True))
    assert history(first) != history(other)


def test_compiled_and_not_the_fit_is_the_same_but_for_rounding(by_heart: Fitted, fit: Fit) -> None:
    plain = fit(NET, epochs=3, learning_rate=0.1, jit_compile=False)
    for one, compiled in zip(history(plain), history(by_heart)[:3], strict=True):
        assert one == pytest.approx(compiled, abs=1e-3)


@pytest.mark.parametrize(("n", "batch_size"), [(5, 64), (33, 16)])
def test_any_number_of_rows_fits_any_batch_size(
    n: int, batch_size: int, fit: Fit, make_rows: Callable[..., Any]
) -> None:
    rows = make_rows(n)
    fitted = fit(SMALL, rows, epochs=2, batch_size=batch_size)
    assert np.isfinite(fitted.epochs[-1]["loss"])
    assert fitted.classifier.predict_proba(rows[0]).shape == (n, 2)


def test_every_row_is_seen_in_every_epoch_though_batches_are_whole(fit: Fit) -> None:
    # one row of 9 belongs to the second class and stands last: with 8 a batch it comes in only by the second batch
    X = np.zeros((9, 1), dtype=np.float32)
    X[8] = 1
    y = np.zeros(9, dtype=np.int32)
    y[8] = 1
    fitted = fit(NET, (X, y), epochs=20, batch_size=8, learning_rate=0.1)
    assert accuracy(fitted, (X, y)) == 1.0


def test_a_loss_that_is_no_number_ends_the_fit_naming_epoch_and_learning_rate(fit: Fit) -> None:
    with pytest.raises(FloatingPointError, match=r"epoch \d of 9: found the loss (nan|inf).*learning_rate=1e\+38"):
        fit(SMALL, epochs=9, optimizer="sgd", learning_rate=1e38)


# --- early stopping --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("monitor", "best"), [("val_accuracy", max), ("val_loss", min)])
def test_the_fit_ends_after_patience_and_keeps_the_best_epoch(
    monitor: str, best: Callable[..., float], fit: Fit, make_rows: Callable[..., Any]
) -> None:
    validation = make_rows(64, seed=7)  # without any relation to the training rows: sooner or later it gets worse
    fitted = fit(NET, validation=validation, epochs=80, monitor=monitor, patience=4)
    values = [one[monitor] for one in fitted.epochs]
    place = values.index(best(values))
    assert len(values) == place + 1 + 4 < 80
    assert accuracy(fitted, validation) == pytest.approx(fitted.epochs[place]["val_accuracy"])
    X, y = validation
    told = fitted.classifier.predict_proba(X)[np.arange(len(y)), y]
    assert -np.log(told).mean() == pytest.approx(fitted.epochs[place]["val_loss"], rel=1e-4)
    # else the test would pass with the last epoch's weights
    assert fitted.epochs[-1]["val_loss"] != pytest.approx(fitted.epochs[place]["val_loss"], rel=1e-3)


def test_without_patience_all_epochs_are_made_and_the_best_is_kept_all_the_same(
    fit: Fit, make_rows: Callable[..., Any]
) -> None:
    validation = make_rows(64, seed=7)
    seen: list[dict[str, float]] = []
    fitted = fit(NET, validation=validation, epochs=12, patience=None, on_epoch=seen.append)
    values = [one["val_accuracy"] for one in fitted.epochs]
    assert len(values) == 12
    assert accuracy(fitted, validation) == pytest.approx(max(values))
    assert seen == fitted.epochs  # each epoch was also told as it ended


# --- what is shown ---------------------------------------------------------------------------------------------------


def test_the_progress_bar_can_be_switched_off(fit: Fit, capfd: pytest.CaptureFixture[str]) -> None:
    fit(SMALL, epochs=1, progress=False)
    assert capfd.readouterr() == ("", "")
    fit(SMALL, epochs=1, progress=True)
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "train: 100%" in shown.err
    assert "val_accuracy=" in shown.err


# --- scaling of the input --------------------------------------------------------------------------------------------


def scaled(
    mean: list[float], deviation: list[float], X: list[list[float]], input_scale: float, **changes: Any
) -> np.ndarray:
    """What the first layer of a built network makes of X."""
    keras = load_keras()
    model = make_lstm(layers=1, units=2, dropout=0.0, input_scale=input_scale, **changes)
    network = model.build(np.array(mean), np.array(deviation), 2)
    first = keras.Model(network.input, network.layers[1].output)
    return first.predict_on_batch(np.array(X, dtype=np.float32)[:, :, None])[:, :, 0]


def test_inputs_are_standardised_and_multiplied_by_the_input_scale() -> None:
    np.testing.assert_allclose(scaled([1, 10], [2, 5], [[3, 10], [0, 0]], 4.0), [[4, 0], [-2, -8]], atol=1e-6)
    np.testing.assert_allclose(scaled([1, 10], [2, 5], [[3, 10], [0, 0]], 0.5), [[0.5, 0], [-0.25, -1]], atol=1e-6)


@pytest.mark.parametrize("deviation", [0.0, 1e-17, 1e-7])
def test_a_constant_input_is_only_centred_even_where_rounding_makes_it_vary(deviation: float) -> None:
    X = [[0.5, 0.1], [0.5, 0.9]]
    np.testing.assert_allclose(scaled([0.25, 0.1], [0.5, deviation], X, 2.0), [[1, 0], [1, 0.8]], atol=1e-6)


def test_without_standardising_inputs_are_multiplied_by_the_input_scale_alone() -> None:
    X = [[3, 10], [0.5, 0]]
    for factor in (1.0, 0.25):
        found = scaled([1, 10], [2, 0], X, factor, standardise=False)
        np.testing.assert_array_equal(found, np.array(X) * factor)


def test_an_input_that_varies_a_little_is_scaled_up_all_the_same() -> None:
    np.testing.assert_allclose(scaled([0, 0], [1, 1e-4], [[1, 1e-4]], 2.0), [[2, 2]], atol=1e-4)


def test_a_constant_column_does_not_keep_a_network_from_learning(fit: Fit, make_rows: Callable[..., Any]) -> None:
    X, y = make_rows(8, k=2)
    X[:, 1] = 0.1
    fitted = fit(NET, (X, y), epochs=30, learning_rate=0.1)
    assert accuracy(fitted, (X, y)) == 1.0
    X[:, 1] = 0.11  # a value that training never saw moves the verdicts a little, not all of them to one side
    assert accuracy(fitted, (X, y)) == 1.0


# --- windows ---------------------------------------------------------------------------------------------------------


def make_windows(n: int, window: int, seed: int = 0) -> tuple[Windows, np.ndarray]:
    """Records of two bits each, whose class is the first bit of the record before."""
    bits = np.random.default_rng(seed).integers(0, 2, (n, 2)).astype(np.float32)
    y = np.concatenate([bits[:1, 0], bits[:-1, 0]]).astype(np.int32)
    return Windows(bits, np.arange(n), window), y


def test_what_only_the_record_before_tells_is_learned_from_windows_and_not_from_records(fit: Fit) -> None:
    learned = {
        window: fit(NET, make_windows(512, window), epochs=40, copies=512, learning_rate=0.1) for window in (1, 3)
    }
    new = {window: make_windows(200, window, seed=1) for window in (1, 3)}
    assert accuracy(learned[3], new[3]) == 1.0
    assert accuracy(learned[1], new[1]) < 0.7


def test_windows_keep_their_score_whatever_they_are_scored_with(
    fit: Fit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fitted = fit(make_lstm(frequencies=2), make_windows(64, 3), epochs=2)
    X, _ = make_windows(50, 3, seed=2)
    whole = fitted.classifier.predict_proba(X)
    logits = fitted.classifier._network.predict_on_batch(np.asarray(X))[:, 0]  # type: ignore[attr-defined]
    odds = np.exp(logits)
    np.testing.assert_allclose(whole, odds / odds.sum(axis=1, keepdims=True), atol=1e-6)
    alone = [fitted.classifier.predict_proba(X[[place]])[0] for place in range(50)]
    np.testing.assert_allclose(alone, whole, atol=1e-6)
    monkeypatch.setattr(scoring, "SCORING_BATCH", 10)  # three windows of three
    np.testing.assert_allclose(fitted.classifier.predict_proba(X), whole, atol=1e-6)
    assert fitted.classifier.predict_proba(X[:0]).shape == (0, 2)
    fitted.classifier.save(tmp_path)
    np.testing.assert_array_equal(load_classifier(tmp_path).predict_proba(X), fitted.classifier.predict_proba(X))


def test_each_value_of_a_step_is_standardised_as_it_is_in_the_records_of_training(fit: Fit) -> None:
    rows = np.array([[0, 10], [2, 30], [100, 100]], dtype=np.float32)
    windows = Windows(rows, np.array([0, 1, 0, 1]), 2)  # the third record is in none: mean 1, 20; deviation 1, 10
    network = fit(SMALL, (windows, np.array([0, 1, 0, 1], dtype=np.int32)), epochs=1).classifier._network  # type: ignore[attr-defined]
    first = load_keras().Model(network.input, network.layers[1].output)
    found = first.predict_on_batch(np.array([[[0, 10], [2, 40]]], dtype=np.float32))
    np.testing.assert_allclose(found, [[[-4, -4], [4, 8]]], atol=1e-5)


def test_equal_windows_are_trained_as_few_that_weigh_as_much(fit: Fit) -> None:
    windows, y = make_windows(64, 2)  # of two bits each record: 16 windows, with the class of the older one
    fitted = fit(NET, (windows, y), epochs=1, copies=64)
    assert fitted.facts["rows_per_epoch"] <= 17  # and the one at the start of the file


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


@pytest.mark.parametrize("changes", [{}, {"frequencies": 2, "members": 2}, {"bidirectional": True, "layers": 2}])
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
    assert accuracy(fit(NET, rows, epochs=60, learning_rate=0.1, steps=STEPS), rows) == 1.0


# --- the past --------------------------------------------------------------------------------------------------------

WITH_PAST = np.array([0, 0, len(GROUPS)])  # the third column tells of the records before


def past_alone_tells() -> tuple[np.ndarray, np.ndarray]:
    """64 rows: attacks have a column of their own set and, all of them, a past of 1; no normal row has either."""
    X = np.zeros((64, 3), dtype=np.float32)
    X[::2, [0, 2]] = 1
    X[:, 1] = np.linspace(0, 1, 64)
    return X, (np.arange(64, dtype=np.int32) + 1) % 2


def test_with_grafts_the_past_alone_raises_an_alarm(fit: Fit) -> None:
    rows = past_alone_tells()
    unknown = np.array([[0, 0.5, 1]], dtype=np.float32)  # normal for itself, but for what came before it
    long = {"epochs": 60, "learning_rate": 0.05, "monitor": "val_loss"}
    raised = {share: fit(NET, rows, steps=WITH_PAST, past_grafts=share, **long).classifier for share in (0.0, 0.5)}
    assert raised[0.5].predict_proba(unknown)[0, 1] > 0.9
    assert raised[0.0].predict_proba(unknown)[0, 1] < 0.5
    assert (raised[0.5].predict_proba(rows[0]).argmax(axis=1) == rows[1]).all()


def test_grafts_are_trained_beside_all_rows(fit: Fit) -> None:
    fitted = fit(NET, past_alone_tells(), steps=WITH_PAST, past_grafts=0.25)
    assert fitted.facts["rows_per_epoch"] == 64 + 8


@pytest.mark.parametrize("steps", [None, STEPS])
def test_without_a_past_there_are_no_grafts(steps: np.ndarray | None, fit: Fit) -> None:
    with pytest.raises(ValueError, match=r"training\.past_grafts: found no column of the past, expected layout=past"):
        fit(NET, steps=steps, past_grafts=0.1)


# --- noise -----------------------------------------------------------------------------------------------------------


def test_noise_of_its_deviation_is_on_the_scaled_inputs_in_training_alone() -> None:
    keras = load_keras()
    keras.utils.set_random_seed(0)
    network = SMALL.build(np.zeros(2), np.ones(2), 2, noise=0.5)
    noisy = keras.Model(network.input, network.layers[2].output)
    X = np.full((20_000, 2, 1), 3, dtype=np.float32)
    found = np.asarray(noisy(X, training=True)) - 12  # input_scale=4
    assert (found.mean(), found.std()) == (pytest.approx(0, abs=0.02), pytest.approx(0.5, abs=0.02))
    np.testing.assert_array_equal(np.asarray(noisy(X, training=False)), X * 4)


def test_without_noise_no_layer_makes_it() -> None:
    for noise, count in ((0.0, 0), (0.5, 1)):
        network = SMALL.build(np.zeros(2), np.ones(2), 2, noise=noise)
        assert [type(layer).__name__ for layer in network.layers].count("GaussianNoise") == count


def test_noise_is_of_the_seed(fit: Fit) -> None:
    first, again, other = (fit(SMALL, noise=noise) for noise in (0.5, 0.5, 0.0))
    assert history(first) == history(again)
    assert history(first) != history(other)


# --- weights of classes, smoothing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("power", "expected"), [(0.0, 0.2), (1.0, 0.5), (0.5, 1 / 3)])
def test_where_nothing_tells_the_classes_apart_their_weights_are_learned(
    power: float, expected: float, fit: Fit
) -> None:
    X, y = np.zeros((40, 2), dtype=np.float32), np.array([0, 0, 0, 0, 1] * 8, dtype=np.int32)
    fitted = fit(NET, (X, y), epochs=60, batch_size=40, class_balance=power, schedule="cosine", learning_rate=0.1)
    # the loss of one who says `expected` of every record, weighted as the records are
    entropy = -expected * np.log(expected) - (1 - expected) * np.log(1 - expected)
    assert fitted.epochs[-1]["loss"] == pytest.approx(entropy, abs=0.01)
    # validation is not weighted: one in five
    told = -0.2 * np.log(expected) - 0.8 * np.log(1 - expected)
    assert fitted.epochs[-1]["val_loss"] == pytest.approx(told, abs=0.01)


def test_where_nothing_tells_the_classes_apart_the_weights_of_their_types_are_learned(fit: Fit) -> None:
    # 3 records of type 5 and 1 of type 6 in class 0, 2 of type 8 in class 1; at 1 they weigh 4, 4 and 2
    X, y = np.zeros((48, 2), dtype=np.float32), np.array([0, 0, 0, 0, 1, 1] * 8, dtype=np.int32)
    attack = np.array([5, 5, 5, 6, 8, 8] * 8, dtype=np.int32)
    for power, copies, share in ((1.0, 1, 0.2), (1.0, 48, 0.2), (0.0, 48, 1 / 3)):
        fitted = fit(NET, (X, y), epochs=60, batch_size=48, copies=copies, type_balance=power, attack=attack,
                     schedule="cosine", learning_rate=0.1)  # fmt: skip
        assert fitted.facts["rows_per_epoch"] == {1: 48, 48: 3 if power else 2}[copies]  # types are merged apart
        told = -np.log(1 - share) * 2 / 3 - np.log(share) / 3  # validation is not weighted
        assert fitted.epochs[-1]["val_loss"] == pytest.approx(told, abs=0.01)


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
    training = make_training(type_limit=2, type_balance=1.0, class_balance=1.0)
    rows, classes, weight = trained_rows(X, y, training, 0, attack=kind)
    assert np.bincount(kind[rows[:, 0].astype(int)]).tolist() == [2, 0, 0, 2, 0, 0, 0, 0, 1]
    np.testing.assert_array_equal(classes, y[rows[:, 0].astype(int)])
    # of classes that weigh the same, 1/2 of each row of 2, 1/3 times 3/2 and 3 of the other's three
    np.testing.assert_allclose(weight, np.array([1 / 2, 1 / 2, 1 / 2, 1 / 2, 1]) / 0.6, rtol=1e-6)


def test_attack_types_change_nothing_until_they_are_balanced(fit: Fit, make_rows: Callable[..., Any]) -> None:
    X, y = make_rows(40)
    rows = (X.round(), y)  # with copies
    plain = fit(SMALL, rows, copies=4)
    told = fit(SMALL, rows, copies=4, attack=np.arange(40, dtype=np.int32))
    assert history(plain) == history(told)


def test_types_that_are_not_told_cannot_be_balanced(fit: Fit) -> None:
    with pytest.raises(ValueError, match=r"type_balance=0\.5 type_limit=None: found no attack types, expected one a"):
        fit(SMALL, type_balance=0.5)


def test_a_smoothed_target_is_not_overshot(fit: Fit) -> None:
    X, y = np.zeros((16, 2), dtype=np.float32), np.zeros(16, dtype=np.int32)
    fitted = fit(NET, (X, y), epochs=60, learning_rate=0.1, schedule="cosine", label_smoothing=0.2, monitor="val_loss")
    np.testing.assert_allclose(fitted.classifier.predict_proba(X[:1]), [[0.9, 0.1]], atol=0.01)


# --- schedules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "rates"),
    [
        # 4 epochs of 10 steps, peak 0.2; cosine: 0.2 * (1 + cos(pi * done)) / 2
        ({}, {0: 0.2, 17: 0.2, 40: 0.2}),
        ({"schedule": "cosine"}, {0: 0.2, 10: 0.1 + 0.1 * 2**-0.5, 20: 0.1, 30: 0.1 - 0.1 * 2**-0.5, 40: 0.0}),
        ({"warmup_epochs": 1}, {0: 0.0, 1: 0.02, 5: 0.1, 10: 0.2, 11: 0.2, 40: 0.2}),
        ({"warmup_epochs": 0.5}, {0: 0.0, 1: 0.04, 5: 0.2, 40: 0.2}),
        ({"schedule": "cosine", "warmup_epochs": 2}, {0: 0.0, 10: 0.1, 20: 0.2, 30: 0.1, 40: 0.0}),
        ({"schedule": "cosine", "warmup_epochs": 4}, {0: 0.0, 20: 0.1, 39: 0.195}),
    ],
)
def test_the_learning_rate_follows_its_schedule(
    changes: dict[str, Any], rates: dict[int, float], make_training: Callable[..., Training]
) -> None:
    optimizer = make_optimizer(make_training(epochs=4, learning_rate=0.2, **changes), 10)
    found = {}
    for step in rates:
        optimizer.iterations.assign(step)
        found[step] = float(optimizer.learning_rate)
    assert found == pytest.approx(rates, abs=1e-6)


@pytest.mark.parametrize("name", ["adam", "adamw", "nadam", "rmsprop", "sgd"])
def test_the_optimiser_is_the_one_that_was_asked_for(name: str, make_training: Callable[..., Training]) -> None:
    optimizer = make_optimizer(make_training(optimizer=name, clipnorm=0.5), 10)
    assert type(optimizer).__name__.lower() == name
    assert optimizer.clipnorm == 0.5


# --- scoring ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1, 255, 256, 257, 5000, 33_000])
@pytest.mark.parametrize("copies", [False, True])
def test_rows_get_the_same_score_whatever_they_are_scored_with(
    n: int, copies: bool, by_heart: Fitted, make_rows: Callable[..., Any]
) -> None:
    X, _ = make_rows(n, seed=3)
    rng = np.random.default_rng(4)
    if copies and n:
        X = X[rng.integers(0, 1 + n // 10, n)]
    probability = by_heart.classifier.predict_proba(X)
    assert probability.shape == (n, 2)
    some = rng.choice(n, min(n, 60), replace=False)
    alone = [by_heart.classifier.predict_proba(X[[row]])[0] for row in some]
    np.testing.assert_allclose(probability[some], np.array(alone).reshape(-1, 2), atol=1e-6)


@pytest.mark.parametrize("asked", [True, False])
def test_the_fit_is_compiled_where_it_is_asked_for_and_scoring_never(asked: bool, fit: Fit, monkeypatch: Any) -> None:
    compiled = []
    compile_ = load_keras().Model.compile

    def watch(model: Any, *arguments: Any, **settings: Any) -> Any:
        compiled.append(settings["jit_compile"])
        return compile_(model, *arguments, **settings)

    monkeypatch.setattr(load_keras().Model, "compile", watch)
    fit(NET, epochs=1, jit_compile=asked)
    assert compiled == [asked, False]  # the fit, then scoring


def test_the_sizes_above_cross_a_scoring_batch() -> None:
    assert 257 < SCORING_BATCH < 5000


def test_minus_zero_is_zero_and_what_is_no_number_does_not_spread(by_heart: Fitted) -> None:
    X = np.array([[0, 0.5, 1], [-0.0, 0.5, 1], [np.nan, 0.5, 1]], dtype=np.float32)
    zero, minus_zero, unknown = by_heart.classifier.predict_proba(X)
    np.testing.assert_array_equal(zero, minus_zero)
    assert np.isfinite(zero).all()
    assert np.isnan(unknown).all()


# --- files -----------------------------------------------------------------------------------------------------------


def test_three_classes_are_learned_kept_and_read_back(fit: Fit, make_rows: Callable[..., Any], tmp_path: Path) -> None:
    rows = make_rows(12, n_classes=3)
    fitted = fit(NET, rows, n_classes=3, epochs=25, learning_rate=0.1)
    assert accuracy(fitted, rows) == 1.0
    fitted.classifier.save(tmp_path)
    np.testing.assert_array_equal(
        load_classifier(tmp_path).predict_proba(rows[0]), fitted.classifier.predict_proba(rows[0])
    )


def test_a_file_with_code_in_it_is_refused(tmp_path: Path) -> None:
    keras = load_keras()
    inputs = keras.Input((3, 1))
    outputs = keras.layers.Dense(2)(keras.layers.Lambda(lambda x: x[:, 0], output_shape=(1,))(inputs))
    keras.Model(inputs, outputs).save(tmp_path / "network.keras")
    write_kind(tmp_path, "network")
    with pytest.raises(ValueError, match="Lambda"):
        load_classifier(tmp_path)


def test_scoring_does_not_need_what_training_needed(by_heart: Fitted, tmp_path: Path) -> None:
    by_heart.classifier.save(tmp_path)
    again = load_classifier(tmp_path)
    assert isinstance(again, NetworkClassifier)
    assert again._network.optimizer is None or not again._network.optimizer.built
