"""Trials in a real MLflow store. Networks are replaced by a formula; trees are fitted on simulated records.

Real networks are in tests/e2e/test_sweep.py.
"""

import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import mlflow
import optuna
import pytest
from hydra import compose, initialize_config_dir
from mlflow.entities import Run
from optuna.study import Study

from src.config.build import build
from src.config.settings import Settings
from src.features.reduction import Reduced
from src.models.interface import Fitted, OnEpoch
from src.pipeline.experiment import train
from src.pipeline.stage_data import ReducedParts
from src.pipeline.stage_outputs import StageOutputs
from src.search import objective, trial_queue
from src.search.config import Sweep
from src.search.experiments import Experiments
from src.search.objective import FIGURES, Objective
from src.search.progress import Lines, best
from src.search.space import read_space
from src.search.storage import open_storage
from src.search.trial_queue import RUN
from src.search.worker import Worker
from src.tracking import parents
from src.utils.paths import PROJECT, Workspace
from tests.search.conftest import Define

pytestmark = pytest.mark.integration  # trials in a real MLflow store, of which many fit trees

TINY = (
    *("dataset=simulated", "dataset.records=1500", "dataset.test_records=1000"),
    "training.epochs=3",
)
Run_ = Callable[..., tuple[Study, list[Run]]]


def by_formula(settings: Settings, reduced: ReducedParts, on_epoch: OnEpoch) -> Fitted:
    """A fit without any data: no better than chance at tiny learning rates, failing at huge ones, a bit of the seed."""
    rate, units = settings.training.learning_rate, settings.model.units
    if rate > 1:
        raise FloatingPointError(f"epoch 1 of {settings.training.epochs}: found the loss nan, http://me:secret@host")
    accuracy = (0.9 if rate > 1e-6 else 0.5) + settings.seed / 1000 + units / 1e5
    epochs = [
        {"epoch": number, "loss": 1 / number, "val_accuracy": accuracy + number / 1e4}
        for number in range(1, settings.training.epochs + 1)
    ]
    for epoch in epochs:
        on_epoch(epoch)
    return Fitted(Mock(accuracy=accuracy), 0.5, epochs, {"network_parameters": units})


def scores_by_formula(fitted: Fitted, data: Reduced, part: str) -> dict[str, float]:
    accuracy = fitted.classifier.accuracy  # type: ignore[attr-defined]
    return {f"{part}_accuracy": accuracy, f"{part}_macro_f1": accuracy - 0.01}


@pytest.fixture
def _by_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objective, "fit", by_formula)
    monkeypatch.setattr(objective, "scores", scores_by_formula)
    outputs = Mock(reduced=Mock(sample_facts={"records": {"train": 60, "val": 20, "test": 20}}))  # which need no data
    monkeypatch.setattr(Experiments, "outputs", lambda self, settings: outputs)


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, laid_out_store: Path) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    (tmp_path / "mlruns").mkdir()
    shutil.copy(laid_out_store, tmp_path / "mlruns")


@pytest.fixture
def search(define: Define) -> Iterator[Run_]:
    """Run a whole study in this process; returns it and its trials' runs, oldest first."""

    def run(space: dict[str, Any], *overrides: str, **changes: Any) -> tuple[Study, list[Run]]:
        sweep: Sweep = define(space=space, **changes)
        experiments = Experiments([*TINY, *overrides], Workspace(PROJECT / "nothing"))
        parsed = read_space(sweep.space, experiments.fixed)
        storage = open_storage(str(sweep.storage), sweep.heartbeat, trial_queue.on_stale)
        study = optuna.create_study(
            study_name="made", storage=storage, directions=list(sweep.objectives.values()), load_if_exists=True
        )
        parent = parents.start_parent("simulated", "made", {})
        lines = Lines(sweep)
        Worker(sweep, study, storage, {}, Objective(sweep, parsed, experiments, parent, lines), lines).work()
        client = mlflow.MlflowClient()
        found = client.search_runs(
            [client.get_experiment_by_name("simulated").experiment_id],
            f"tags.`mlflow.parentRunId` = '{parent}'",
            order_by=["attributes.start_time ASC"],
        )
        return study, list(found)

    with initialize_config_dir(str(PROJECT / "conf")):
        yield run


@pytest.mark.usefixtures("_by_formula")
def test_every_trial_is_a_run_with_its_config_its_curve_and_its_figures(search: Run_) -> None:
    study, found = search({"model.units": "choice(4, 8)"}, n_trials=2, pruner={"name": "none"})
    assert [run.info.status for run in found] == ["FINISHED"] * 2
    for trial, run in zip(study.trials, found, strict=True):
        assert run.info.run_name == f"trial-{trial.number}"
        assert run.info.run_id == trial.user_attrs[RUN]
        assert run.data.tags["trial.state"] == "COMPLETE"
        assert run.data.tags["study"] == "made"
        assert int(run.data.params["model.units"]) == trial.params["model.units"]
        assert run.data.metrics["val_macro_f1"] == trial.values[0] == trial.user_attrs[FIGURES]["val_macro_f1"]
        assert {"epoch_val_accuracy", "fit_seconds", "val_accuracy"} <= set(run.data.metrics)
        assert not [name for name in run.data.metrics if name.startswith("test")], "no trial sees the test part"


