"""Pre-training without classes: its inputs, its weights in the network, its losses, and the networks against NumPy."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from pydantic.dataclasses import dataclass
from scipy.signal import correlate2d
from sklearn.neural_network import BernoulliRBM

from src.data.layout import Windows
from src.models.interface import Fitted
from src.models.networks.ae_alexnet import AEAlexNet
from src.models.networks.deep_belief import DeepBelief
from src.models.networks.keras_setup import load_keras
from src.models.networks.network_input import NetworkInput
from src.models.networks.pretrained import Pretrained, sparsity_penalty, train_autoencoder, unit_range
from src.models.networks.self_taught import SelfTaught
from src.utils.validation import CHECKED
from tests.models.conftest import NETWORK_DEFAULTS, waves

pytestmark = pytest.mark.integration  # fits by the dozen; tests/models/networks/test_networks.py fits each network once

Fit = Callable[..., Fitted]
SHARED: dict[str, Any] = NETWORK_DEFAULTS | {
    **{"pretraining_records": 100, "pretraining_epochs": 2, "pretraining_batch": 8, "pretraining_rate": 0.05},
}
STILL = {"epochs": 1, "optimizer": "sgd", "learning_rate": 1e-30}  # training that moves no weight
SHOWN: list[np.ndarray] = []


def make_stl(**changes: Any) -> SelfTaught:
    own = {"units": 4, "activity": 0.1, "penalty": 0.5, "weight_decay": 1e-3, "fine_tuned": False}
    return SelfTaught(**(SHARED | own | changes))


def make_dbn(**changes: Any) -> DeepBelief:
    return DeepBelief(**(SHARED | {"layers": 2, "units": 4} | changes))


def make_alexnet(**changes: Any) -> AEAlexNet:
    return AEAlexNet(**(SHARED | {"hidden": 5, "side": 6, "channels": 2, "units": 4, "dropout": 0.0} | changes))


each = pytest.mark.parametrize("make", [make_stl, make_dbn, make_alexnet])


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class Told(Pretrained):
    """Pre-training that always learns the same weights, one for each input, and records its inputs."""

    def learn(self, X: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        SHOWN.append(X)
        return [np.arange(1, X.shape[1] + 1, dtype=np.float32)[:, None], np.array([0.5], dtype=np.float32)]

    def body(self, inputs: Any) -> Any:
        layers = load_keras().layers
        return layers.Dense(2)(layers.Dense(1)(layers.Flatten()(inputs)))


@pytest.fixture
def shown() -> list[np.ndarray]:
    """Inputs that `Told` is given from now on."""
    SHOWN.clear()
    return SHOWN


def dense(network: Any) -> list[list[np.ndarray]]:
    """Kernel and bias of each dense layer, in the order of the layers."""
    return [layer.get_weights() for layer in network.layers if type(layer).__name__ == "Dense"]


def started(model: Pretrained, X: Any, seed: int = 0, steps: np.ndarray | None = None) -> Any:
    """Network after pre-training and before training on the classes."""
    load_keras().utils.set_random_seed(seed)
    newest = X.newest if isinstance(X, Windows) else X
    window = X.window if isinstance(X, Windows) else None
    data = NetworkInput(newest.mean(axis=0), newest.std(axis=0), steps=steps, window=window)
    return model.build(data, 2, pretrain_on=X, seed=seed)


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


# --- the hook --------------------------------------------------------------------------------------------------------


def test_pretraining_reads_distinct_rows_with_each_input_from_0_to_1(shown: list[np.ndarray]) -> None:
    X = np.array([[1, 7], [3, 7], [2, 7], [3, 7], [1, 7]], dtype=np.float32)
    for standardize in (True, False):
        started(Told(**(SHARED | {"standardize": standardize})), X)
        (found,) = shown
        np.testing.assert_allclose(np.sort(found[:, 0]), [0, 0.5, 1], atol=1e-6)
        np.testing.assert_array_equal(found[:, 1], 0)  # a constant
        shown.clear()


def test_a_sample_is_drawn_by_the_seed(shown: list[np.ndarray], make_rows: Callable[..., Any]) -> None:
    X, _ = make_rows(50)
    model = Told(**(SHARED | {"pretraining_records": 7}))
    for seed in (3, 3, 4):
        started(model, X, seed)
    first, again, other = shown
    assert first.shape == (7, 3)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("standardize", [True, False])
def test_the_network_starts_as_what_was_learned_of_inputs_from_0_to_1(
    standardize: bool, shown: list[np.ndarray], make_rows: Callable[..., Any]
) -> None:
    X, _ = make_rows(40)
    X = X * np.array([1e-3, 1, 500], dtype=np.float32) - 5
    network = started(Told(**(SHARED | {"standardize": standardize, "input_scale": 4.0})), X)
    new = X[:9] + np.float32(0.1)  # also values that pre-training has not seen
    layer = next(one for one in network.layers if type(one).__name__ == "Dense")
    found = load_keras().Model(network.input, layer.output).predict_on_batch(new[:, :, None])
    u = (new.astype(float) - X.min(axis=0)) / np.ptp(X.astype(float), axis=0)
    np.testing.assert_allclose(found, u @ [[1], [2], [3]] + 0.5, rtol=1e-4)
    assert len(shown) == 1


def test_weights_that_were_not_learned_are_as_they_are_drawn(make_rows: Callable[..., Any]) -> None:
    X, _ = make_rows()
    told = dense(started(Told(**SHARED), X))
    load_keras().utils.set_random_seed(0)
    drawn = dense(Told(**SHARED).build(NetworkInput(X.mean(axis=0), X.std(axis=0)), 2))
    assert not np.array_equal(told[0][0], drawn[0][0])
    for one, same in zip(told[1:], drawn[1:], strict=True):
        np.testing.assert_array_equal(one[0], same[0])


def test_pretraining_reads_the_steps_of_windows_and_groups_concatenated(shown: list[np.ndarray]) -> None:
    rows = np.array([[0, 1], [4, 3], [2, 2]], dtype=np.float32)
    model = Told(**(SHARED | {"standardize": False}))
    started(model, Windows(rows, np.arange(3), 2))
    # each window is the record before and the record itself: before are 0 1, 0 1 and 4 3
    assert sorted(shown[0].tolist()) == sorted([[0, 0, 0, 0], [0, 0, 1, 1], [1, 1, 0.5, 0.5]])
    started(model, rows, steps=np.array([1, 0]))
    # two steps of two values: the first has the second input alone, and the other way round
    assert sorted(shown[1].tolist()) == sorted([[0, 0, 0, 0], [0, 1, 1, 0], [0, 0.5, 0.5, 0]])


def test_pretraining_reads_the_fourier_features_too(shown: list[np.ndarray], make_rows: Callable[..., Any]) -> None:
    X, _ = make_rows(30)
    started(Told(**(SHARED | {"fourier": waves(2)})), X)
    assert shown[0].shape == (30, 15)
    np.testing.assert_allclose([shown[0].min(axis=0), shown[0].max(axis=0)], [[0] * 15, [1] * 15], atol=1e-6)


@each
def test_the_initial_weights_depend_on_the_seed_and_not_on_classes_or_validation(
    make: Callable[..., Pretrained], fit: Fit, make_rows: Callable[..., Any]
) -> None:
    X, y = make_rows()
    one = fit(make(), (X, y), **STILL).classifier
    other = fit(make(), (X, 1 - y), make_rows(20, seed=5), **STILL).classifier
    for first, same in zip(one._network.get_weights(), other._network.get_weights(), strict=True):  # type: ignore[attr-defined]
        np.testing.assert_allclose(first, same, rtol=0, atol=1e-20)


@each
def test_members_and_seeds_start_from_weights_of_their_own(
    make: Callable[..., Pretrained], make_rows: Callable[..., Any]
) -> None:
    X, _ = make_rows(40)
    kernels = [kernel for seed in (0, 1) for kernel, _ in dense(started(make(members=2), X, seed)) if len(kernel) == 3]
    assert len(kernels) == 4
    for place, kernel in enumerate(kernels):
        assert not any(np.allclose(kernel, other) for other in kernels[:place])


@pytest.mark.parametrize(
    "model", [make_stl(units=32, penalty=0.0, weight_decay=0.0), make_dbn(units=8), make_alexnet(channels=8, units=16)]
)
def test_a_network_learns_from_where_it_starts(model: Pretrained, fit: Fit) -> None:
    X = np.random.default_rng(0).random((64, 2)).astype(np.float32)
    y = (X[:, 0] > 0.5).astype(np.int32)
    fitted = fit(model, (X, y), epochs=60, learning_rate=0.01)
    assert (fitted.classifier.predict_proba(X).argmax(axis=1) == y).mean() > 0.95


def test_pretraining_that_comes_to_no_numbers_ends_the_fit(fit: Fit) -> None:
    with pytest.raises(FloatingPointError, match=r"pre-training: found weights.*model\.pretraining_rate=1e\+38: lower"):
        fit(make_stl(pretraining_rate=1e38, weight_decay=1.0))


def test_the_range_of_a_constant_is_1() -> None:
    low, width = unit_range(np.array([[2, 3], [2, -1]], dtype=np.float32))
    assert (low.tolist(), width.tolist()) == ([2, -1], [1, 4])


@pytest.mark.parametrize(
    ("make", "changes", "message"),
    [
        (make_stl, {"pretraining_records": 0}, "pretraining_records\n.*greater than or equal to 1"),
        (make_stl, {"pretraining_rate": 0}, "pretraining_rate\n.*greater than 0"),
        (make_stl, {"activity": 1.0}, "activity\n.*less than 1"),
        (make_stl, {"penalty": -1.0}, "penalty\n.*greater than or equal to 0"),
        (make_dbn, {"layers": 0}, "layers\n.*greater than or equal to 1"),
        (make_alexnet, {"side": 0}, "side\n.*greater than or equal to 1"),
        (make_alexnet, {"dropout": 1.0}, "dropout\n.*less than 1"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(
    make: Callable[..., Pretrained], changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        make(**changes)


# --- autoencoders ----------------------------------------------------------------------------------------------------


def test_the_sparsity_penalty_is_the_divergence_of_the_means_whatever_the_batch() -> None:
    keras = load_keras()
    hidden = np.array([[0.1, 0.9], [0.3, 0.5], [0.2, 0.7]], dtype=np.float32)
    p, q = 0.05, np.array([0.2, 0.7])
    expected = 2 * np.sum(p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)))
    for copies in (1, 5):
        layer = keras.layers.Activation("linear", activity_regularizer=sparsity_penalty(p, 2.0))
        layer(np.tile(hidden, (copies, 1)))
        assert float(layer.losses[0]) == pytest.approx(expected, rel=1e-5)


def test_units_that_never_or_always_fire_have_a_penalty_that_is_a_number() -> None:
    keras = load_keras()
    layer = keras.layers.Activation("linear", activity_regularizer=sparsity_penalty(0.05, 1.0))
    layer(np.array([[0.0, 1.0]], dtype=np.float32))
    assert 0 < float(layer.losses[0]) < 100


@pytest.mark.parametrize(("widths", "activation"), [([2], "sigmoid"), ([4, 2], "sigmoid"), ([4, 2], "tanh")])
def test_an_autoencoder_makes_its_loss_least(
    widths: list[int], activation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keras = load_keras()
    X = np.random.default_rng(0).random((16, 3), dtype=np.float32)
    kept = []
    fit_ = keras.Sequential.fit

    def watch(network: Any, X: np.ndarray, *arguments: Any, **settings: Any) -> None:
        network.build(X.shape)
        kept.append((network.get_weights(), network.evaluate(X, X, batch_size=16, verbose=0)))
        fit_(network, X, *arguments, **settings)
        kept.append((network.get_weights(), network.evaluate(X, X, batch_size=16, verbose=0)))

    monkeypatch.setattr(keras.Sequential, "fit", watch)
    found = train_autoencoder(X, widths, activation, epochs=40, batch_size=16, learning_rate=0.05, weight_decay=0.1,
                              penalty=sparsity_penalty(0.3, 2.0))  # fmt: skip
    for weights, loss in kept:
        kernels, values = weights[::2], [X]
        for kernel, bias in zip(kernels[:-1], weights[1:-2:2], strict=True):
            values.append({"sigmoid": sigmoid, "tanh": np.tanh}[activation](values[-1] @ kernel + bias))
        values.append(sigmoid(values[-1] @ kernels[-1] + weights[-1]))
        q = np.clip(values[len(widths)].mean(axis=0), 1e-7, 1 - 1e-7)
        divergence = np.sum(0.3 * np.log(0.3 / q) + 0.7 * np.log(0.7 / (1 - q)))
        decay = sum((kernel**2).sum() for kernel in kernels)
        expected = ((X - values[-1]) ** 2).sum(axis=1).mean() / 2 + 0.1 / 2 * decay + 2 * divergence
        assert loss == pytest.approx(expected, rel=1e-4)
    (_, before), (weights, after) = kept
    assert after < before
    for one, same in zip(found, weights, strict=False):
        np.testing.assert_array_equal(one, same)
    assert len(found) == 2 * len(widths)


def test_the_code_of_points_on_a_line_is_their_order() -> None:
    load_keras().utils.set_random_seed(0)
    place = np.linspace(0, 1, 64, dtype=np.float32)
    kernel, bias = train_autoencoder(
        np.column_stack([place, 1 - place]), [1], "sigmoid", epochs=100, batch_size=64, learning_rate=0.1
    )
    code = sigmoid(np.column_stack([place, 1 - place]) @ kernel + bias)[:, 0]
    assert np.ptp(code) > 0.3
    assert (np.diff(code) > 0).all() or (np.diff(code) < 0).all()


# --- self-taught learning --------------------------------------------------------------------------------------------


def test_self_taught_features_stay_as_they_were_learned_until_they_are_fine_tuned(
    fit: Fit, make_rows: Callable[..., Any]
) -> None:
    X, y = make_rows()
    for fine_tuned in (False, True):
        model = make_stl(fine_tuned=fine_tuned)
        before, after = dense(started(model, X)), dense(fit(model, (X, y), epochs=3).classifier._network)  # type: ignore[attr-defined]
        # a step moves weights by the rate, 0.03; the means of a fit differ by rounding in the last digit
        assert np.allclose(before[0][0], after[0][0], atol=1e-6) is not fine_tuned
        assert not np.allclose(before[1][0], after[1][0], atol=1e-3)


def test_self_taught_features_are_sparse_where_the_penalty_asks_for_it(make_rows: Callable[..., Any]) -> None:
    X, _ = make_rows(200)
    mean = {}
    for penalty in (0.0, 20.0):
        model = make_stl(penalty=penalty, pretraining_epochs=60, pretraining_records=200, weight_decay=0.0)
        network = started(model, X)
        layer = next(one for one in network.layers if type(one).__name__ == "Dense")
        hidden = load_keras().Model(network.input, layer.output).predict_on_batch(X[:, :, None])
        mean[penalty] = hidden.mean(axis=0)
    np.testing.assert_allclose(mean[20.0], 0.1, atol=0.03)
    assert (mean[0.0] > 0.2).all()


def test_self_taught_classes_are_read_from_the_hidden_values_alone(make_rows: Callable[..., Any]) -> None:
    X, _ = make_rows()
    network = started(make_stl(standardize=False), X)
    (w, b), (s, c) = dense(network)
    logits = network.predict_on_batch(X[:, :, None])
    np.testing.assert_allclose(logits[:, 0], sigmoid(X @ w + b) @ s + c, atol=1e-5)


# --- the deep belief network -----------------------------------------------------------------------------------------


def test_a_belief_network_starts_as_its_machines_and_gives_what_they_give(make_rows: Callable[..., Any]) -> None:
    X, _ = make_rows(60)
    X = X * np.array([2, 1, 1], dtype=np.float32) - 1
    model = make_dbn(layers=3, units=4, standardize=False)
    network = started(model, X, seed=5)
    rng = np.random.default_rng([5, 0])
    # pre-training draws from the distinct rows, ordered by hash; the machines need the same order
    low, width = unit_range(X)
    expected = (X - low) / width
    states = expected[shuffled(X, rng)]
    for layer in range(3):
        machine = BernoulliRBM(
            4, learning_rate=0.05, batch_size=8, n_iter=2, random_state=int(rng.integers(2**32))
        ).fit(states)
        states, expected = machine.transform(states), machine.transform(expected)
        if layer:
            np.testing.assert_allclose(dense(network)[layer][0], machine.components_.T, atol=1e-6)
            np.testing.assert_allclose(dense(network)[layer][1], machine.intercept_hidden_, atol=1e-6)
    head, bias = dense(network)[3]
    logits = network.predict_on_batch(X[:, :, None])
    np.testing.assert_allclose(logits[:, 0], expected @ head + bias, atol=1e-4)


def shuffled(X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Order in which pre-training draws the rows, all of them distinct."""
    from src.models.dedup import distinct

    return rng.permutation(distinct(X)[0])


