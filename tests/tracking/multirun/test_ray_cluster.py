"""Variables and code for workers on a Ray cluster. (With real nodes: tests/e2e/test_servers.py.)"""

import os
import pickle
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from src.tracking import environment
from src.tracking.multirun import ray_cluster
from src.tracking.multirun.callback import MultirunCallback
from src.utils.paths import PROJECT


def test_workers_get_the_variables_that_a_run_depends_on_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"OPTUNA_STORAGE": "postgresql://host/db", "IDS_DATA_MIRROR": "/data", "MLFLOW_TRACKING_TOKEN": "a-token"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HISTFILE", "/home/me/.history")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlruns/runs.db")
    found = ray_cluster.environment_for_workers()
    assert found.items() >= given.items()
    assert "HISTFILE" not in found
    assert found["MLFLOW_TRACKING_URI"] == f"sqlite:///{Path.cwd()}/mlruns/runs.db"
    monkeypatch.setenv(environment.REVISION_VARIABLE, "the revision of the main process")
    assert environment.git_revision() == "the revision of the main process"


def test_a_worker_sets_the_variables_of_the_pickled_callback_before_its_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    callback = MultirunCallback()
    callback._for_workers = {"OPTUNA_STORAGE": "postgresql://host/db"}
    pickle.loads(pickle.dumps(callback)).on_job_start(OmegaConf.create())
    assert os.environ["OPTUNA_STORAGE"] == "postgresql://host/db"


def test_the_copy_of_the_code_has_what_a_run_reads_and_no_hidden_file() -> None:
    folder = ray_cluster._copy_of_the_code()
    assert {path.name for path in folder.iterdir()} == {"src", "conf", "dvc.yaml"}
    copied = {path.relative_to(folder) for path in folder.rglob("*.py")}
    assert copied == {path.relative_to(PROJECT) for path in (PROJECT / "src").rglob("*.py")}
    assert not [path for path in folder.rglob("*") if path.name.startswith((".", "__pycache__"))]


@pytest.mark.parametrize(
    ("uri", "sweep", "message"),
    [
        ("sqlite:////runs.db", {}, "found a file as store, but node-1 of the Ray cluster do not see"),
        ("http://host:5000", {"sweep": {"storage": None}}, "sweep.storage=null: found a file as storage of the study"),
        ("http://host:5000", {"sweep": {"storage": "sqlite:///a.db"}}, "sweep.storage=sqlite:///a.db: found a file"),
        ("http://host:5000", {"sweep": {"storage": "postgresql://host/db"}}, None),
        ("http://host:5000", {}, None),
    ],
)
def test_files_as_stores_are_refused_where_nodes_do_not_see_them(
    uri: str, sweep: dict[str, object], message: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    if message is None:
        ray_cluster._refuse_files(OmegaConf.create(sweep), ["node-1"])
        return
    with pytest.raises(ValueError, match=message):
        ray_cluster._refuse_files(OmegaConf.create(sweep), ["node-1"])
