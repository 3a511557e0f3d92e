"""Reducers that choose features: scores by hand or scikit-learn's own, and the choice among copies."""

from typing import Any

import numpy as np
import pytest
from sklearn.feature_selection import chi2, f_classif
from sklearn.utils.estimator_checks import parametrize_with_checks

from src.features.reducers import Ranking
from src.features.selection import Anova, ChiSquared, ForestImportance, MinimumRedundancy, RecursiveElimination

SMALL = [
    Anova(k=1),
    ChiSquared(k=1),
    MinimumRedundancy(k=1, bins=8),
    ForestImportance(k=1, n_estimators=5, random_state=0),
    RecursiveElimination(k=1, random_state=0),
]
each = pytest.mark.parametrize("reducer", SMALL, ids=lambda reducer: type(reducer).__name__)


@parametrize_with_checks(SMALL)
def test_follows_the_estimator_contract(estimator: Ranking, check: Any) -> None:
    check(estimator)


@pytest.fixture
def flows() -> tuple[np.ndarray, np.ndarray]:
    """300 records of 8 features, 0 or more: the first constant, the last two determine the class, the rest noise."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 300).astype(np.int32)
    X = rng.random((300, 8)).astype(np.float32)
    X[:, 0] = 0.5
    X[:, 6] = (y == 1) + 0.1 * rng.random(300)
    X[:, 7] = (y == 2) + 0.1 * rng.random(300)
    return X, y


@each
def test_informative_features_are_selected_and_a_constant_is_not(
    reducer: Ranking, flows: tuple[np.ndarray, np.ndarray]
) -> None:
    X, y = flows
    np.testing.assert_array_equal(reducer.set_params(k=2).fit(X, y).transform(X), X[:, 6:])
    if not isinstance(reducer, MinimumRedundancy):  # to which a constant is better than noise that is shared
        assert 0 not in reducer.set_params(k=7).fit(X, y).ranking_[:7]
    assert np.isfinite(reducer.scores_).all()


@each
@pytest.mark.parametrize("k", [0, 9, True, 2.0, None])
def test_k_out_of_range_names_the_range(reducer: Ranking, k: Any, flows: tuple[np.ndarray, np.ndarray]) -> None:
    wrong = type(reducer)(k=k)
    for call in (lambda: wrong.check_k(8), lambda: wrong.fit(*flows)):
        with pytest.raises(ValueError, match=rf"^k={k!r}: expected a whole number from 1 to 8 \(the number of feat"):
            call()


@each
@pytest.mark.parametrize("k", [1, 3, 8])
def test_larger_k_keeps_every_feature_of_smaller_k(
    reducer: Ranking, k: int, flows: tuple[np.ndarray, np.ndarray]
) -> None:
    small, large = (reducer.set_params(k=size).fit(*flows).get_support() for size in (k, min(8, k + 1)))
    assert small.sum() == k
    assert not (small & ~large).any()


def test_the_f_statistic_by_hand() -> None:
    # means 1 and 4 around 2.5, 3 records each: between 2 * 3 * 1.5^2 / 1 = 13.5; within (2 + 2) / 4 = 1
    X, y = np.array([[0.0], [1], [2], [3], [4], [5]]), np.array([0, 0, 0, 1, 1, 1])
    assert Anova(k=1).fit(X, y).scores_ == pytest.approx([13.5])


def test_chi_squared_by_hand() -> None:
    # sums 1 and 5 where 3 and 3 are expected: (4 + 4) / 3
    X, y = np.array([[0.0], [1], [2], [3]]), np.array([0, 0, 1, 1])
    assert ChiSquared(k=1).fit(X, y).scores_ == pytest.approx([8 / 3])


def test_scores_are_scikit_learns_but_for_features_without_variance(flows: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = flows
    X[:, 0] = 0
    for reducer, score in ((Anova(k=2), f_classif), (ChiSquared(k=2), chi2)):
        found = reducer.fit(X, y).scores_
        np.testing.assert_allclose(found[1:], score(X[:, 1:], y)[0], rtol=1e-5)
        assert found[0] == 0


def test_chi_squared_refuses_what_is_no_count(flows: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(ValueError, match=r"reducer=chi2: found -0\.4\d*, expected 0 or more; take another scaling"):
        ChiSquared(k=2).fit(flows[0] - 0.5, flows[1])


def test_a_copy_of_a_selected_feature_comes_after_features_with_new_information() -> None:
    # classes 0..3 as two bits: the high bit, the high bit again, the low bit with a tenth of it wrong
    y = np.repeat(np.arange(4), 100)
    high, low = y // 2, (y % 2) ^ (np.arange(400) % 10 == 0)
    X = np.column_stack([high, high, low]).astype(float)
    fitted = MinimumRedundancy(k=3).fit(X, y)
    assert fitted.ranking_.tolist() == [0, 2, 1]
    assert fitted.scores_.tolist() == [3, 1, 2]
    # the second: ln 2 - ln 2 for the copy, (I(low; class) - 0) for the other
    assert Anova(k=3).fit(X + np.random.default_rng(0).normal(0, 0.1, X.shape), y).ranking_[2] != 1


def test_elimination_takes_one_after_the_other(flows: tuple[np.ndarray, np.ndarray]) -> None:
    fitted = RecursiveElimination(k=2, random_state=0).fit(*flows)
    assert sorted(fitted.scores_.tolist()) == [-6, -5, -4, -3, -2, -1, 0, 0]
    assert fitted.scores_[0] == -6  # the constant went first


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (MinimumRedundancy(bins=1), r"^reducer\.bins=1: expected a whole number, 2 or more"),
        (ForestImportance(k=2, n_estimators=0), r"^reducer\.n_estimators=0: expected a whole number, 1 or more"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_before_any_data(wrong: Ranking, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wrong.check_k(53)


@pytest.mark.parametrize("kind", [ForestImportance, RecursiveElimination])
def test_a_seed_repeats(kind: Any, flows: tuple[np.ndarray, np.ndarray]) -> None:
    one, same = (kind(k=2, random_state=3).fit(*flows).scores_ for _ in range(2))
    np.testing.assert_array_equal(one, same)
