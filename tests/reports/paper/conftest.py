"""Runs made by hand: what the report reads, without any training."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from src.config.build import build
from src.data.schema import FEATURES, LABELS
from src.reports.paper.report import Report
from src.reports.paper.results import Cell, Result, Results

Make = Callable[[Results], Path]
ATTACKS = {label: 1000 + place for place, label in enumerate(LABELS) if label != "spy"}
INPUTS = (("none", 53), *((reducer, k) for reducer in ("pca", "mi") for k in (2, 3, 4, 10)))
TASKS = ("binary", "multiclass", "multiclass_smurf")
GRID = (
    *(
        Cell(task, reducer, k, model, 0)
        for task in TASKS
        for reducer, k in INPUTS
        for model in ("lstm", "decision_tree", "random_forest")
    ),
    *(
        Cell(task, "pca", 2, model, seed)
        for task in ("binary", "multiclass_smurf")
        for model in ("lstm", "lstm_ensemble")
        for seed in range(5)
        if (model, seed) != ("lstm", 0)
    ),
)
RECIPES = {(model, task): "none" for model in ("lstm", "decision_tree", "random_forest") for task in TASKS} | {
    ("lstm", "multiclass"): "lstm_multiclass",
    ("lstm_ensemble", "binary"): "none",
    ("lstm_ensemble", "multiclass_smurf"): "lstm_ensemble_multiclass_smurf",
}
BEST = (20, 2, 1, 3, 21, 33, 9, 39, 29, 34)  # the columns of the ten best features, from 0


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A folder of artifacts for each task."""

    def make(task: str) -> Path:
        folder = tmp_path_factory.mktemp(task)
        classes = ["normal", "attack"] if task == "binary" else ["normal", "dos", "r2l"]
        n = len(classes)
        matrix = [[100 if row == column else 1 for column in range(n)] for row in range(n)]
        text = json.dumps({"classes": classes, "rows_predicted_columns_actual": matrix})
        (folder / "confusion_matrix.json").write_text(text)
        ratio = [0.7, 0.12, *[0.18 / 51] * 51]
        variance = pd.DataFrame({"component": range(1, 54), "ratio": ratio})
        variance.assign(cumulative=variance["ratio"].cumsum()).to_csv(folder / "explained_variance.csv", index=False)
        order = [*BEST, *(place for place in range(53) if place not in BEST)]
        information = pd.DataFrame(
            {"rank": range(1, 54), "feature": [FEATURES[place] for place in order],
             "position": [place + 1 for place in order], "score": [1 / (1 + rank) for rank in range(53)]}
        )  # fmt: skip
        information.to_csv(folder / "mutual_information.csv", index=False)
        return folder

    found = {task: make(task) for task in TASKS}
    return found.__getitem__


@pytest.fixture(scope="session")
def made(files: Callable[[str], Path]) -> Results:
    """A whole grid: the LSTM better with PCA, its accuracy 0.99 + seed / 1000 on two components."""

    def result(cell: Cell) -> Result:
        accuracy = 0.99 + 0.001 * cell.seed - 0.01 * (cell.reducer == "mi") - 0.0001 * cell.k
        metrics = dict.fromkeys(("train_accuracy", "test_recall", "test_precision", "test_f1"), accuracy)
        metrics |= {"test_accuracy": accuracy, "val_accuracy": accuracy, "test_false_alarm_rate": 0.01}
        metrics |= {"fit_seconds": 10.0, "test_share_seen_in_training": 0.47}
        params = {f"derived.records_{part}": n for part, n in (("train", "30000"), ("val", "10000"), ("test", "10000"))}
        params |= {"k": str(cell.k), "derived.git_revision": "0123456789abcdef"}
        params |= {"derived.cpu": "a processor", "derived.cores": "2"}
        if cell.model.startswith("lstm"):
            metrics |= {"epochs": 10.0, "epoch_seconds_median": 0.5 * cell.k}
            params |= {"model.units": "64", "model.layers": "1", "model.input_scale": "1.0", "model.members": "1"}
            params |= {
                "model.fourier.n_frequencies": "16",
                "derived.network_parameters": "25000",
                "derived.rows_per_epoch": "20000",
            }
        run_id = f"{abs(hash(cell)):032x}"[:32]
        return Result(cell, run_id, metrics, params, files(cell.task), f"http://127.0.0.1:5000/#/{run_id}")

    return Results(GRID, {cell: result(cell) for cell in GRID}, simulated=False)


@pytest.fixture(scope="session")
def without() -> Callable[..., Results]:
    """Results less the runs of some cells."""

    def make(results: Results, *cells: Cell) -> Results:
        return replace(results, found={cell: run for cell, run in results.found.items() if cell not in cells})

    return make


@pytest.fixture(scope="session")
def written(composed, tmp_path_factory: pytest.TempPathFactory) -> Make:  # type: ignore[no-untyped-def]
    """Write a report and return its folder."""
    tasks = [build(composed(f"task={task}")).task for task in ("binary", "multiclass", "multiclass_smurf")]

    def make(results: Results) -> Path:
        folder = tmp_path_factory.mktemp("reports") / "paper"
        Report(results, "kdd99_10pct", ATTACKS, tasks, 1.0, RECIPES).write(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def whole(written: Make, made: Results) -> Path:
    return written(made)
