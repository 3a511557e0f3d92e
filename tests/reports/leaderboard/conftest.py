"""Runs made by hand, with the values that the report reads; nothing is trained."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from src.evaluation.verdicts import Verdicts
from src.reports.leaderboard.report import NSL, PROTOCOL, VARIANTS, LeaderboardReport
from src.reports.runs import Configuration, Results, Run
from tests.reports.made import config

# accuracy on the official test, cost, seconds of the fit and of the test, weights
MODELS = {
    "decision_tree": (0.93, 0.24, 2.0, 0.005, None),
    "lstm": (0.92, 0.25, 80.0, 0.005, 21_634),
    "knn": (0.925, 0.23, 0.1, 3.0, None),
    "naive_bayes": (0.80, 0.60, 1.0, 0.005, None),
}


def error_cost(model: str) -> float:
    """Cost of each error of a model."""
    accuracy, cost, *_ = MODELS[model]
    return cost / (1 - accuracy)


def run(
    accuracy: float,
    *,
    cost: float | None = None,
    seconds: float = 10.0,
    test_seconds: float = 0.005,
    weights: int | None = None,
    current: bool = True,
    files: Callable[[], Path] = Path,
) -> Run:
    """A run on 1,000 test records, without verdicts unless its files have them."""
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
    return Run(uuid4().hex, metrics, params, files, "page", current)


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Callable[[float, str, str], Path]:
    """`kept(0.93, "five", "knn")`: folder with verdicts on 1,000 records; the first 70 are wrong.

    With five classes the errors of each model are of a kind of their own, which costs as much as `MODELS` says.
    """
    folder = tmp_path_factory.mktemp("verdicts")

    def make(accuracy: float, task: str, model: str) -> Path:
        place = folder / f"{task}-{accuracy}-{model}"
        if not place.exists():
            n = {"binary": 2, "five": 5}.get(task, 3)
            row = np.arange(1000)
            target = (row % n).astype(np.int32)
            shift = 1 + list(MODELS).index(model) if task == "five" else 1
            wrong = (target + shift) % n
            predicted = np.where(row < round(1000 * (1 - accuracy)), wrong, target).astype(np.int32)
            prices = [0.0, *map(error_cost, MODELS)]
            cost = [[prices[(to - of) % n] for to in range(n)] for of in range(n)] if task == "five" else None
            classes = tuple(f"class {one}" for one in range(n))
            made = Verdicts(
                row + 1, row.astype(np.uint64), target, predicted, predicted.astype(np.float32), classes, cost
            )
            made.write(place / "test_verdicts.parquet")
        return place

    return make


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
def made(kept: Callable[[float, str, str], Path]) -> Results:
    """Four models on each task and split, three seeds of them on the official test, and on the tests of NSL-KDD.

    Three recurrent networks have three seeds on the random split.
    """

    def of(model: str, task: str, split: str, *seeds: int, grid: str = "leaderboard/features") -> Configuration:
        accuracy, cost, seconds, test_seconds, weights = MODELS[model]
        runs = {}
        for seed in seeds:
            # the seeds are 0.002 apart, the lowest first
            score = round(accuracy + (0.07 if split == "random" else 0.0) + (seed - 1) * 0.002 * (len(seeds) > 1), 4)
            paid = error_cost(model) * (1 - score) if len(seeds) > 1 else cost
            runs[seed] = run(
                score, cost=paid if task == "five" else None, seconds=seconds, test_seconds=test_seconds,
                weights=weights, files=partial(kept, score, task, model),
            )  # fmt: skip
        return configuration(model, runs, task=task, split=split, grid=grid)

    found = [
        of(model, task, split, *((0, 1, 2) if split == "official" else (0,)))
        for task, split in PROTOCOL
        for model in MODELS
    ]
    for model in MODELS:
        nsl = of(model, "binary", "official", 0, grid=NSL[0])
        nsl.runs[0].metrics.update(test_21_accuracy=MODELS[model][0] - 0.2)
        found.append(nsl)
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
