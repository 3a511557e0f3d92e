"""Tests of many comparisons: against textbooks' numbers and scipy."""

import numpy as np
import pytest
from scipy import stats

from src.evaluation.significance import cliques, critical_difference, holm, rank_models


def test_holms_correction_of_a_textbooks_p_values() -> None:
    # sorted 0.005 0.01 0.03 0.04, times 4 3 2 1, never falling
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.5]) == [1.0, 1.0]
    assert holm([]) == []


def test_holms_correction_keeps_the_chance_of_one_wrong_finding() -> None:
    p_values = np.random.default_rng(0).random((1000, 17))  # nothing to find in any of 17 looks
    assert np.mean(p_values.min(axis=1) < 0.05) > 0.5
    assert np.mean([min(holm(list(row))) < 0.05 for row in p_values]) == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize(("n_models", "quantile"), [(2, 1.960), (4, 2.569), (5, 2.728), (10, 3.164)])
def test_the_critical_difference_has_the_quantiles_of_demsars_table(n_models: int, quantile: float) -> None:
    expected = quantile * np.sqrt(n_models * (n_models + 1) / (6 * 14))
    assert critical_difference(n_models, 14) == pytest.approx(expected, abs=1e-3)


def test_models_are_ranked_on_each_test_set_with_ties_shared() -> None:
    scores = np.array([[0.9, 0.8, 0.8, 0.7], [0.9, 0.95, 0.7, 0.6], [0.8, 0.7, 0.6, 0.5]])
    found = rank_models(scores)
    assert found.ranks == pytest.approx([4 / 3, (2.5 + 1 + 2) / 3, (2.5 + 3 + 3) / 3, 4])
    assert found.p == pytest.approx(stats.friedmanchisquare(*scores.T).pvalue)
    costs = rank_models(-scores, less_is_better=True)
    assert (costs.ranks, costs.p) == (found.ranks, found.p)
    assert rank_models(np.ones((3, 3))).p == 1.0
    with pytest.raises(ValueError, match="found 1 test sets and 3 models, expected at least 2 and 3"):
        rank_models(np.ones((1, 3)))


def test_models_within_the_critical_difference_share_a_line() -> None:
    assert cliques([1.0, 4.0, 2.0, 2.9], 1.5) == [(1.0, 2.0), (2.0, 2.9), (2.9, 4.0)]
    assert cliques([1.0, 2.0, 3.0], 5.0) == [(1.0, 3.0)]
    assert cliques([1.0, 3.0], 1.5) == []
