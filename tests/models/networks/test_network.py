"""Base class of networks: scaling, the fit, early stopping, schedules, scoring, and files that are refused."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from src.models.interface import Fitted, write_kind
from src.models.networks.classifier import SCORING_BATCH, NetworkClassifier
from src.models.networks.fit import optimizer as make_optimizer
from src.models.networks.keras_setup import load_keras
from src.models.networks.network_input import NetworkInput
from src.models.persistence import load_classifier
from src.models.training import Training
from src.utils.progress import Steps
from tests.models.conftest import make_lstm
from tests.models.small import NET, SMALL, accuracy, history, weights

Fit = Callable[..., Fitted]
DROPOUT = make_lstm(layers=1, units=4, dropout=0.2, input_scale=4.0)


# --- fit -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def by_heart(fit: Fit) -> Fitted:
    """Fit on 32 rows with random classes, until all are memorized."""
    return fit(NET, epochs=50, learning_rate=0.1, jit_compile=True)


@pytest.mark.integration
def test_a_network_learns_32_rows_by_heart(by_heart: Fitted, make_rows: Callable[..., Any]) -> None:
    assert accuracy(by_heart, make_rows()) == 1.0
    assert min(one["val_loss"] for one in by_heart.epochs) < 0.1


def test_the_history_has_every_epoch_from_1_with_all_its_numbers(by_heart: Fitted) -> None:
    assert [one["epoch"] for one in by_heart.epochs] == list(range(1, 51))
    names = {"epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds"}
    assert all(set(one) == names for one in by_heart.epochs)
    assert sum(one["seconds"] for one in by_heart.epochs) < by_heart.seconds


def test_the_facts_of_a_fit_have_the_number_of_weights_and_the_backend(by_heart: Fitted) -> None:
    # 4 * 8 * (8 + 1 + 1) in the layer, 9 * 2 in the classes
    assert by_heart.facts == {
        "rows_per_epoch": 32,
        "network_parameters": 338,
        "backend": load_keras().backend.backend(),
        "keras_floatx": "float32",
        "keras_epsilon": 1e-7,
        "keras_image_data_format": "channels_last",
    }


def test_the_weights_that_read_the_classes_are_drawn_first() -> None:
    """Another order would give other initial weights and change every stored score."""
    keras = load_keras()
    keras.utils.set_random_seed(5)
    kernel = NET.build(NetworkInput(np.zeros(3), np.ones(3)), 2).get_weights()[-2]
    keras.utils.set_random_seed(5)
    head = keras.layers.Dense(2)
    head.build((None, 8))
    np.testing.assert_array_equal(kernel, head.get_weights()[0])


@pytest.fixture(scope="module")
def repeated(fit: Fit) -> list[Fitted]:
    """Two fits with seed 0 and one with seed 1, of a network with dropout, compiled."""
    return [fit(DROPOUT, seed=seed, epochs=2, jit_compile=True) for seed in (0, 0, 1)]


@pytest.mark.integration
def test_the_same_seed_gives_the_same_weights_bit_for_bit_and_the_same_history(repeated: list[Fitted]) -> None:
    first, again, _ = repeated
    for one, same in zip(weights(first), weights(again), strict=True):
        np.testing.assert_array_equal(one, same)
    assert history(first) == history(again)


@pytest.mark.integration
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


@pytest.mark.integration
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
    # otherwise the test would pass with the last epoch's weights
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
    assert seen == fitted.epochs  # each epoch was also passed on when it ended


# --- what is shown ---------------------------------------------------------------------------------------------------


def test_epochs_are_shown_as_lines_unless_that_is_switched_off(fit: Fit, capfd: pytest.CaptureFixture[str]) -> None:
    fit(SMALL, epochs=1, progress=False)
    assert capfd.readouterr() == ("", "")
    fit(SMALL, epochs=3, progress=True)
    shown = capfd.readouterr()
    assert shown.out == ""
    # the first epoch; the next line would come after ten seconds
    assert re.fullmatch(r"train: epoch 1 of 3, loss \d\.\d{4}, val_accuracy \d\.\d{4}, 0:00:\d\d elapsed\n", shown.err)


def test_a_terminal_has_a_bar_that_goes_when_the_fit_ends(capfd: pytest.CaptureFixture[str], monkeypatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    steps = Steps("train", "epoch", 2)
    for value in (0.25, 0.75):
        steps.done({"val_accuracy": value})
    steps.close()
    shown = capfd.readouterr().err
    assert "train: " in shown
    assert "0/2" in shown
    assert "\n" not in shown
    assert shown.endswith("\r")


# --- scaling of the input --------------------------------------------------------------------------------------------


def scaled(
    mean: list[float], deviation: list[float], X: list[list[float]], input_scale: float, **changes: Any
) -> np.ndarray:
    """Output of the first layer of a built network for X."""
    keras = load_keras()
    model = make_lstm(layers=1, units=2, dropout=0.0, input_scale=input_scale, **changes)
    network = model.build(NetworkInput(np.array(mean), np.array(deviation)), 2)
    first = keras.Model(network.input, network.layers[1].output)
    return first.predict_on_batch(np.array(X, dtype=np.float32)[:, :, None])[:, :, 0]


def test_inputs_are_standardized_and_multiplied_by_the_input_scale() -> None:
    np.testing.assert_allclose(scaled([1, 10], [2, 5], [[3, 10], [0, 0]], 4.0), [[4, 0], [-2, -8]], atol=1e-6)
    np.testing.assert_allclose(scaled([1, 10], [2, 5], [[3, 10], [0, 0]], 0.5), [[0.5, 0], [-0.25, -1]], atol=1e-6)


@pytest.mark.parametrize("deviation", [0.0, 1e-17, 1e-7])
def test_a_constant_input_is_only_centred_even_where_rounding_makes_it_vary(deviation: float) -> None:
    X = [[0.5, 0.1], [0.5, 0.9]]
    np.testing.assert_allclose(scaled([0.25, 0.1], [0.5, deviation], X, 2.0), [[1, 0], [1, 0.8]], atol=1e-6)


def test_without_standardizing_inputs_are_multiplied_by_the_input_scale_alone() -> None:
    X = [[3, 10], [0.5, 0]]
    for factor in (1.0, 0.25):
        found = scaled([1, 10], [2, 0], X, factor, standardize=False)
        np.testing.assert_array_equal(found, np.array(X) * factor)


def test_an_input_that_varies_a_little_is_scaled_up_all_the_same() -> None:
    np.testing.assert_allclose(scaled([0, 0], [1, 1e-4], [[1, 1e-4]], 2.0), [[2, 2]], atol=1e-4)


@pytest.mark.integration
def test_a_constant_column_does_not_keep_a_network_from_learning(fit: Fit, make_rows: Callable[..., Any]) -> None:
    X, y = make_rows(8, k=2)
    X[:, 1] = 0.1
    fitted = fit(NET, (X, y), epochs=30, learning_rate=0.1)
    assert accuracy(fitted, (X, y)) == 1.0
    X[:, 1] = 0.11  # a value that training never saw changes few verdicts
    assert accuracy(fitted, (X, y)) == 1.0


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
def test_the_optimizer_is_the_one_that_was_asked_for(name: str, make_training: Callable[..., Training]) -> None:
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


@pytest.mark.integration
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
