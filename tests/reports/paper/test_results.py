"""Means, intervals and differences, against values worked out by hand or taken from textbooks."""

from collections.abc import Callable

import pytest

from src.reports.paper.results import Cell, Results, difference, estimate

PCA2 = Cell("binary", "pca", 2, "lstm", 0)


def test_one_run_has_wilsons_interval_over_its_test_records() -> None:
    # Newcombe 1998, table I, 81 of 263: 0.2553 to 0.3662
    found = estimate([(81 / 263, 263)])
    assert (found.mean, found.low, found.high) == pytest.approx((100 * 81 / 263, 25.53, 36.62), abs=0.005)
    assert found.seeds == 1


def test_several_runs_have_students_interval_over_the_runs() -> None:
    # mean 0.992, deviation sqrt(2.5e-6); t(0.975, 4) = 2.776445: reach 2.776445 * 0.00158114 / sqrt(5) = 0.00196324
    found = estimate([(0.99 + 0.001 * seed, 10) for seed in range(5)])
    assert (found.mean, found.low, found.high) == pytest.approx((99.2, 99.2 - 0.196324, 99.2 + 0.196324), abs=1e-4)
    assert found.seeds == 5


def test_the_accuracy_of_a_configuration_is_that_of_all_its_seeds(made: Results) -> None:
    found = made.accuracy("binary", "pca", 2)
    assert found is not None
    assert (found.seeds, found.mean) == (5, pytest.approx(99.2 - 0.02))
    assert made.accuracy("binary", "pca", 5) is None


def test_a_difference_over_one_common_seed_has_the_interval_of_two_shares(made: Results) -> None:
    found = difference(made.pairs("binary", ("pca", 4), ("mi", 4)))
    a, b = 0.9896, 0.9796
    reach = 196 * ((a * (1 - a) + b * (1 - b)) / 10000) ** 0.5
    assert (found.mean, found.low, found.seeds) == (pytest.approx(1.0), pytest.approx(1.0 - reach, abs=1e-3), 1)


def test_a_difference_over_common_seeds_is_paired(made: Results) -> None:
    # equal but for 0.0001 at every seed: no spread, so no width
    five = {seed: made.found[Cell("binary", "pca", 2, "lstm", seed)] for seed in range(5)}
    other = {Cell("binary", "pca", 3, "lstm", seed): run for seed, run in five.items()}
    both = Results(made.wanted, {**{run.cell: run for run in five.values()}, **other}, simulated=False)
    found = difference(both.pairs("binary", ("pca", 2), ("pca", 3)))
    assert (found.mean, found.low, found.high, found.seeds) == (0, 0, 0, 5)


def test_only_seeds_that_both_have_are_compared(made: Results) -> None:
    assert [(a.cell.seed, b.cell.seed) for a, b in made.pairs("binary", ("pca", 2), ("mi", 2))] == [(0, 0)]
    assert made.pairs("binary", ("pca", 2), ("mi", 7)) == []


def test_validation_chooses_k(made: Results) -> None:
    assert made.best_k("binary", "pca", [3, 4, 10]) == 3  # its validation accuracy falls with k
    assert made.best_k("binary", "pca", [7]) is None


def test_what_is_missing_is_known_by_name(made: Results, without: Callable[..., Results]) -> None:
    assert made.missing == []
    less = without(made, PCA2)
    assert less.missing == [PCA2]
    assert str(PCA2) == "lstm on pca k=2, binary, seed 0"
    assert less.first("binary", "pca", 2).cell.seed == 1  # type: ignore[union-attr]


def test_tasks_come_in_the_order_of_their_names_whichever_grid_asks_first() -> None:
    wanted = tuple(Cell(task, "pca", 2, "lstm", 0) for task in ("multiclass_smurf", "binary", "multiclass", "binary"))
    assert Results(wanted, {}, simulated=False).tasks == ["binary", "multiclass", "multiclass_smurf"]
