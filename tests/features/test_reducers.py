"""Reducers keep scikit-learn's contract, and the range of k."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.feature_selection import mutual_info_classif
from sklearn.utils.estimator_checks import parametrize_with_checks

from src.features.reducers import AllFeatures, MutualInformation, PrincipalComponents, Reducer


@parametrize_with_checks([PrincipalComponents(k=1), MutualInformation(k=1), AllFeatures()])
def test_follows_the_estimator_contract(estimator: Reducer, check: Any) -> None:
    check(estimator)


@pytest.fixture
def flows() -> tuple[np.ndarray, np.ndarray]:
    """200 records of 12 features, each more informative than the one before; the first is constant."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 200).astype(np.int32)
    X = rng.normal(size=(200, 12)) + y[:, None] * np.arange(12) / 4
    X[:, 0] = 1
    return X, y


# The range of k


@pytest.mark.parametrize("k", [0, -1, 13, 1.0, True, None, "4"])
@pytest.mark.parametrize("reducer", [PrincipalComponents, MutualInformation])
def test_k_out_of_range_names_the_range(reducer: type[Reducer], k: Any, flows: tuple[np.ndarray, np.ndarray]) -> None:
    message = rf"^k={k!r}: expected a whole number from 1 to 12 \(the number of features\); set it with k="
    with pytest.raises(ValueError, match=message):
        reducer(k=k).fit(*flows)
    with pytest.raises(ValueError, match=message):
        reducer(k=k).check_k(12)  # before any data is read


@pytest.mark.parametrize("k", [0, -1, 11, 13, True])
def test_all_features_takes_no_other_k_than_all(k: Any, flows: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(ValueError, match=rf"^k={k}: expected 12, since reducer=none keeps every feature"):
        AllFeatures(k=k).fit(*flows)


@pytest.mark.parametrize("k", [1, 12, np.int64(3)])
@pytest.mark.parametrize("reducer", [PrincipalComponents, MutualInformation])
def test_both_ends_of_the_range_are_in_it(reducer: type[Reducer], k: int, flows: tuple[np.ndarray, np.ndarray]) -> None:
    fitted = reducer(k=k).fit(*flows)
    assert fitted.transform(flows[0]).shape == (200, k)
    assert len(fitted.get_feature_names_out()) == k


# All features


@pytest.mark.parametrize("k", [None, 12])
def test_all_features_changes_nothing(k: int | None, flows: tuple[np.ndarray, np.ndarray]) -> None:
    assert np.array_equal(AllFeatures(k=k).fit_transform(*flows), flows[0])


# Principal components


@pytest.mark.parametrize("k", [1, 2, 5, 12])
def test_principal_components_are_those_of_scikit_learn(k: int, flows: tuple[np.ndarray, np.ndarray]) -> None:
    X, _ = flows
    ours, theirs = PrincipalComponents(k=k).fit(X), PCA(n_components=k, svd_solver="full").fit(X)
    # an axis may point either way
    assert np.abs(ours.transform(X)) == pytest.approx(np.abs(theirs.transform(X)), abs=1e-9)
    assert ours.pca_.explained_variance_ratio_ == pytest.approx(theirs.explained_variance_ratio_)


def test_the_first_component_of_points_on_a_line_is_the_place_on_it() -> None:
    place = np.array([-2.0, -1.0, 0.0, 3.0])
    X = np.outer(place, [3, 4]) + 7  # direction of length 5
    assert np.abs(PrincipalComponents(k=1).fit_transform(X)[:, 0]) == pytest.approx([10, 5, 0, 15])


def test_larger_k_keeps_every_component_of_smaller_k(flows: tuple[np.ndarray, np.ndarray]) -> None:
    small, large = (PrincipalComponents(k=k).fit_transform(flows[0]) for k in (2, 5))
    assert large[:, :2] == pytest.approx(small)


# Mutual information


@pytest.mark.parametrize("estimator", ["histogram", "knn"])
@pytest.mark.parametrize("k", range(1, 12))
def test_larger_k_keeps_every_column_of_smaller_k(k: int, estimator: Any, flows: tuple[np.ndarray, np.ndarray]) -> None:
    small, large = (
        MutualInformation(k=size, estimator=estimator, random_state=0).fit(*flows).get_support() for size in (k, k + 1)
    )
    assert (small.sum(), large.sum()) == (k, k + 1)
    assert not (small & ~large).any()


def test_the_most_informative_columns_are_selected_in_their_own_order() -> None:
    y = np.repeat([0, 1], 4)
    X = np.zeros((8, 4))
    X[:, 1] = [0, 0, 0, 1, 1, 1, 1, 0]  # 3 of 4 right on either side: 0.1308 nats
    X[:, 3] = y  # ln 2
    fitted = MutualInformation(k=2).fit(X, y)
    assert fitted.scores_.round(4).tolist() == [0, 0.1308, 0, 0.6931]
    assert fitted.ranking_.tolist() == [3, 1, 0, 2]  # ties in column order
    assert np.array_equal(fitted.transform(X), X[:, [1, 3]])


def test_fewer_bins_give_less_information() -> None:
    y = np.arange(64) % 2
    X = np.arange(64.0)[:, None]
    scores = [MutualInformation(k=1, bins=bins).fit(X, y).scores_[0] for bins in (64, 32)]
    assert scores == pytest.approx([np.log(2), 0])


def test_the_neighbor_estimate_is_scikit_learns_and_repeats_with_its_seed(
    flows: tuple[np.ndarray, np.ndarray],
) -> None:
    reducer = MutualInformation(k=4, estimator="knn", random_state=7)
    fitted = reducer.fit(*flows)
    assert fitted.scores_ == pytest.approx(mutual_info_classif(*flows, random_state=7))
    assert fitted.scores_.tolist() == clone(reducer).fit(*flows).scores_.tolist()
    assert fitted.scores_[0] < 0.05  # the constant column
    assert np.flatnonzero(fitted.get_support()).min() >= 6


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"estimator": "chi2"}, r"^reducer\.estimator='chi2': expected 'histogram' or 'knn'"),
        ({"bins": 1}, r"^reducer\.bins=1: expected a whole number, 2 or more"),
        ({"bins": 2.5}, r"^reducer\.bins=2\.5: expected a whole number, 2 or more"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(
    wrong: dict[str, Any], message: str, flows: tuple[np.ndarray, np.ndarray]
) -> None:
    with pytest.raises(ValueError, match=message):
        MutualInformation(k=2, **wrong).fit(*flows)


def test_classes_that_are_no_classes_are_refused(flows: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        MutualInformation(k=2).fit(flows[0], flows[0][:, 1])
