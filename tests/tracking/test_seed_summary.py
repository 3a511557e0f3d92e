"""Means over seeds: groups of jobs, and intervals derived by hand."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from omegaconf import DictConfig

from src.tracking import seed_summary
from src.tracking.seed_groups import SeedGroup, group_by_seed
from src.tracking.seed_summary import SeedSummary

Compose = Callable[..., DictConfig]
ONE = "kdd99_10pct, binary, random split"


def test_jobs_that_differ_by_seed_alone_are_one_group(composed: Compose) -> None:
    jobs = [composed("reducer=mi", f"seed={seed}") for seed in (3, 0, 1)]  # the reducer's own seed follows
    (group,) = group_by_seed(jobs)
    assert group.label == f"{ONE}, lstm on mi k=4"
    assert list(group.configs) == [3, 0, 1]
    assert group.configs[3]["reducer"]["random_state"] == 3


def test_labels_of_groups_name_what_differs(composed: Compose) -> None:
    models = [composed(f"model={model}", f"seed={seed}") for model in ("lstm", "decision_tree") for seed in (0, 1)]
    assert [one.label for one in group_by_seed(models)] == [
        f"{ONE}, {name} on pca k=2" for name in ("lstm", "decision_tree")
    ]
    points = [
        composed(f"decision.calibrate={value}", f"k={k}", f"seed={seed}")
        for value in ("true", "false")
        for k in (2, 3)
        for seed in (0, 1)
    ]
    assert [one.label for one in group_by_seed(points)] == [
        f"{ONE}, lstm on pca k={k}, decision.calibrate={value}" for value in ("true", "false") for k in (2, 3)
    ]


def test_a_job_alone_is_a_group_that_has_no_interval(composed: Compose) -> None:
    alone, pair = group_by_seed([composed("k=2"), composed("k=3"), composed("k=3", "seed=1")])
    assert [list(alone.configs), list(pair.configs)] == [[0], [0, 1]]
    assert pair.label.endswith("k=3")
    assert seed_summary.over_seeds(alone, {0: {"test_accuracy": 0.9}}) is None


def summary() -> SeedSummary:
    """Three runs; (0.90 + 0.92 + 0.94) / 3 = 0.92, deviation 0.02, reach 4.3027 * 0.02 / sqrt(3) = 0.04968."""
    metrics = {
        seed: {"test_accuracy": 0.9 + 0.02 * seed, "test_accuracy_low": 0.8, "test_roc_auc": 1.0, "val_accuracy": 1.0,
               "fit_seconds": 3.0, "test_21_accuracy": 0.5, "test_21_roc_auc": 0.75, "test_recall_dos": 0.25}
        for seed in range(3)
    }  # fmt: skip
    metrics[1]["test_mean_cost"] = 0.5  # that the others lack
    found = seed_summary.over_seeds(SeedGroup("made up", {seed: {} for seed in range(5)}), metrics)
    assert found is not None
    return found


def test_scores_have_a_mean_and_an_interval() -> None:
    found = summary()
    assert (found.seeds, found.requested) == ((0, 1, 2), 5)
    accuracy = found.scores["test_accuracy"]
    assert (accuracy.mean, accuracy.low, accuracy.high) == pytest.approx((0.92, 0.87032, 0.96968), abs=1e-5)
    assert sorted(found.scores) == [
        "fit_seconds", "test_21_accuracy", "test_21_roc_auc", "test_accuracy", "test_recall_dos", "test_roc_auc",
    ]  # fmt: skip


def test_one_run_has_no_interval() -> None:
    assert seed_summary.over_seeds(SeedGroup("made up", {0: {}, 1: {}}), {0: {"test_accuracy": 0.5}}) is None


def test_the_files_say_it_for_people_and_for_programs(tmp_path: Path) -> None:
    seed_summary.write([summary()], tmp_path)
    table = pd.read_csv(tmp_path / "seeds.csv")
    assert table.columns.tolist() == ["configuration", "seeds", "metric", "mean", "low", "high"]
    assert table["metric"].tolist() == sorted(summary().scores)
    assert set(table["seeds"]) == {"0 1 2"}
    lines = (tmp_path / "seeds.md").read_text().splitlines()
    assert lines[0] == "**made up**: mean and 95 % interval over 3 seeds of 5 asked for"
    assert lines[4:] == [
        "| `test_accuracy` | 0.92000 | [0.87032, 0.96968] |",
        "| `test_roc_auc` | 1.00000 | [1.00000, 1.00000] |",
        "| `test_21_accuracy` | 0.50000 | [0.50000, 0.50000] |",
        "| `test_21_roc_auc` | 0.75000 | [0.75000, 0.75000] |",
    ]
