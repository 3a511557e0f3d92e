"""Means over seeds: groups of jobs, and intervals derived by hand."""

import io
from collections.abc import Callable

import pandas as pd
import pytest
from omegaconf import DictConfig

from src.tracking.multirun.seed_groups import group_by_seed
from src.tracking.tables.seed_summary import SeedSummary, over_seeds, seeds_csv

Compose = Callable[..., DictConfig]


def test_jobs_that_differ_by_seed_alone_are_one_group(composed: Compose) -> None:
    jobs = [composed("reducer=mi", f"seed={seed}") for seed in (3, 0, 1)]  # the reducer's own seed follows
    (group,) = group_by_seed(jobs)
    assert list(group) == [3, 0, 1]
    assert group[3]["reducer"]["random_state"] == 3


def test_jobs_that_differ_otherwise_are_groups_in_their_order(composed: Compose) -> None:
    points = [composed(f"decision.calibrate={value}", f"seed={seed}") for seed in (0, 1) for value in ("true", "false")]
    assert [(list(one), one[0]["decision"]["calibrate"]) for one in group_by_seed(points)] == [
        ([0, 1], True), ([0, 1], False),
    ]  # fmt: skip


def test_a_job_alone_is_a_group(composed: Compose) -> None:
    alone, pair = group_by_seed([composed("k=2"), composed("k=3"), composed("k=3", "seed=1")])
    assert [list(alone), list(pair)] == [[0], [0, 1]]


def test_a_job_that_cannot_run_is_a_group_too(composed: Compose) -> None:
    """Its row in the table says that it was not run."""
    assert [list(one) for one in group_by_seed([composed("k=2"), composed("k=54")])] == [[0], [0]]


def summary() -> SeedSummary:
    """Three runs; (0.90 + 0.92 + 0.94) / 3 = 0.92, deviation 0.02, reach 4.3027 * 0.02 / sqrt(3) = 0.04968.

    On the logit: 2.4423 and a reach of 0.04968 / (0.92 * 0.08) = 0.6751, so 0.8541 to 0.9576. For one further run the
    reach is sqrt(1 + 1/3) / sqrt(1/3) = 2 times as wide: 0.7488 to 0.9780.
    """
    metrics = [
        {"test_accuracy": 0.9 + 0.02 * seed, "test_accuracy_low": 0.8, "test_roc_auc": 1.0, "val_accuracy": 1.0,
         "fit_seconds": 3.0, "test_21_accuracy": 0.5, "train_accuracy": 1.0, "test_recall_dos": 0.25}
        for seed in range(3)
    ]  # fmt: skip
    metrics[1]["test_mean_cost"] = 0.5  # that the others lack
    return SeedSummary("made up", ("0", "1", "2"), over_seeds(metrics))


def test_scores_have_a_mean_and_an_interval() -> None:
    found = summary()
    accuracy = found.scores["test_accuracy"]
    assert (accuracy.mean, accuracy.low, accuracy.high) == pytest.approx((0.92, 0.8541, 0.9576), abs=1e-4)
    assert (accuracy.lowest, accuracy.highest) == pytest.approx((0.9, 0.94))
    assert (accuracy.next_run.low, accuracy.next_run.high) == pytest.approx((0.7488, 0.9780), abs=1e-4)
    assert list(found.scores) == [
        "fit_seconds", "test_21_accuracy", "test_accuracy", "test_recall_dos", "test_roc_auc", "val_accuracy",
    ]  # fmt: skip


def test_the_parent_gets_means_and_both_ends() -> None:
    metrics = summary().parent_metrics
    assert len(metrics) == 30
    assert metrics["test_accuracy_mean"] == pytest.approx(0.92)
    assert metrics["test_accuracy_low"] == pytest.approx(0.8541, abs=1e-4)
    assert (metrics["test_accuracy_lowest"], metrics["test_accuracy_highest"]) == pytest.approx((0.9, 0.94))


def test_the_file_has_a_row_for_each_score() -> None:
    table = pd.read_csv(io.StringIO(seeds_csv([summary()])))
    assert table.columns.tolist() == [
        "configuration",
        "seeds",
        "metric",
        "mean",
        "low",
        "high",
        "lowest",
        "highest",
        "next_low",
        "next_high",
    ]
    assert table["metric"].tolist() == list(summary().scores)
    assert set(table["seeds"]) == {"0 1 2"}
    assert table.loc[table["metric"] == "test_accuracy", "mean"].item() == pytest.approx(0.92)
