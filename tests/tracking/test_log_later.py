"""A run whose store went away is kept on disk, and logged later. (With a real server: tests/e2e/test_servers.py.)"""

import json
import shutil
from pathlib import Path
from typing import Any

import mlflow
import pytest

from src.config.build import build
from src.config.settings import Settings
from src.tracking import parents, runs
from src.tracking.connection import StoreAwayError
from src.tracking.log_later import log_kept
from src.utils.paths import Workspace

FACTS = {"derived.records_train": 60, "derived.records_val": 20, "derived.records_test": 20}


@pytest.fixture
def settings(composed: Any) -> Settings:
    return build(composed("dataset=simulated", "model=decision_tree"))


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, laid_out_store: Path) -> str:
    monkeypatch.delenv(runs.PARENT_VARIABLE, raising=False)
    uri = f"sqlite:///{shutil.copy(laid_out_store, tmp_path)}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return uri


@pytest.fixture
def out(tmp_path: Path) -> Workspace:
    """Outputs of a run."""
    made = Workspace(tmp_path / "outputs" / "one")
    made.reports.mkdir(parents=True)
    made.detector.mkdir(parents=True)
    (made.reports / "metrics.json").write_text("{}")
    return made


def fail_to_log(settings: Settings, out: Workspace, monkeypatch: pytest.MonkeyPatch, error: Exception) -> str:
    """Train and evaluate without a store at the end; returns the message."""

    def fails(*arguments: object, **options: object) -> None:
        raise error

    def work() -> None:
        with runs.tracked_run(settings, out=out) as run:
            run.log_training(FACTS, [{"epoch": 1, "loss": 0.125}], {"val_accuracy": 0.25})
            run.log_evaluation({"test_accuracy": 0.5}, out.reports, "| a | table |")

    with monkeypatch.context() as patch:
        patch.setattr(runs.Run, "log_metrics", fails)
        with pytest.raises((StoreAwayError, RuntimeError), match="log_runs") as told:
            work()
    return str(told.value)


def test_what_the_store_lacks_is_kept_and_logged_under_the_same_id(
    settings: Settings, out: Workspace, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = fail_to_log(settings, out, monkeypatch, StoreAwayError("the store no longer answers"))
    assert message.startswith("the store no longer answers; the fit and its scores are kept in ")
    assert "outputs/one/models/detector and " in message
    assert message.endswith("outputs/one")
    assert "python -m src.log_runs " in message
    client = mlflow.MlflowClient(store)
    experiment = client.get_experiment_by_name("simulated").experiment_id
    (before,) = client.search_runs([experiment])
    assert before.info.status == "FAILED"
    shutil.move(out.root, moved := out.root.parent / "moved")
    (line,) = log_kept([moved.parent])
    assert line.endswith(f"moved: logged as run {before.info.run_id}")
    (run,) = client.search_runs([experiment])
    assert run.info.status == "FINISHED"
    assert run.data.metrics["test_accuracy"] == 0.5
    assert run.data.metrics["epoch_loss"] == 0.125
    assert run.data.params["derived.records_train"] == "60"
    assert run.data.tags["mlflow.note.content"] == "| a | table |"
    assert len(run.inputs.dataset_inputs) == 3
    assert "metrics.json" in {item.path for item in client.list_artifacts(run.info.run_id)}
    assert not Workspace(moved).unlogged.exists()
    with pytest.raises(ValueError, match=r"found no models/unlogged\.json in it"):
        list(log_kept([moved]))


def test_in_another_store_a_new_run_takes_its_place_with_its_tags(
    settings: Settings, out: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, laid_out_store: Path
) -> None:
    monkeypatch.setenv(runs.PARENT_VARIABLE, parents.start_parent("simulated", "k=2,3", {}))
    fail_to_log(settings, out, monkeypatch, StoreAwayError("gone"))
    monkeypatch.delenv(runs.PARENT_VARIABLE)
    kept = json.loads(out.unlogged.read_text())
    assert kept["parent"]
    kept["tags"]["fingerprint.code"] = "the code of then"
    out.unlogged.write_text(json.dumps(kept))
    uri = f"sqlite:///{shutil.copy(laid_out_store, tmp_path / 'other.db')}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    list(log_kept([out.root]))
    client = mlflow.MlflowClient(uri)
    (run,) = client.search_runs([client.get_experiment_by_name("simulated").experiment_id])
    assert run.info.run_id != kept["run_id"]
    assert run.info.run_name == kept["name"]
    assert run.data.tags["fingerprint.code"] == "the code of then"
    assert run.data.metrics["test_accuracy"] == 0.5


def test_any_error_of_the_store_keeps_the_run(
    settings: Settings, out: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = fail_to_log(settings, out, monkeypatch, OSError("the disk of the server is full"))
    assert message.startswith("the run could not be logged (OSError: the disk of the server is full); the fit")
    assert out.unlogged.exists()


@pytest.mark.parametrize("has_outputs", [True, False])
def test_an_error_of_the_block_goes_first_and_a_run_without_outputs_keeps_no_file(
    settings: Settings, out: Workspace, monkeypatch: pytest.MonkeyPatch, has_outputs: bool
) -> None:
    def fails(*arguments: object, **options: object) -> None:
        raise OSError("of the store")

    def work() -> None:
        with runs.tracked_run(settings, out=out if has_outputs else None) as run:
            run.log_training(FACTS, [], {"val_accuracy": 0.25})
            if has_outputs:
                raise ValueError("of the block")

    monkeypatch.setattr(runs.Run, "log_metrics", fails)
    with pytest.raises((ValueError, OSError), match="of the block" if has_outputs else "of the store"):
        work()
    assert not out.unlogged.exists()