@pytest.mark.usefixtures("_by_formula")
def test_a_fit_that_diverges_fails_only_its_trial_and_records_the_reason(search: Run_) -> None:
    study, found = search({"training.learning_rate": "choice(0.01, 1e38)"}, n_trials=4, seed=1, max_failures=6)
    states = {trial.params["training.learning_rate"]: trial.state.name for trial in study.trials}
    assert states == {0.01: "COMPLETE", 1e38: "FAIL"}
    for trial, run in zip(study.trials, found, strict=True):
        failed = trial.params["training.learning_rate"] == 1e38
        assert run.info.status == ("FAILED" if failed else "FINISHED")
        assert run.data.tags["trial.state"] == ("FAIL" if failed else "COMPLETE")
        if failed:
            reason = trial.user_attrs[trial_queue.REASON]
            assert reason == "FloatingPointError: epoch 1 of 3: found the loss nan, http://me:***@host"
            assert reason == run.data.tags["trial.reason"]


@pytest.mark.usefixtures("_by_formula")
def test_seeds_are_repeated_and_their_mean_counts(search: Run_, tmp_path: Path) -> None:
    study, (run,) = search({"model.units": "choice(8)"}, "seed=3", n_trials=1, n_seeds=2)
    (trial,) = study.trials
    assert trial.params == {"model.units": 8}, "the seed is not searched"
    each = [run.data.metrics[f"val_macro_f1_seed_{seed}"] for seed in (3, 4)]
    assert each[0] != each[1]
    assert trial.values[0] == pytest.approx(sum(each) / 2)
    assert run.data.metrics["val_macro_f1_std"] == pytest.approx(abs(each[0] - each[1]) / math.sqrt(2))
    assert sorted(trial.intermediate_values) == [1, 2, 3, 4, 5, 6], "the steps of the second seed follow the first's"
    assert trial.intermediate_values[6] != trial.intermediate_values[3]
    other = f"sqlite:///{tmp_path / 'other.db'}"
    single, _ = search({"model.units": "choice(8)"}, "seed=4", n_trials=1, n_seeds=1, storage=other)
    assert single.trials[0].values[0] == pytest.approx(each[1])


@pytest.mark.usefixtures("_by_formula")
def test_a_poor_trial_is_pruned_and_its_run_records_it(search: Run_) -> None:
    study, found = search(
        {"training.learning_rate": "choice(0.03, 1e-9)"},
        n_trials=5,
        seed=2,
        pruner={"name": "median", "n_startup_trials": 1, "n_warmup_steps": 0},
    )
    pruned = [trial for trial in study.trials if trial.state.name == "PRUNED"]
    assert pruned
    assert {trial.params["training.learning_rate"] for trial in pruned} == {1e-9}
    for trial in pruned:
        run = found[trial.number]
        assert run.info.status == "FINISHED", "pruning is not a failure"
        assert run.data.tags["trial.state"] == "PRUNED"
        assert "val_macro_f1" not in run.data.metrics
    fitted = next(trial for trial in pruned if trial.intermediate_values)
    epochs = mlflow.MlflowClient().get_metric_history(fitted.user_attrs[RUN], "epoch_val_accuracy")
    assert [point.value for point in epochs] == list(fitted.intermediate_values.values())
    assert len(epochs) < 3


def test_the_same_values_are_not_fitted_twice(search: Run_, monkeypatch: pytest.MonkeyPatch) -> None:
    fits = []
    monkeypatch.setattr(objective, "fit", lambda *given, fit=objective.fit: fits.append(1) or fit(*given))
    study, found = search({"model.max_depth": "choice(2, 5)"}, "model=decision_tree", n_trials=6)
    by_value = {trial.params["model.max_depth"]: trial.values[0] for trial in study.trials}
    assert len(fits) == len(by_value) == 2
    assert all(trial.values[0] == by_value[trial.params["model.max_depth"]] for trial in study.trials)
    assert sum("trial.same_as" in run.data.tags for run in found) == 4
    assert all("val_macro_f1" in run.data.metrics for run in found)


COSTLY = ("model=decision_tree", "task.cost=[[0,1],[5,0]]", "decision.rule=least_cost")


def test_the_cost_of_the_verdicts_on_validation_is_minimized_as_training_has_it(search: Run_) -> None:
    space = {"model.max_depth": "choice(1, 6)"}
    study, found = search(space, *COSTLY, objectives="val_mean_cost", n_trials=6)
    costs = {trial.params["model.max_depth"]: trial.values[0] for trial in study.trials}
    assert len(costs) == 2
    assert best(study).values[0] == min(costs.values()) < max(costs.values())
    for trial, run in zip(study.trials, found, strict=True):
        assert run.data.metrics["val_mean_cost"] == trial.values[0]
        assert not [name for name in run.data.metrics if name.startswith("test")], "no trial sees the test part"
    depth = study.trials[0].params["model.max_depth"]
    settings = build(compose("config", [*TINY, *COSTLY, f"model.max_depth={depth}"]))
    outcome = train(settings, StageOutputs(settings, Workspace(PROJECT / "nothing")))
    assert study.trials[0].values[0] == outcome.metrics["val_mean_cost"]


@pytest.mark.usefixtures("_by_formula")
def test_two_objectives_give_a_front_and_prune_nothing(search: Run_) -> None:
    study, _ = search(
        {"model.units": "range(4, 9, 4)"},
        objectives={"val_macro_f1": "maximize", "network_parameters": "minimize"},
        sampler={"name": "tpe"},
        n_trials=3,
    )
    assert [trial.state.name for trial in study.trials] == ["COMPLETE"] * 3
    assert not any(trial.intermediate_values for trial in study.trials)
    smallest = min(study.trials, key=lambda trial: trial.params["model.units"])
    assert smallest.values in [trial.values for trial in study.best_trials]
