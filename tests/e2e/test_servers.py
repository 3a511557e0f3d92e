"""Real servers that go away, and a Ray cluster whose nodes have neither the code nor the variables."""

import re
import tempfile
from pathlib import Path

import mlflow
import optuna
import pytest

from src.search import trial_queue
from tests.e2e.conftest import SIMULATED
from tests.e2e.test_faults import wait_for_the_fit
from tests.servers import can_hide_folders, free_port, mlflow_server, postgresql, ray_node

pytestmark = pytest.mark.integration


def test_a_fit_outlives_a_server_that_goes_away_in_its_middle(bare_project, background, tmp_path):
    project, port = bare_project, free_port()
    (folder := tmp_path / "server").mkdir()
    project.env |= {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
    fit = ("training.epochs=30", "training.patience=null", "training.progress=true", "model.units=8")
    with mlflow_server(folder, port) as address:
        process = background(project.start("python", "-m", "src.train", *SIMULATED, *fit))
        wait_for_the_fit(process)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    last = said.splitlines()[-1]
    assert last.startswith(f"train: MLFLOW_TRACKING_URI={address} no longer answers (Connection refused); the fit and ")
    assert "Traceback" not in said
    command = re.search(r"python -m src\.(log_runs) (outputs/\S+)$", last)
    assert (project.root / command[2] / "models" / "detector" / "detector.json").is_file()
    assert (project.root / command[2] / "reports" / "history.csv").is_file()
    assert (project.root / command[2] / "reports" / "metrics.json").is_file()
    away = project.module("predict", "--model", "abcd", "examples/records.csv", fails=True)
    assert "found no answer (Connection refused), expected a running MLflow store" in away
    with mlflow_server(folder, port) as address:
        client = mlflow.MlflowClient(address)
        experiment = client.get_experiment_by_name("simulated").experiment_id
        (run,) = client.search_runs([experiment])
        assert run.info.status == "RUNNING"
        logged = project.module(*command.groups())
        assert logged == f"{command[2]}: logged as run {run.info.run_id}\n"
        (run,) = client.search_runs([experiment])
        assert run.info.status == "FINISHED"
        assert run.data.metrics["epochs"] == 30
        assert len(client.get_metric_history(run.info.run_id, "epoch_loss")) == 30
        assert {"metrics.json", "config.yaml"} <= {item.path for item in client.list_artifacts(run.info.run_id)}
        scored = project.module("predict", "--model", run.info.run_id[:6], "examples/records.csv")
        assert "200 records scored" in scored
    assert not (project.root / "mlruns").exists()


@pytest.mark.skipif(not can_hide_folders(), reason="run as root, with unshare, to hide the project from the nodes")
def test_a_sweep_on_nodes_without_the_project_and_the_variables_writes_to_the_servers(bare_project, tmp_path):
    project, port, ray_port = bare_project, free_port(), free_port()
    places = [tmp_path / name for name in ("server", "postgresql")]
    for place in places:
        place.mkdir()
    cluster = ("hydra/launcher=ray", f"hydra.launcher.ray.init.address=127.0.0.1:{ray_port}")
    command = ("-m", *SIMULATED, "model=decision_tree", "sweep.n_trials=4", "sweep.heartbeat=5", "worker=0,1", *cluster)
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as one,  # Ray's sockets need short paths
        tempfile.TemporaryDirectory(dir="/tmp") as other,
        mlflow_server(places[0], port) as address,
        postgresql(places[1]) as database,
        ray_node(Path(one), ray_port, head=True, hidden=project.root),
        ray_node(Path(other), ray_port, head=False, hidden=project.root),
    ):
        refused = project.module("sweep", *command, fails=True)
        assert "do not see" in refused
        assert "mlflow.db: found a file as store" in refused
        project.env |= {"MLFLOW_TRACKING_URI": address, "OPTUNA_STORAGE": database.url}
        output = project.module("sweep", *command)
        study = optuna.load_study(study_name="components-binary-simulated", storage=database.url)
        assert len(trial_queue.finished(study)) == 4
        study._storage._backend.engine.dispose()
        client = mlflow.MlflowClient(address)
        found = client.search_runs([client.get_experiment_by_name("simulated").experiment_id])
        assert [run.info.status for run in found] == ["FINISHED"] * 5
        assert "unknown" not in {run.data.params.get("derived.git_revision") for run in found}
        assert "4 of 4 trials done" in output
        assert database.password not in output
    assert not (project.root / "mlruns" / "optuna.db").exists()
