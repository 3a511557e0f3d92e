"""Means, intervals and differences, against values derived by hand or from textbooks."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from src.reports.paper.results import Difference, PaperResults, merge, prediction
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


def test_a_single_run_has_no_prediction_interval_and_five_have_that_of_a_sixth() -> None:
    # mean 0.992, deviation sqrt(2.5e-6); t(0.975, 4) = 2.776445: reach 2.776445 * 0.00158114 * sqrt(6 / 5) = 0.004809
    assert prediction(configuration("binary", "pca", 2, {0: run(0.99, 10)})) is None
    found = prediction(configuration("binary", "pca", 2, {seed: run(0.99 + 0.001 * seed, 10) for seed in range(5)}))
    assert found is not None
    logit = np.log(0.992 / 0.008) + np.array([-1, 1]) * 0.004809 / (0.992 * 0.008)
    assert (found.mean, found.low, found.high) == pytest.approx((0.992, *(1 / (1 + np.exp(-logit)))), abs=1e-5)


def test_the_accuracy_of_a_configuration_is_that_of_all_its_seeds(made: PaperResults) -> None:
    one = made.get("binary", "pca", 2)
    assert one is not None
    assert (len(one.runs), one.mean("test_accuracy")) == (5, pytest.approx(0.992 - 0.0002))
    assert made.get("binary", "pca", 5) is None


def test_a_difference_over_one_common_seed_has_no_test() -> None:
    pair = (configuration("binary", "pca", 4, {0: run(0.99, 10)}), configuration("binary", "mi", 4, {0: run(0.98, 10)}))
    found = PaperResults(pair, simulated=False).difference("binary", ("pca", 4), ("mi", 4))
    assert found == Difference(99.0, 98.0, 1, None)


def test_a_difference_over_common_seeds_is_paired_and_corrected_for_their_overlap() -> None:
    # the seeds differ by ten times as much as the two inputs do
    five = {seed: run(0.90 + 0.01 * seed, 10) for seed in range(5)}
    gains = (0.0005, 0.001, 0.0015, 0.001, 0.0005)
    more = {seed: run(0.90 + 0.01 * seed + gains[seed], 10) for seed in range(5)}
    both = (configuration("binary", "pca", 2, more), configuration("binary", "pca", 3, five))
    found = PaperResults(both, simulated=False).difference("binary", ("pca", 2), ("pca", 3))
    assert found is not None
    assert found.tested is not None
    assert (found.n_pairs, found.tested.interval.mean) == (5, pytest.approx(0.09))
    t = 0.09 / (100 * np.std(gains, ddof=1) * np.sqrt(1 / 5 + 1 / 3))
    assert found.tested.p == pytest.approx(2 * stats.t.sf(t, 4))


def test_a_split_without_a_share_of_the_test_has_the_overlap_of_its_records() -> None:
    """Each seed of split=held_out_types is a fold, with tests of other sizes."""
    split = {"name": "held_out_types", "train": 0.9, "val": 0.1}
    records = {0: ("50", "200"), 1: ("30", "100")}
    runs = {
        seed: Run("id", {}, {"derived.records_test": test, "derived.records_train": train}, lambda: Path(), "page")
        for seed, (test, train) in records.items()
    }
    made = Configuration("grid", {**config(task="binary", split="random", model="lstm"), "split": split}, (0, 1), runs)
    assert made.overlap == pytest.approx((50 / 200 + 30 / 100) / 2)
    assert Configuration("grid", made.config, (0, 1), {}).overlap == 0


def test_seeds_with_one_draw_and_one_division_have_one_test_which_needs_no_correction() -> None:
    def seeds(**fixed: str) -> dict[int, Run]:
        return {seed: Run("id", {}, {"seed": str(seed), **fixed}, lambda: Path(), "page") for seed in (0, 1)}

    assert configuration("binary", "pca", 2, seeds()).overlap == pytest.approx(1 / 3)
    assert configuration("binary", "pca", 2, seeds(**{"seeds.sampling": "1", "seeds.split": "1"})).overlap == 0


def test_only_seeds_that_both_have_are_compared(made: PaperResults, without: Callable[..., PaperResults]) -> None:
    less = without(made, (("binary", "pca", 2, "lstm"), 0), (("binary", "mi", 2, "lstm"), 4))
    found = less.difference("binary", ("pca", 2), ("mi", 2))
    assert found is not None
    assert found.n_pairs == 3
    assert less.difference("binary", ("pca", 2), ("mi", 7)) is None


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