# --- the autoencoder and AlexNet -------------------------------------------------------------------------------------


def pooled(x: np.ndarray) -> np.ndarray:
    """Max pooling of one map over 3 x 3 values with stride 2, padded with -inf evenly on both sides."""
    out = -(-len(x) // 2)
    before = max(0, (out - 1) * 2 + 3 - len(x)) // 2
    padded = np.full((len(x) + 3, len(x) + 3), -np.inf)
    padded[before : before + len(x), before : before + len(x)] = x
    return np.array([[padded[2 * i : 2 * i + 3, 2 * j : 2 * j + 3].max() for j in range(out)] for i in range(out)])


def test_alexnet_reads_the_bottleneck_as_a_map(make_rows: Callable[..., Any]) -> None:
    X, _ = make_rows(6)
    network = started(make_alexnet(standardize=False), X)
    convolutions = [layer.get_weights() for layer in network.layers if type(layer).__name__ == "Conv2D"]
    assert [kernel.shape for kernel, _ in convolutions] == [(3, 3, 1, 2), *[(3, 3, c, 4) for c in (2, 4, 4, 4)]]
    (w, b), (v, c), *read = dense(network)
    logits = network.predict_on_batch(X[:, :, None])[:, 0]
    for x, expected in zip(X, logits, strict=True):
        maps = np.tanh(np.tanh(x @ w + b) @ v + c).reshape(1, 6, 6)
        for place, (kernel, bias) in enumerate(convolutions):
            sums = [
                sum(correlate2d(one, kernel[:, :, i, j], "same") for i, one in enumerate(maps)) + bias[j]
                for j in range(kernel.shape[3])
            ]
            maps = np.maximum(np.stack(sums), 0)
            if place in (0, 1, 4):
                maps = np.stack([pooled(one) for one in maps])
        hidden = maps.transpose(1, 2, 0).ravel()
        for kernel, bias in read[:2]:
            hidden = np.maximum(hidden @ kernel + bias, 0)
        np.testing.assert_allclose(hidden @ read[2][0] + read[2][1], expected, atol=1e-5)


def test_alexnet_drops_out_before_each_dense_layer() -> None:
    network = make_alexnet(dropout=0.25).build(NetworkInput(np.zeros(3), np.ones(3)), 2)
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds[-7:] == ["Flatten", "Dropout", "Dense", "Dropout", "Dense", "Dense", "Reshape"]
    assert [layer.rate for layer in network.layers if type(layer).__name__ == "Dropout"] == [0.25, 0.25]
