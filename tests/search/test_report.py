"""The report of a study in a real database; the objective is a formula, and the runs on test are made up."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import optuna
import pytest
from hydra import initialize_config_dir
from optuna.distributions import CategoricalDistribution, IntDistribution
from optuna.study import Study
from optuna.trial import TrialState

from src.search import best_config, report, winner_on_test
from src.search.best_config import Winner
from src.search.config import Sweep
from src.search.create import COMMAND, open_study, parent_run
from src.search.experiments import Experiments
from src.search.objective import FIGURES
from src.search.page import NOTE_LIMIT, note
from src.search.progress import Lines
from src.search.space import read_space
from src.search.storage import open_storage
from src.search.trial_queue import TrialQueue
from src.search.winner_on_test import OnTest
from src.search.worker import Worker
from src.tracking.finished_runs import FinishedRun, FinishedRuns
from src.utils.paths import PROJECT, Workspace
from tests.search.conftest import Define

SMALL = ("dataset=simulated", "dataset.records=2000", "dataset.test_records=1000")
SPACE = {"reducer": "choice(pca, mi)", "k": "tag(log, range(2, 6))"}


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, laid_out_store: Path) -> Iterator[None]:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    (tmp_path / "mlruns").mkdir()
    shutil.copy(laid_out_store, tmp_path / "mlruns")
    monkeypatch.setattr(best_config, "FOLDER", tmp_path / "experiment")
    monkeypatch.setattr(report, "project", lambda: Workspace(tmp_path))
    monkeypatch.setattr(winner_on_test, "_runs", lambda overrides, stored: None)
    with initialize_config_dir(str(PROJECT / "conf")):
        yield


def make(
    sweep: Sweep, *overrides: str, outcome: TrialState = TrialState.COMPLETE, epochs: bool = True
) -> tuple[Study, str, str]:
    """A study of quick trials, its parent run, and the summary of its report."""
    experiments = Experiments([*SMALL, *overrides], Workspace(PROJECT / "nothing"))
    storage = open_storage(str(sweep.storage), sweep.heartbeat, lambda study, trial: None)
    study, created = open_study(sweep, storage, experiments, read_space(sweep.space, experiments.fixed))
    parent = parent_run(study, created, experiments)

    def run(study: Study, trial: optuna.Trial) -> list[float]:
        if outcome == TrialState.FAIL:
            raise ValueError("no")
        k = trial.suggest_int("k", 2, 5, log=True)
        score = 0.9 + k / 100 + (trial.suggest_categorical("reducer", ["pca", "mi"]) == "mi") / 1000
        if sweep.prunes and epochs:
            trial.report(score, 1)
        trial.set_user_attr(FIGURES, {"val_macro_f1": score, "fit_seconds": float(k), "epochs": 3.0})
        return [score, float(k)][: len(sweep.objectives)]

    Worker(sweep, study, storage, {"reducer": "pca", "k": 2}, run, Lines(sweep)).work()
    return study, parent, report.write_report(sweep, study, experiments, parent)


def test_it_shows_the_best_values_beside_those_without_the_search(define: Define, tmp_path: Path) -> None:
    study, parent, said = make(define(space=SPACE, n_trials=20))
    text = (tmp_path / "reports" / "sweeps" / "made" / "README.md").read_text()
    assert "**Simulated data.** binary on simulated, random split. 20 of 20 trials: 20 complete." in text
    assert "no trial has seen the test part" in text
    assert "| `reducer` | mi | pca |" in text
    assert "| `k` | 5 | 2 |" in text
    assert "| val_macro_f1 | 0.951 | 0.92 |" in text
    assert f"`{study.user_attrs[COMMAND]}`" in text
    assert "made: trial" in said
    assert "is the best of 20, val_macro_f1 0.95100: k=5 reducer=mi" in said
    assert "local/made.yaml; train it: python -m src.train +experiment=local/made; sweep.save=true" in said
    run = mlflow.get_run(parent)
    assert run.data.tags["best.k"] == "5"
    assert run.data.metrics["best_val_macro_f1"] == pytest.approx(0.951)
    assert run.data.metrics["trials_complete"] == 20
    assert run.info.run_name == "sweep made"
    shown = run.data.tags["mlflow.note.content"]
    assert re.match(r"\*\*Best: trial \d+ of 20, val_macro_f1 0.95100:\*\* `k=5 reducer=mi`\n", shown)
    assert "| `k` | 5 | 2 |" in shown
    head = f"| trial | val_macro_f1 | fit_seconds | k | reducer |\n|{' --- |' * 5}\n"
    rows = shown.partition(head)[2]
    rows = rows.partition("\n\n")[0]
    scores = [float(row.split(" | ")[1]) for row in rows.splitlines()]
    assert scores[0] == 0.951
    assert scores == sorted(scores, reverse=True)
    assert rows in text
    assert "![" not in shown, "MLflow shows no picture of the artifacts there"
    assert "index.html" in shown


def test_the_row_without_the_search_is_that_of_the_configs_values_also_after_an_interruption(
    define: Define, tmp_path: Path
) -> None:
    """The first trial was given back while another worker ended a sampled one: its repetition has number 2."""
    sweep = define(space=SPACE, n_trials=3)
    storage = open_storage(str(sweep.storage), sweep.heartbeat, lambda study, trial: None)
    study, _ = open_study(sweep, storage, Experiments(SMALL, Workspace(PROJECT / "nothing")), read_space(SPACE, {}))
    queue = TrialQueue(study, storage, 3)
    queue.fill({"reducer": "pca", "k": 2})
    first = queue.take()
    study.add_trial(
        optuna.create_trial(
            params={"k": 4, "reducer": "mi"},
            distributions={"k": IntDistribution(2, 5, log=True), "reducer": CategoricalDistribution(["pca", "mi"])},
            values=[0.941],
            user_attrs={FIGURES: {"val_macro_f1": 0.941, "fit_seconds": 4.0, "epochs": 3.0}},
        )
    )
    assert first
    queue.give_back(first)
    make(sweep)
    text = (tmp_path / "reports" / "sweeps" / "made" / "README.md").read_text()
    assert "without the search (trial 2)" in text
    assert re.search(r"^\| `k` \| \d \| 2 \|$", text, re.M)
    assert re.search(r"^\| val_macro_f1 \| [\d.]+ \| 0.92 \|$", text, re.M)


def test_a_long_note_ends_with_a_whole_line() -> None:
    text = "\n".join(f"| {number} | row |" for number in range(1000))
    kept = note(text)
    assert len(kept) <= NOTE_LIMIT
    assert set(re.findall(r"^\| \d+ .*", kept, re.M)) <= set(text.splitlines())
    assert "index.html" in kept


def test_the_page_of_a_study_that_runs_says_what_it_is(define: Define) -> None:
    sweep = define(space=SPACE)
    experiments = Experiments([*SMALL, "dataset.name=small"], Workspace(PROJECT / "nothing"))
    storage = open_storage(str(sweep.storage), sweep.heartbeat, lambda study, trial: None)
    study, created = open_study(sweep, storage, experiments, read_space(sweep.space, {}))
    run = mlflow.get_run(parent_run(study, created, experiments))
    assert f"**Simulated data.** `{experiments.command}` is running" in run.data.tags["mlflow.note.content"]
    assert run.data.tags["simulated"] == "true", "whatever the data set is named"
    assert mlflow.get_experiment(run.info.experiment_id).name == "small"


@pytest.mark.integration
def test_every_picture_that_the_text_names_is_there_and_the_page_needs_no_network(
    define: Define, tmp_path: Path
) -> None:
    make(define(space=SPACE, n_trials=12))
    folder = tmp_path / "reports" / "sweeps" / "made"
    named = {
        line.split("](")[1].rstrip(")") for line in (folder / "README.md").read_text().splitlines() if "![" in line
    }
    assert named == {path.name for path in folder.glob("*.svg")}
    assert {"history.svg", "importances.svg", "slices.svg", "parallel_coordinates.svg"} <= named
    page = (folder / "index.html").read_text()
    assert "<script src" not in page
    assert page.count("Plotly.newPlot(") >= 5
    assert (folder / "trials.csv").read_text().count("\n") == 13


def test_several_objectives_have_a_front(define: Define, tmp_path: Path) -> None:
    objectives = {"val_macro_f1": "maximize", "fit_seconds": "minimize"}
    make(define(space=SPACE, n_trials=12, objectives=objectives))
    folder = tmp_path / "reports" / "sweeps" / "made"
    assert (folder / "pareto_front.svg").is_file()
    assert not (folder / "learning_curves.svg").exists(), "nothing is pruned"
    assert "Pareto" in (folder / "index.html").read_text()


def test_a_study_without_a_complete_trial_has_no_winner(define: Define, tmp_path: Path) -> None:
    _, _, said = make(define(space=SPACE, n_trials=2), outcome=TrialState.FAIL)
    assert "no trial is complete" in said
    assert not (tmp_path / "experiment").exists()


def test_models_without_epochs_have_no_learning_curves(define: Define, tmp_path: Path) -> None:
    make(define(space=SPACE, n_trials=2), epochs=False)
    folder = tmp_path / "reports" / "sweeps" / "made"
    assert (folder / "history.svg").is_file()
    assert not (folder / "learning_curves.svg").exists()
    assert "Intermediate" not in (folder / "index.html").read_text()


@pytest.mark.parametrize(
    ("changes", "overrides", "what"),
    [
        ({}, ("task=multiclass",), "another config"),
        ({"space": {"k": "range(2, 5)"}}, (), "another space"),
        ({"n_seeds": 2}, (), "number of seeds"),
        ({}, ("reducer=pca",), "another space"),  # the default, so that the config is the same
        ({}, ("reducer='pca'",), "another space"),
    ],
)
def test_a_study_is_not_mixed_with_another_of_its_name(
    define: Define, changes: dict[str, Any], overrides: tuple[str, ...], what: str
) -> None:
    make(define(space=SPACE))
    with pytest.raises(ValueError, match=f"{what}.*sweep.study=made-2"):
        make(define(**{"space": SPACE, **changes}), *overrides)


def test_a_study_with_a_fixed_parameter_goes_on_with_the_same_one_only(define: Define) -> None:
    make(define(space=SPACE, n_trials=1), "reducer=pca")
    study, _, _ = make(define(space=SPACE, n_trials=2), "reducer=pca")
    assert len(study.trials) == 2
    with pytest.raises(ValueError, match=r"another space.*sweep.study=made-2"):
        make(define(space=SPACE))


def test_a_later_call_goes_on_with_the_same_mlflow_run(define: Define) -> None:
    _, first, _ = make(define(space=SPACE, n_trials=2))
    study, second, _ = make(define(space=SPACE, n_trials=4))
    assert first == second
    assert len(study.trials) == 4


def test_the_comparison_on_test_uses_only_runs_of_the_current_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    run = FinishedRun("id", "0", {}, {"test_accuracy": 0.99, "fit_seconds": 20.0}, current=True)
    asked = []

    def find(self: FinishedRuns, config: dict[str, Any]) -> FinishedRun | None:
        asked.append((config["k"], config["seed"]))
        return replace(run, metrics={"test_accuracy": 0.99 + config["seed"] / 1000, "fit_seconds": 20.0})

    monkeypatch.setattr(FinishedRuns, "find", find)
    expected = OnTest((0.99, 0.991, 0.992, 0.993, 0.994), (20.0,) * 5, 0.2 / 0.6)
    assert winner_on_test._runs(["k=3"], FinishedRuns()) == expected
    assert asked == [(3, seed) for seed in range(5)]
    monkeypatch.setattr(FinishedRuns, "find", lambda self, config: replace(run, current=False))
    assert winner_on_test._runs(["k=3"], FinishedRuns()) is None
    monkeypatch.setattr(FinishedRuns, "find", lambda self, config: None)
    assert winner_on_test._runs(["k=3"], FinishedRuns()) is None


def test_the_comparison_is_seed_by_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    better, before = (
        OnTest((0.991, 0.993, 0.992, 0.994, 0.995), (30.0,) * 5, 0.2 / 0.6),
        OnTest((0.99,) * 5, (20.0,) * 5, 0.2 / 0.6),
    )
    monkeypatch.setattr(winner_on_test, "_runs", lambda overrides, stored: better if overrides == ["k=4"] else before)
    winner = Winner(["k=4"], ["+experiment=best/made"], "")
    text = "\n".join(winner_on_test.on_test(winner, Experiments(["k=3"], Workspace(PROJECT))))
    assert (
        "| `python -m src.train -m +experiment=best/made seed=0,1,2,3,4` | 99.300 % [98.894 %, 99.557 %] | 30 |" in text
    )
    assert "| `python -m src.train -m k=3 seed=0,1,2,3,4` | 99.000 %" in text
    assert "+0.300 points [-0.021, +0.621]" in text
