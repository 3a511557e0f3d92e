"""Local store: made whole or not at all, and usable after its folder was moved or copied."""

import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import mlflow
import pytest

from src.tracking import local_store
from src.tracking import store as stores

# Interrupts the making of a store at 30 moments, of which SIGKILL ends every other one.
INTERRUPTED = """
import os, signal, sys, time
from pathlib import Path
from src.tracking.store import open_store
import mlflow.store.tracking.sqlalchemy_store  # only the making is interrupted, not the imports before

def child(work):
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return pid

def make():
    open_store("simulated").search_runs()

folder = Path(os.environ["DVC_ROOT"]) / "mlruns"
start = time.monotonic()
os.waitpid(child(make), 0)
whole_s = time.monotonic() - start
moments, made, failed = int(sys.argv[1]), 0, 0
for moment in range(moments):
    for path in folder.glob("mlflow.db*"):
        path.unlink()
    pid = child(make)
    time.sleep(whole_s * moment / moments)
    os.kill(pid, signal.SIGKILL if moment % 2 else signal.SIGINT)
    os.waitpid(pid, 0)
    if (folder / "mlflow.db").exists():  # else the next command finds nothing, as the first one did
        made += 1
        failed += os.waitpid(child(make), 0)[1] != 0
failed += os.waitpid(child(make), 0)[1] != 0
print(f"{moments} interruptions, {made} of them left a store, {failed} left one that does not work")
print(sorted(path.name for path in folder.iterdir() if path.name.startswith(".")))
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, laid_out_store: Path) -> Path:
    """Folder of a project with a run, whose files are a text and a model."""
    root = tmp_path / "project"
    (root / "mlruns").mkdir(parents=True)
    shutil.copy(laid_out_store, root / "mlruns")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("DVC_ROOT", str(root))
    log("before")
    return root


def log(name: str) -> str:
    """Log a run with a file and a model, and return its id."""
    client = stores.open_store("simulated").MlflowClient()
    experiment = client.get_experiment_by_name("simulated").experiment_id
    run = client.create_run(experiment, run_name=name)
    client.log_text(run.info.run_id, name, "file.txt")
    model = client.create_logged_model(experiment, "detector", run.info.run_id)
    folder = Path(model.artifact_location)
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text("")
    return str(run.info.run_id)


def files() -> dict[str, tuple[str, str]]:
    """Text of each run, and the folder of its model, as the store finds them."""
    client: Any = stores.open_store(None).MlflowClient()
    experiment = client.get_experiment_by_name("simulated").experiment_id
    models = {one.source_run_id: one.artifact_location for one in client.search_logged_models([experiment])}
    return {
        run.info.run_name: (
            Path(client.download_artifacts(run.info.run_id, "file.txt")).read_text(),
            models[run.info.run_id],
        )
        for run in client.search_runs([experiment])
    }


def test_a_moved_store_has_its_files(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root.rename(tmp_path / "Müller & Söhne #2")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "Müller & Söhne #2"))
    ((text, model),) = files().values()
    assert text == "before"
    assert (Path(model) / "MLmodel").is_file()
    log("after")
    assert set(files()) == {"before", "after"}
    assert not root.exists()


def test_a_copied_store_writes_into_its_own_folder(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(root, copy)
    before = sorted(root.rglob("*"))
    monkeypatch.setenv("DVC_ROOT", str(copy))
    log("after")
    found = files()
    assert set(found) == {"before", "after"}
    assert all(model.startswith(f"{copy}/") for _, model in found.values())
    assert sorted(root.rglob("*")) == before
    monkeypatch.setenv("DVC_ROOT", str(root))
    assert set(files()) == {"before"}


def test_files_that_only_the_former_folder_has_are_still_found(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those that earlier versions wrote there after the store was copied."""
    other = log("elsewhere")
    shutil.copytree(root, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / "mlruns" / "artifacts" / other)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "copy"))
    assert {name: text for name, (text, _) in files().items()} == {"before": "before", "elsewhere": "elsewhere"}


def test_an_experiment_whose_files_are_elsewhere_on_purpose_stays_there(root: Path, tmp_path: Path) -> None:
    client = mlflow.MlflowClient(stores.store_uri())
    for name, place in (("local", str(tmp_path / "disk" / "artifacts")), ("cloud", "s3://bucket/artifacts")):
        client.create_experiment(name, place)
        stores.open_store("simulated")
        assert client.get_experiment_by_name(name).artifact_location == place


def test_an_experiment_without_runs_moves_too(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stores.open_store("new")
    root.rename(tmp_path / "moved")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "moved"))
    mlflow_ = stores.open_store("new")
    assert mlflow_.get_experiment_by_name("new").artifact_location == str(tmp_path / "moved" / "mlruns" / "artifacts")


def tables(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        return {name for (name,) in connection.execute("select name from sqlite_master")}


@pytest.mark.parametrize("left", ["nothing in it", "some tables", "all tables but the last steps"])
def test_a_database_that_an_interruption_left_half_made_is_made_anew(
    root: Path, laid_out_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "new"))
    database = tmp_path / "new" / "mlruns" / "mlflow.db"
    database.parent.mkdir(parents=True)
    database.touch()
    if left != "nothing in it":
        shutil.copy(laid_out_store, database)
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("pragma journal_mode=wal")
            connection.execute("drop table metrics" if left == "some tables" else "drop table webhooks")
            connection.execute("update alembic_version set version_num = '451aebb31d03'")
    assert stores.open_store("simulated").search_runs().empty
    assert {"metrics", "webhooks"} <= tables(database)


@pytest.mark.parametrize("kind", ["runs", "models", "of another program"])
def test_a_database_with_something_in_it_is_never_made_anew(root: Path, laid_out_store: Path, kind: str) -> None:
    database = root / "mlruns" / "mlflow.db"
    if kind != "runs":
        shutil.copy(laid_out_store, database)
        with closing(sqlite3.connect(database)) as connection, connection:
            if kind == "models":
                connection.execute("insert into registered_models (name, workspace) values ('a', 'default')")
            else:
                connection.execute("create table studies (name)")
                connection.execute("insert into studies values ('a')")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("update alembic_version set version_num = '451aebb31d03'")
    assert not local_store._is_half_made(database)


def test_a_file_that_is_no_database_is_named_at_once(root: Path) -> None:
    database = root / "mlruns" / "mlflow.db"
    database.write_text("no database, but a text" * 100)
    with pytest.raises(ValueError, match=r"mlflow\.db: file is not a database; expected the database of MLflow"):
        stores.open_store(None)


def test_no_store_is_made_to_look_at(tmp_path: Path) -> None:
    local_store.make_usable(tmp_path / "none" / "mlflow.db", make=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.integration
def test_a_store_works_after_interruptions_at_thirty_moments_of_its_making(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    command = [sys.executable, "-c", INTERRUPTED, "30"]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    print(output[0])
    assert re.fullmatch(r"30 interruptions, \d+ of them left a store, 0 left one that does not work", output[0])
    assert output[1] == "['.init.lock']"  # nothing half made is left
