"""Runs made by hand, with the values that the report reads; nothing is trained."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from src.config.build import build
from src.reports.paper.report import PaperReport
from src.reports.paper.results import PaperResults
from src.reports.runs import Configuration, Run
from tests.kdd import FEATURES, LABELS
from tests.reports.made import config

Make = Callable[[PaperResults], Path]
Key = tuple[str, str, int, str]
ATTACKS = {label: 1000 + place for place, label in enumerate(LABELS) if label != "spy"}
INPUTS = (("none", 53), *((reducer, k) for reducer in ("pca", "mi") for k in (2, 3, 4, 10)))
TASKS = ("binary", "multiclass", "multiclass_smurf")
TREES = ("decision_tree", "random_forest")
# each configuration, and its number of seeds: task, reducer, k, model
GRID: dict[Key, int] = {
    (task, reducer, k, model): 5 if model == "lstm" or (reducer, k) == ("pca", 2) else 1
    for task in TASKS
    for reducer, k in INPUTS
    for model in ("lstm", *TREES)
} | {(task, "pca", 2, "lstm_ensemble"): 5 for task in ("binary", "multiclass_smurf")}
RECIPES = {
    ("lstm", "multiclass"): "lstm_multiclass",
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
def made(files: Callable[[str], Path]) -> PaperResults:
    """A whole grid: the LSTM better with PCA by a point, its accuracy 0.99 + seed / 1000 on two components.

    With MI the accuracy also changes by up to 0.2 points from seed to seed, differently for each k.
    """

    def run(key: Key, seed: int) -> Run:
        task, reducer, k, model = key
        accuracy = 0.99 + 0.001 * seed - 0.0001 * k
        if reducer == "pca" and k > 2:
            accuracy += 0.000001 * (seed % 3)  # differences that are equal for all seeds have no test
        if reducer == "mi":
            accuracy += 0.001 * (k * seed % 5 - 2) - 0.01
        f1 = "test_f1" if task == "binary" else "test_macro_f1"
        metrics = dict.fromkeys(("train_accuracy", "test_recall", "test_precision", f1), accuracy)
        metrics |= {"test_accuracy": accuracy, "val_accuracy": accuracy, "test_false_alarm_rate": 0.01}
        metrics |= {"test_accuracy_low": accuracy - 0.002, "test_accuracy_high": accuracy + 0.001}
        metrics |= {"fit_seconds": 10.0, "test_share_seen_in_training": 0.47}
        params = {f"derived.records_{part}": n for part, n in (("train", "30000"), ("val", "10000"), ("test", "10000"))}
        params |= {"k": str(k), "derived.git_revision": "0123456789abcdef"}
        params |= {"derived.cpu": "a processor", "derived.cores": "2"}
        if model.startswith("lstm"):
            metrics |= {"epochs": 10.0, "epoch_seconds_median": 0.5 * k}
            params |= {"model.units": "64", "model.layers": "1", "model.input_scale": "1.0", "model.members": "1"}
            params |= {
                "model.fourier.n_frequencies": "16",
                "derived.network_parameters": "25000",
                "derived.rows_per_epoch": "20000",
            }
        run_id = hashlib.md5(f"{model} on {reducer} k={k}, {task}, seed {seed}".encode()).hexdigest()
        return Run(run_id, metrics, params, lambda: files(task), f"http://127.0.0.1:5000/#/{run_id}")

    found = []
    for key, seeds in GRID.items():
        task, reducer, k, model = key
        made = config(task=task, split="random", model=model, reducer=reducer, k=k)
        runs = {seed: run(key, seed) for seed in range(seeds)}
        found.append(Configuration("paper/grid", made, tuple(runs), runs, RECIPES.get((model, task), "none")))
    return PaperResults(tuple(found), simulated=False)


@pytest.fixture(scope="session")
def without() -> Callable[..., PaperResults]:
    """Results less some runs, each given as a key and a seed."""

    def make(results: PaperResults, *gone: tuple[Key, int]) -> PaperResults:
        def less(one: Configuration) -> Configuration:
            key = (one.task, one.reducer, one.k, one.model)
            return replace(one, runs={seed: run for seed, run in one.runs.items() if (key, seed) not in gone})

        return replace(results, configurations=tuple(map(less, results.configurations)))

    return make


@pytest.fixture(scope="session")
def empty(made: PaperResults) -> PaperResults:
    """The grid without any run."""
    return replace(made, configurations=tuple(replace(one, runs={}) for one in made.configurations))


@pytest.fixture(scope="session")
def written(composed, tmp_path_factory: pytest.TempPathFactory) -> Make:  # type: ignore[no-untyped-def]
    """Write a report and return its folder."""
    tasks = [build(composed(f"task={task}")).task for task in ("binary", "multiclass", "multiclass_smurf")]

    def make(results: PaperResults) -> Path:
        folder = tmp_path_factory.mktemp("reports") / "paper"
        PaperReport(results, "kdd99_10pct", ATTACKS, tasks, 1.0).write(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def whole(written: Make, made: PaperResults) -> Path:
    return written(made)
