"""Means, intervals and differences, against values derived by hand or from textbooks."""

from collections.abc import Callable
from pathlib import Path

import pytest

from src.reports.paper.results import PaperResults, accuracy, difference, merge
from src.reports.runs import Configuration, Run
from tests.reports.made import config


def run(accuracy: float, records: int) -> Run:
    """A run with a test accuracy and a number of test records."""
    params = {"derived.records_test": str(records)}
    return Run("id", {"test_accuracy": accuracy}, params, lambda: Path(), "page")


def configuration(task: str, reducer: str, k: int, runs: dict[int, Run], grid: str = "paper/grid") -> Configuration:
    """An LSTM's configuration, of the seeds of its runs."""
    made = config(task=task, split="random", model="lstm", reducer=reducer, k=k)
    return Configuration(grid, made, tuple(runs), runs)


def test_one_run_has_wilsons_interval_over_its_test_records() -> None:
    # Newcombe 1998, table I, 81 of 263: 0.2553 to 0.3662
    found = accuracy([run(81 / 263, 263)])
    assert found is not None
    assert (found.mean, found.low, found.high) == pytest.approx((81 / 263, 0.2553, 0.3662), abs=5e-5)


def test_several_runs_have_students_interval_over_the_runs() -> None:
    # mean 0.992, deviation sqrt(2.5e-6); t(0.975, 4) = 2.776445: reach 2.776445 * 0.00158114 / sqrt(5) = 0.00196324
    found = accuracy([run(0.99 + 0.001 * seed, 10) for seed in range(5)])
    assert found is not None
    reach = 0.00196324
    assert (found.mean, found.low, found.high) == pytest.approx((0.992, 0.992 - reach, 0.992 + reach), abs=1e-6)


def test_the_accuracy_of_a_configuration_is_that_of_all_its_seeds(made: PaperResults) -> None:
    runs = made.runs_of("binary", "pca", 2)
    found = accuracy(runs)
    assert found is not None
    assert (len(runs), found.mean) == (5, pytest.approx(0.992 - 0.0002))
    assert accuracy(made.runs_of("binary", "pca", 5)) is None


def test_a_difference_over_one_common_seed_has_the_interval_of_two_shares(made: PaperResults) -> None:
    pairs = made.pairs("binary", ("pca", 4), ("mi", 4))
    found = difference(pairs)
    a, b = 0.9896, 0.9796
    reach = 196 * ((a * (1 - a) + b * (1 - b)) / 10000) ** 0.5
    assert (found.mean, found.low, len(pairs)) == (pytest.approx(1.0), pytest.approx(1.0 - reach, abs=1e-3), 1)


def test_a_difference_over_common_seeds_is_paired(made: PaperResults) -> None:
    # equal at every seed: no spread, so no width
    five = {seed: run(0.99 + 0.001 * seed, 10) for seed in range(5)}
    both = (configuration("binary", "pca", 2, five), configuration("binary", "pca", 3, five))
    pairs = PaperResults(both, simulated=False).pairs("binary", ("pca", 2), ("pca", 3))
    found = difference(pairs)
    assert (found.mean, found.low, found.high, len(pairs)) == (0, 0, 0, 5)


def test_only_seeds_that_both_have_are_compared(made: PaperResults) -> None:
    first = (made.first("binary", "pca", 2), made.first("binary", "mi", 2))
    assert made.pairs("binary", ("pca", 2), ("mi", 2)) == [first]
    assert made.pairs("binary", ("pca", 2), ("mi", 7)) == []


def test_validation_chooses_k(made: PaperResults) -> None:
    assert made.best_k("binary", "pca", [3, 4, 10]) == 3  # its validation accuracy falls with k
    assert made.best_k("binary", "pca", [7]) is None


def test_missing_runs_are_named(made: PaperResults, without: Callable[..., PaperResults]) -> None:
    assert made.missing == []
    less = without(made, (("binary", "pca", 2, "lstm"), 0))
    assert less.missing == ["LSTM, PCA 2, binary, random split, seed 0"]
    assert less.first("binary", "pca", 2) == made.runs_of("binary", "pca", 2)[1]


def test_a_configuration_that_two_grids_ask_for_is_one_with_the_seeds_of_both() -> None:
    one, two, three = run(0.9, 10), run(0.91, 10), run(0.92, 10)
    (found,) = merge(
        [configuration("binary", "pca", 2, {1: one, 2: two}), configuration("binary", "pca", 2, {0: three}, "paper/b")]
    )
    assert (found.grid, found.seeds, found.runs) == ("paper/grid", (0, 1, 2), {0: three, 1: one, 2: two})
    assert found.first == three


def test_tasks_come_in_the_order_of_their_names_whichever_grid_asks_first() -> None:
    found = tuple(configuration(task, "pca", 2, {}) for task in ("multiclass_smurf", "binary", "multiclass", "binary"))
    assert PaperResults(found, simulated=False).tasks == ["binary", "multiclass", "multiclass_smurf"]
