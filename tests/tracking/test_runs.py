"""MLflow store and its runs. (Statuses of runs that die are in tests/e2e/test_faults.py.)"""

import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, nullcontext

import mlflow
import psutil
import pytest
import yaml

from src.config.build import build
from src.pipeline import fingerprint
from src.tracking import environment, finished_runs, parents, runs
from src.tracking import store as stores
from src.tracking.dead_runs import close_dead_runs
from src.tracking.finished_runs import FinishedRuns
from src.tracking.processes import process_tag
from src.tracking.runs_table import VIEW, runs_page


@pytest.fixture
def settings(composed):
    return build(composed("dataset=simulated", "model=decision_tree"))


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch, laid_out_store):
    """Store of one test, where a project has its own."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv(runs.PARENT_VARIABLE, raising=False)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    (tmp_path / "mlruns").mkdir()
    shutil.copy(laid_out_store, tmp_path / "mlruns")
    yield tmp_path / "mlruns"
    while mlflow.active_run():
        mlflow.end_run()


def only_run(store):
    client = mlflow.MlflowClient(f"sqlite:///{store / 'mlflow.db'}")
    (run,) = client.search_runs([client.get_experiment_by_name("simulated").experiment_id])
    return client, run


def test_in_a_new_store_readers_and_writers_do_not_wait_for_each_other(tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "elsewhere"))
    assert stores.open_store("simulated").get_experiment_by_name("simulated") is not None
    with closing(sqlite3.connect(tmp_path / "elsewhere" / "mlruns" / "mlflow.db")) as database:
        assert database.execute("pragma journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("given", [None, "sqlite:///elsewhere.db"])
def test_opening_a_store_leaves_the_environment_as_it_was(given, tmp_path, monkeypatch):
    """Otherwise every child process, and every later test, would write to this store."""
    if given:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/elsewhere.db")
    for name in ("MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    stores.open_store("simulated")  # sets what is set once and for all
    before = dict(os.environ)
    stores.open_store("simulated")
    stores.open_store(None)
    assert dict(os.environ) == before
    assert os.environ.get("MLFLOW_TRACKING_URI") == (f"sqlite:///{tmp_path}/elsewhere.db" if given else None)
    assert "MLFLOW_EXPERIMENT_ID" not in os.environ


def test_a_run_is_resumed_with_the_same_config_and_no_other(composed, store):
    """Parameters of a run cannot change, so that another evaluation makes a new run."""
    one = build(composed("dataset=simulated", "model=decision_tree"))
    other = build(composed("dataset=simulated", "model=decision_tree", "evaluation.bootstrap=10"))
    with runs.tracked_run(one) as first:
        pass
    with runs.tracked_run(one, resume=first.id) as same:
        assert same.id == first.id
    with runs.tracked_run(other, resume=first.id) as changed:
        assert changed.id != first.id
    client = mlflow.MlflowClient(f"sqlite:///{store / 'mlflow.db'}")
    bootstrap = [client.get_run(run.id).data.params["evaluation.bootstrap"] for run in (first, changed)]
    assert bootstrap == ["1000", "10"]


def test_the_whole_resolved_config_is_logged_flat(settings, store):
    with runs.tracked_run(settings):
        pass
    _, run = only_run(store)
    assert run.data.params["task.classes.attack.count"] == "100148"
    assert run.data.params["reducer.k"] == "2"
    assert run.data.params["derived.git_revision"] == environment.git_revision()
    assert run.data.tags["protocol"] == "random"
    assert run.data.tags["mlflow.note.content"].startswith("**Simulated data.**")


@pytest.mark.parametrize(
    ("error", "status"), [(None, "FINISHED"), (ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")]
)
def test_a_run_ends_with_the_status_of_its_block(settings, store, error, status):
    def work() -> None:
        with runs.tracked_run(settings):
            if error:
                raise error("stop")

    if error:
        with pytest.raises(error, match="stop"):
            work()
    else:
        work()
    assert only_run(store)[1].info.status == status


def test_a_resumed_run_is_the_same_run_and_a_lost_one_a_new_run(settings, store):
    with runs.tracked_run(settings) as first:
        first.log_metrics({"val_accuracy": 0.5, "simulated": True})
    with runs.tracked_run(settings, resume=first.id) as again:
        again.log_metrics({"test_accuracy": 0.25})
    assert again.id == first.id
    _, run = only_run(store)
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {"val_accuracy": 0.5, "simulated": 1.0, "test_accuracy": 0.25}
    with runs.tracked_run(settings, resume="0" * 32) as new:
        assert new.id != first.id


def test_the_files_of_the_reports_are_logged_and_folders_beside_them_are_not(settings, store, tmp_path):
    (tmp_path / "reports" / "paper").mkdir(parents=True)
    for name in ("metrics.json", "roc.png", "paper/README.md", ".roc.csv.a1b2c3.part"):
        (tmp_path / "reports" / name).write_text("x")
    with runs.tracked_run(settings) as run:
        run.log_evaluation({"test_accuracy": 0.5}, tmp_path / "reports", "| a | table |")
    client, found = only_run(store)
    assert found.data.tags["mlflow.note.content"] == "| a | table |"
    assert found.data.tags["caption"] == settings.caption
    assert {item.path for item in client.list_artifacts(run.id)} == {"config.yaml", "metrics.json", "roc.png"}


def test_the_config_of_a_run_is_read_back_as_it_was_with_the_order_of_classes_and_columns(settings, store):
    """The order of classes is their index; MLflow alone would sort the keys."""
    with runs.tracked_run(settings) as run:
        pass
    _, found = only_run(store)
    config = yaml.safe_load(mlflow.artifacts.load_text(f"runs:/{run.id}/{runs.CONFIG_FILE}"))
    assert list(config["task"]["classes"]) == ["normal", "attack"]
    assert fingerprint.config_digest(config) == found.data.tags["fingerprint.config"]


def test_reports_of_further_test_parts_are_logged_in_their_folders(settings, store, tmp_path):
    (tmp_path / "reports" / "further_tests" / "test_21").mkdir(parents=True)
    for name in ("metrics.json", "further_tests/test_21/metrics.json"):
        (tmp_path / "reports" / name).write_text("x")
    with runs.tracked_run(settings) as run:
        run.log_evaluation({"test_21_accuracy": 0.5}, tmp_path / "reports")
    client, _ = only_run(store)
    assert [item.path for item in client.list_artifacts(run.id, "further_tests/test_21")] == [
        "further_tests/test_21/metrics.json"
    ]


def test_epochs_become_curves(settings, store):
    epochs = [{"epoch": number, "loss": 1 / number, "val_accuracy": 0.5} for number in (1, 2, 3)]
    with runs.tracked_run(settings) as run:
        run.log_epochs(epochs)
    client, _ = only_run(store)
    curve = client.get_metric_history(run.id, "epoch_loss")
    assert [(point.step, point.value) for point in curve] == [(1, 1.0), (2, 0.5), (3, pytest.approx(1 / 3))]


TRAINING = {
    "derived.records_train": 60,
    "derived.records_val": 20,
    "derived.records_test": 20,
    "derived.rows_per_epoch": 7,
}


def test_headline_scores_come_first_exact_in_percent_and_as_errors(settings, store, tmp_path):
    """The UI shows metrics in the order of their first value, and its compare view three decimals."""
    training = {"train_accuracy": 0.5, "val_accuracy": 0.25}
    with runs.tracked_run(settings) as run:
        run.log_training(TRAINING, [{"epoch": 1, "loss": 0.125}], training)
        run.log_evaluation({**training, "test_f1": 0.5, "test_accuracy": 0.99951}, tmp_path)
    metrics = only_run(store)[1].data.metrics
    assert list(metrics) == ["test_accuracy", "accuracy_percent", "class_errors_per_10000", "test_f1", "val_accuracy",
                             "train_accuracy", "rows_per_epoch", "epoch_loss"]  # fmt: skip
    assert [metrics[name] for name in list(metrics)[:3]] == [0.99951, 99.951, 4.9]
    assert metrics["rows_per_epoch"] == 7


@pytest.mark.parametrize("error", [None, ValueError])
def test_a_training_without_evaluation_keeps_its_metrics_and_curves(settings, store, error):
    with pytest.raises(ValueError, match="stop") if error else nullcontext(), runs.tracked_run(settings) as run:
        run.log_training(TRAINING, [{"epoch": 1, "loss": 0.125}], {"val_accuracy": 0.25})
        if error:
            raise error("stop")
    assert only_run(store)[1].data.metrics == {"val_accuracy": 0.25, "rows_per_epoch": 7.0, "epoch_loss": 0.125}


@pytest.mark.parametrize(
    ("overrides", "sources"),
    [
        (["dataset=simulated"], ["simulator", "simulator"]),
        (["dataset=kdd99_10pct", "split=official"], ["kddcup.data_10_percent.gz", "corrected.gz"]),
    ],
)
def test_a_run_has_its_data_sets(composed, store, overrides, sources):
    """They are those of the drawn parts: other values of the config that change them give another digest."""
    found = {}
    for seed in (0, 1):
        with runs.tracked_run(build(composed(*overrides, "model=decision_tree", f"seed={seed}"))) as run:
            run.log_training(TRAINING, [], {})
        inputs = mlflow.get_run(run.id).inputs.dataset_inputs
        found |= {(seed, one.tags[0].value): one.dataset for one in inputs}
    assert [context for _, context in found] == ["training", "validation", "test"] * 2
    assert len({dataset.digest for dataset in found.values()}) == 6
    assert {dataset.name.rpartition("-")[0].partition("-")[0] for dataset in found.values()} == {overrides[0][8:]}
    assert [json.loads(found[0, part].profile) for part in ("training", "test")] == [{"num_rows": 60}, {"num_rows": 20}]
    for part, source in zip(("training", "test"), sources, strict=True):
        assert source in found[0, part].source.lower()
        assert str(store) not in found[0, part].source


def test_parameters_are_named_as_on_the_command_line(settings, store):
    with runs.tracked_run(settings):
        pass
    params = only_run(store)[1].data.params
    assert (params["reducer"], params["model"], params["k"]) == ("pca", "decision_tree", "2")
    assert params["derived.input"] == "pca 2"
    assert not [name for name in params if "_target_" in name]


@pytest.mark.parametrize(
    ("children", "complete", "status"),
    [
        (["FINISHED", "FINISHED"], True, "FINISHED"),
        (["FINISHED", "FAILED"], True, "FAILED"),
        (["FINISHED", "RUNNING"], True, "FAILED"),
        (["FAILED", "KILLED"], True, "KILLED"),
        ([], True, "FAILED"),
        ([], False, "KILLED"),
    ],
)
def test_a_parent_ends_as_the_worst_of_its_children(store, children, complete, status):
    parent = parents.start_parent("simulated", "k=2,3", {})
    client = mlflow.MlflowClient()
    experiment = client.get_run(parent).info.experiment_id
    for child in children:
        run = client.create_run(experiment, tags={"mlflow.parentRunId": parent})
        if child != "RUNNING":
            client.set_terminated(run.info.run_id, child)
    parents.end_parent(parent, complete=complete)
    assert client.get_run(parent).info.status == status


def test_the_store_lets_readers_and_writers_work_at_once_and_has_its_view(store):
    stores.open_store("simulated")
    with sqlite3.connect(store / "mlflow.db") as database:
        assert database.execute("pragma journal_mode").fetchone() == ("wal",)
    experiment = mlflow.get_experiment_by_name("simulated")
    assert experiment.artifact_location == str(store / "artifacts")
    view = json.loads(experiment.tags[f"mlflow.sharedViewState.{VIEW}"])
    assert view["orderByKey"] == "attributes.start_time"  # the only order in which children are under their parent
    assert VIEW in runs_page(experiment.experiment_id, shared=True)


def test_another_store_is_laid_out_where_the_variable_names_one(settings, store, tmp_path, monkeypatch):
    before = (store / "mlflow.db").read_bytes()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'other' / 'runs.db'}")
    with runs.tracked_run(settings):
        pass
    assert (store / "mlflow.db").read_bytes() == before
    assert (tmp_path / "other" / "runs.db").exists()


# --- finished runs ---------------------------------------------------------------------------------------------------


@pytest.fixture
def finished(composed, store):
    """Make a run as if it had been trained and evaluated, and return its id."""

    def make(*overrides: str, metrics: tuple[str, ...] = ("test_accuracy",)) -> str:
        with runs.tracked_run(build(composed("dataset=simulated", "model=decision_tree", *overrides))) as run:
            run.log_metrics(dict.fromkeys(metrics, 0.5))
        return run.id

    return make


def test_a_run_is_found_by_its_config_if_it_was_evaluated(composed, finished):
    config = build(composed("dataset=simulated", "model=decision_tree", "k=3")).config
    assert FinishedRuns().find(config) is None
    finished("k=3", metrics=("val_accuracy",))
    finished("k=4")
    assert FinishedRuns().find(config) is None
    run_id = finished("k=3", "tracking.log_model=false")
    found = FinishedRuns().find(config)
    assert (found.id, found.current, found.metrics, found.params["k"]) == (run_id, True, {"test_accuracy": 0.5}, "3")
    assert found.page.endswith(f"/runs/{run_id}")


def test_a_lookup_of_many_runs_opens_each_store_once_and_follows_the_environment(
    composed, finished, tmp_path, monkeypatch, laid_out_store
):
    config = build(composed("dataset=simulated", "model=decision_tree")).config
    run_id, opened = finished(), []
    monkeypatch.setattr(finished_runs, "open_store", lambda name: opened.append(name) or stores.open_store(name))
    stored = FinishedRuns()
    assert [stored.find(config).id for _ in range(3)] == [run_id] * 3
    newer = finished()
    assert stored.find(config).id == newer, "the store is asked each time"
    assert opened == ["simulated"]
    (tmp_path / "other" / "mlruns").mkdir(parents=True)
    shutil.copy(laid_out_store, tmp_path / "other" / "mlruns")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "other"))
    assert stored.find(config) is None
    assert opened == ["simulated"] * 2


def test_a_run_of_other_code_is_found_but_is_not_current_and_is_not_skipped(composed, finished):
    config = build(composed("dataset=simulated", "model=decision_tree", "tracking.skip_finished=true")).config
    run_id = finished()
    assert FinishedRuns().already_done(config).id == run_id
    with pytest.MonkeyPatch.context() as other:
        other.setattr(fingerprint, "_versions", lambda code: ["other"])
        assert FinishedRuns().find(config).id == run_id
        assert not FinishedRuns().find(config).current
        assert FinishedRuns().already_done(config) is None
        newer = finished()
    assert FinishedRuns().find(config).id == run_id != newer  # the current run, before the newest


def test_nothing_is_skipped_unless_asked_for_nor_in_a_dvc_stage(composed, finished, monkeypatch):
    finished()
    one = ("dataset=simulated", "model=decision_tree")
    assert FinishedRuns().already_done(build(composed(*one)).config) is None
    asked = build(composed(*one, "tracking.skip_finished=true")).config
    monkeypatch.setenv("DVC_STAGE", "train")
    assert FinishedRuns().already_done(asked) is None


def test_a_shared_parent_is_reused_and_its_dead_children_are_ended(store):
    first = parents.start_parent("simulated", "paper", {}, shared=True)
    client = mlflow.MlflowClient()
    experiment = client.get_run(first).info.experiment_id

    def child(process: str) -> str:
        tags = {"mlflow.parentRunId": first, "process": process}
        return client.create_run(experiment, tags=tags).info.run_id

    machine, number, start = process_tag().split()
    alive, elsewhere = child(process_tag()), child("another-machine 1 0")
    dead = child(f"{machine} {'0' * 12} {start}")
    reused = child(f"{machine} {number} 0")  # the same process id, but an older process
    assert parents.start_parent("simulated", "paper", {}, shared=True) == first
    statuses = {run_id: client.get_run(run_id).info.status for run_id in (first, alive, elsewhere, dead, reused)}
    assert list(statuses.values()) == ["RUNNING", "RUNNING", "RUNNING", "KILLED", "KILLED"]
    assert parents.start_parent("simulated", "paper", {}) != first


def test_the_next_command_closes_the_runs_of_processes_that_have_ended(settings, store):
    """As after SIGKILL: single runs, children of a grid without a name, and their parent at last."""
    client = stores.open_store("simulated").MlflowClient()
    experiment = client.get_experiment_by_name("simulated").experiment_id
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        tag = process_tag(psutil.Process(process.pid))
        process.kill()
        process.wait()

    def made(tag: str, **tags: str) -> str:
        return client.create_run(experiment, tags={"process": tag, **tags}).info.run_id

    single, parent, other_parent = (made(tag) for _ in range(3))
    child = made(tag, **{"mlflow.parentRunId": parent})
    open_child = made(process_tag(), **{"mlflow.parentRunId": other_parent})

    def status(run_id: str) -> str:
        return client.get_run(run_id).info.status

    with runs.tracked_run(settings):
        assert [status(one) for one in (single, parent, child)] == ["KILLED"] * 3
        assert [status(one) for one in (other_parent, open_child)] == ["RUNNING"] * 2
    client.set_terminated(open_child)
    close_dead_runs(mlflow, None)
    assert status(other_parent) == "KILLED"


def test_no_tag_names_host_or_process(settings, store):
    parents.start_parent("simulated", "k=2,3", {})
    with runs.tracked_run(settings):
        pass
    client = mlflow.MlflowClient()
    found = client.search_runs([client.get_experiment_by_name("simulated").experiment_id])
    own = [run.data.tags["process"] for run in found]
    assert len(own) == 2
    assert not {platform.node(), str(os.getpid())} & set(" ".join(own).split())


@pytest.mark.parametrize("name", ["it's", "\"quoted\" and 'quoted'", "x' or '1' = '1", "%", "`", "x" * 250, "é\n"])
def test_any_name_is_that_of_one_parent(store, name):
    other = parents.start_parent("simulated", "x", {}, shared=True)
    parent = parents.start_parent("simulated", name, {"overrides": "o" * 9000}, shared=True)
    assert parent != other
    assert parents.start_parent("simulated", name, {}, shared=True) == parents.find_parent("simulated", name) == parent
    assert parents.find_parent("simulated", "x") == other


@pytest.mark.parametrize("length", [0, 251])
def test_a_name_that_a_database_cannot_hold_is_refused(store, length):
    with pytest.raises(ValueError, match=f"tracking.parent: found a name of {length} characters, expected 1 to 250"):
        parents.start_parent("simulated", "x" * length, {})


def test_of_children_with_one_config_the_newest_counts(store):
    parent = parents.start_parent("simulated", "paper", {}, shared=True)
    client = mlflow.MlflowClient()
    experiment = client.get_run(parent).info.experiment_id
    for start, status in ((1000, "KILLED"), (2000, "FINISHED")):
        tags = {"mlflow.parentRunId": parent, "fingerprint.config": "one"}
        client.set_terminated(client.create_run(experiment, start_time=start, tags=tags).info.run_id, status)
    parents.end_parent(parent, complete=True)
    assert client.get_run(parent).info.status == "FINISHED"


def test_a_parent_without_children_is_fine_where_all_were_in_the_store(store):
    parent = parents.start_parent("simulated", "paper", {}, shared=True)
    parents.end_parent(parent, complete=True, all_skipped=True)
    assert mlflow.MlflowClient().get_run(parent).info.status == "FINISHED"


def test_a_report_is_logged_to_the_parent_made_where_there_is_none(composed, store, tmp_path):
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "README.md").write_text("x")
    shared = build(composed("dataset=simulated", "model=decision_tree", "tracking.parent=paper"))
    for _ in range(2):
        parents.log_to_parent(shared, tmp_path / "report", "report")
    parent = parents.find_parent("simulated", "paper")
    client = mlflow.MlflowClient()
    assert [item.path for item in client.list_artifacts(parent, "report")] == ["report/README.md"]
    assert len(client.search_runs([client.get_run(parent).info.experiment_id])) == 1


def test_a_run_of_a_study_is_named_and_nested_as_requested(settings, store):
    parent = parents.start_parent("simulated", "study", {})
    with runs.tracked_run(settings, name="trial-3", parent=parent, extra_tags={"trial": "3"}) as run:
        run.set_tags({"trial.state": "PRUNED", "trial.reason": "x" * 9000})
        run.set_tags({"trial.state": "COMPLETE"})
    found = mlflow.get_run(run.id)
    assert found.info.run_name == "trial-3"
    assert found.data.tags["mlflow.parentRunId"] == parent
    assert (found.data.tags["trial"], found.data.tags["trial.state"]) == ("3", "COMPLETE")
    assert len(found.data.tags["trial.reason"]) == 5000


@pytest.mark.parametrize(
    ("error", "status"), [(None, "FINISHED"), (ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")]
)
def test_the_run_of_a_study_ends_with_its_worker_and_is_reopened(store, error, status):
    parent = parents.start_parent("simulated", "study", {})
    client = mlflow.MlflowClient()

    def work() -> None:
        with parents.open_parent(parent):
            if error:
                raise error

    if error:
        with pytest.raises(error):
            work()
    else:
        work()
    assert client.get_run(parent).info.status == status
    assert parents.reopen_parent(parent)
    assert client.get_run(parent).info.status == "RUNNING"
    assert not parents.reopen_parent("0" * 32)


def test_the_result_of_a_study_is_logged_to_its_run_and_can_change(store, tmp_path):
    parent = parents.start_parent("simulated", "study", {})
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "README.md").write_text("x")
    for best in (3, 4):
        parents.describe(parent, f"trial {best}", {"best.k": best}, {"best_score": 0.9}, tmp_path / "report")
    found = mlflow.get_run(parent)
    assert found.data.tags["mlflow.note.content"] == "trial 4"
    assert found.data.tags["best.k"] == "4"
    assert found.data.metrics == {"best_score": 0.9}
    assert [item.path for item in mlflow.MlflowClient().list_artifacts(parent)] == ["README.md"]
    parents.describe(parent, "again", {}, {}, tmp_path / "report", "grid")
    assert [item.path for item in mlflow.MlflowClient().list_artifacts(parent, "grid")] == ["grid/README.md"]
