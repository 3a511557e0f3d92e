"""Variance components, by hand and from data with known variances."""

from itertools import product

import numpy as np
import pytest

from src.evaluation.variance import REST, variance_components


def test_two_factors_by_hand() -> None:
    # rows 1 3 / 5 7: means of the first factor 2 and 6, of the second 3 and 5, no interaction
    found = variance_components({"split": [0, 0, 1, 1], "training": [0, 1, 0, 1]}, [1, 3, 5, 7])
    # mean squares 16 and 4, each over two runs of a level
    assert found == pytest.approx({"split": 8.0, "training": 2.0, REST: 0.0})
    # 1 2 / 2 1: nothing but interaction, its sum of squares 1 with one degree of freedom
    crossed = variance_components({"split": [0, 0, 1, 1], "training": [0, 1, 0, 1]}, [1, 2, 2, 1])
    assert crossed == pytest.approx({"split": 0.0, "training": 0.0, REST: 1.0})


def test_one_factor_has_the_variance_of_its_runs() -> None:
    assert variance_components({"split": [0, 0, 0], "training": [3, 4, 5]}, [1, 2, 6]) == {"training": pytest.approx(7)}


def test_known_variances_are_found() -> None:
    rng = np.random.default_rng(0)
    levels = list(product(range(8), range(8), range(8)))
    found = []
    for _ in range(200):
        effects = [rng.normal(0, deviation, 8) for deviation in (3, 1, 2)]
        scores = [sum(effect[at] for effect, at in zip(effects, one, strict=True)) + rng.normal() for one in levels]
        names = ("sampling", "split", "training")
        found.append(variance_components({name: [one[at] for one in levels] for at, name in enumerate(names)}, scores))
    means = {name: np.mean([one[name] for one in found]) for name in found[0]}
    assert means == pytest.approx({"sampling": 9, "split": 1, "training": 4, REST: 1}, rel=0.15)


def test_without_every_combination_once_there_are_no_shares() -> None:
    factors = {"split": [0, 0, 1], "training": [0, 1, 0]}
    assert variance_components(factors, [1, 2, 3]) is None
    assert variance_components({"split": [0, 0]}, [1, 2]) is None
    assert variance_components({"split": [0, 0, 1, 1]}, [1, 2, 3, 4]) is None
