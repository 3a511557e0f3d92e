"""Reducers that make columns: against a computation of their own, and what k may be."""

from typing import Any

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from src.features import projection
from src.features.projection import Autoencoder, KernelComponents, LinearDiscriminants, RandomProjection
from src.features.reducers import Projection

SMALL = [
    LinearDiscriminants(k=1),
    KernelComponents(k=1, landmarks=5, random_state=0),
    RandomProjection(k=1, random_state=0),
    Autoencoder(k=1, epochs=3, random_state=0),
]
each = pytest.mark.parametrize("reducer", SMALL, ids=lambda reducer: type(reducer).__name__)


@parametrize_with_checks(SMALL)
def test_follows_the_estimator_contract(estimator: Projection, check: Any) -> None:
    check(estimator)


@pytest.fixture
def flows() -> tuple[np.ndarray, np.ndarray]:
    """200 records of 6 features, of 3 classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 200).astype(np.int32)
    return (rng.random((200, 6)) + np.eye(6)[y]).astype(np.float32), y


@each
def test_a_seed_repeats_and_every_column_has_a_name(reducer: Projection, flows: tuple[np.ndarray, np.ndarray]) -> None:
    found = reducer.set_params(k=2).fit(*flows).transform(flows[0])
    assert found.shape == (200, 2)
    np.testing.assert_array_equal(found, reducer.fit(*flows).transform(flows[0]))
    prefix = type(reducer).__name__.lower()
    assert reducer.get_feature_names_out().tolist() == [f"{prefix}0", f"{prefix}1"]


@pytest.mark.parametrize("k", [0, 7, True, 2.0, None])
@pytest.mark.parametrize("kind", [LinearDiscriminants, RandomProjection, Autoencoder])
def test_k_out_of_range_names_the_range(kind: Any, k: Any, flows: tuple[np.ndarray, np.ndarray]) -> None:
    for call in (lambda: kind(k=k).check_k(6), lambda: kind(k=k).fit(*flows)):
        with pytest.raises(ValueError, match=rf"^k={k!r}: expected a whole number from 1 to 6 \(the number of feat"):
            call()


def test_a_kernel_has_as_many_components_as_landmarks(flows: tuple[np.ndarray, np.ndarray]) -> None:
    assert KernelComponents(k=20, landmarks=20, random_state=0).fit(*flows).transform(flows[0]).shape == (200, 20)
    with pytest.raises(ValueError, match=r"^k=21: expected a whole number from 1 to 20 \(reducer\.landmarks\)"):
        KernelComponents(k=21, landmarks=20).check_k(6)
    with pytest.raises(ValueError, match=r"^k=201: expected a whole number from 1 to 200 \(n_samples = 200\)"):
        KernelComponents(k=201).fit(*flows)


def test_there_is_one_direction_less_than_classes(flows: tuple[np.ndarray, np.ndarray]) -> None:
    LinearDiscriminants(k=2).check_k(53, 3)
    with pytest.raises(ValueError, match=r"^k=2: expected a whole number from 1 to 1, since 2 classes have as many"):
        LinearDiscriminants(k=2).check_k(53, 2)
    with pytest.raises(ValueError, match=r"^k=3: expected a whole number from 1 to 2, since 3 classes have as many"):
        LinearDiscriminants(k=3).fit(*flows)


def test_the_discriminant_of_two_classes_is_fishers() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 500)
    X = rng.normal(size=(1000, 3)) @ np.diag([1, 5, 1]) + np.outer(y, [1.0, 5.0, 0.0])
    within = sum(np.cov(X[y == one], rowvar=False) for one in (0, 1))
    expected = np.linalg.solve(within, X[y == 1].mean(axis=0) - X[y == 0].mean(axis=0))
    found = LinearDiscriminants(k=1).fit(X, y).transform(X)[:, 0]
    assert abs(np.corrcoef(found, X @ expected)[0, 1]) == pytest.approx(1)


def test_with_every_record_a_landmark_it_is_kernel_pca(flows: tuple[np.ndarray, np.ndarray]) -> None:
    X = flows[0][:60].astype(np.float64)
    kernel = np.exp(-0.7 * ((X[:, None] - X) ** 2).sum(axis=2))
    centred = kernel - kernel.mean(axis=0) - kernel.mean(axis=1, keepdims=True) + kernel.mean()
    values, vectors = np.linalg.eigh(centred)
    expected = vectors[:, -3:][:, ::-1] * np.sqrt(values[-3:][::-1])
    found = KernelComponents(k=3, landmarks=60, gamma=0.7, random_state=0).fit(X).transform(X)
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-6)


def test_records_are_transformed_in_chunks_to_the_same(
    flows: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    X = flows[0]
    fitted = KernelComponents(k=3, landmarks=30, random_state=0).fit(X)
    whole = fitted.transform(X)
    monkeypatch.setattr(projection, "CHUNK", 7)
    np.testing.assert_allclose(fitted.transform(X), whole, atol=1e-6)


def test_random_directions_keep_distances_on_average() -> None:
    X = np.random.default_rng(0).normal(size=(2, 50))
    lengths = [
        np.sum(np.diff(RandomProjection(k=10, random_state=seed).fit_transform(X), axis=0) ** 2) for seed in range(300)
    ]
    assert np.mean(lengths) == pytest.approx(np.sum(np.diff(X, axis=0) ** 2), rel=0.1)


def test_an_autoencoder_of_points_on_a_curve_finds_the_place_on_it() -> None:
    place = np.random.default_rng(0).uniform(-1, 1, 600)
    X = np.column_stack([place, place**2, -place])
    coder = Autoencoder(k=1, hidden=8, epochs=200, batch_size=32, learning_rate=0.01, random_state=0).fit(X)
    found = coder.transform(X)
    assert np.abs(found).max() <= 1
    order = np.argsort(place)
    steps = np.diff(found[order, 0])
    assert (steps >= 0).all() or (steps <= 0).all()
    hidden = np.tanh(X @ coder.weights_[0] + coder.biases_[0])
    np.testing.assert_allclose(found, np.tanh(hidden @ coder.weights_[1] + coder.biases_[1]))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (Autoencoder(hidden=0), r"^reducer\.hidden=0: expected a whole number, 1 or more"),
        (Autoencoder(epochs=2.5), r"^reducer\.epochs=2\.5: expected a whole number, 1 or more"),  # type: ignore[arg-type]
        (Autoencoder(learning_rate=0), r"^reducer\.learning_rate=0: expected a number above 0"),
        (KernelComponents(landmarks=0), r"^reducer\.landmarks=0: expected a whole number, 1 or more"),
        (KernelComponents(gamma=-1), r"^reducer\.gamma=-1: expected a number above 0"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_before_any_data(wrong: Projection, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wrong.check_k(53)
