"""Runs made by hand, with the values that the report reads; nothing is trained."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from src.reports.leaderboard.report import SPLITS, TASKS, VARIANTS, LeaderboardReport
from src.reports.runs import Configuration, Results, Run
from tests.reports.made import config


def run(
    accuracy: float,
    *,
    cost: float | None = None,
    seconds: float = 10.0,
    test_seconds: float = 0.005,
    weights: int | None = None,
    current: bool = True,
) -> Run:
    """A run on 1,000 test records."""
    metrics = {
        **{f"test_{metric}": accuracy for metric in ("accuracy", "f1", "macro_f1")},
        "test_false_alarm_rate": 0.01,
        "fit_seconds": seconds,
        "evaluate_seconds": test_seconds,
        **({} if cost is None else {"test_mean_cost": cost}),
    }
    params = {
        "derived.git_revision": "0123456789abcdef",
        "derived.cpu": "a processor",
        "derived.cores": "2",
        "derived.records_train": "4000",
        "derived.records_test": "1000",
        **({} if weights is None else {"derived.network_parameters": str(weights)}),
    }
    return Run("id", metrics, params, lambda: Path(), "page", current)


def configuration(
    model: str,
    runs: Mapping[int, Run],
    *,
    task: str = "binary",
    split: str = "official",
    grid: str = "leaderboard/features",
) -> Configuration:
    """A configuration on all features, of the seeds of its runs, or of seed 0."""
    return Configuration(grid, config(task=task, split=split, model=model), tuple(runs) or (0,), runs)


@pytest.fixture(scope="session")
def made() -> Results:
    """Four models on every task and split, and three recurrent networks on three seeds."""
    # accuracy on the official test, cost, seconds of the fit and of the test, weights
    models = {
        "decision_tree": (0.93, 0.24, 2.0, 0.005, None),
        "lstm": (0.92, 0.25, 80.0, 0.005, 21_634),
        "knn": (0.925, 0.23, 0.1, 3.0, None),
        "naive_bayes": (0.80, 0.60, 1.0, 0.005, None),
    }
    found = [
        configuration(
            model,
            {0: run(accuracy + (0.07 if split == "random" else 0.0), cost=cost if task == "five" else None,
                    seconds=seconds, test_seconds=test_seconds, weights=weights)},
            task=task, split=split,
        )
        for task in TASKS
        for split in SPLITS
        for model, (accuracy, cost, seconds, test_seconds, weights) in models.items()
    ]  # fmt: skip
    # differences to the LSTM: 0.1, 0.2, 0.3 points; and -0.1, 0, 0.1
    variants = {"lstm": (0.99, 0.98, 0.97), "gru": (0.991, 0.982, 0.973), "rnn": (0.989, 0.98, 0.971)}
    found += [
        configuration(model, {seed: run(value) for seed, value in enumerate(values)}, split="random", grid=VARIANTS)
        for model, values in variants.items()
    ]
    return Results(tuple(found), simulated=False)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Results], Path]:
    """Write a report and return its folder."""

    def make(results: Results) -> Path:
        folder = tmp_path_factory.mktemp("reports") / "models"
        LeaderboardReport(results).write(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def whole(written: Callable[[Results], Path], made: Results) -> Path:
    return written(made)
