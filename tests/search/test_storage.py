"""Storages: the file of the project, and the error where a storage cannot be reached."""

import shutil
import sqlite3
from pathlib import Path

import optuna
import pytest
from optuna.storages import RDBStorage

from src.config.build import ConfigError
from src.search import trial_queue
from src.search.storage import alive, open_storage, storage_url, without_password
from tests.search.conftest import QueueOf


def test_the_url_is_the_configs_or_the_environments_or_the_projects_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    assert storage_url(None) == f"sqlite:///{tmp_path}/mlruns/optuna.db"
    monkeypatch.setenv("OPTUNA_STORAGE", "postgresql://there")
    assert storage_url(None) == "postgresql://there"
    assert storage_url("sqlite:///mine.db") == "sqlite:///mine.db"


def test_the_tables_of_a_new_file_are_created_once_and_readers_do_not_block_writers(url: str) -> None:
    for _ in range(2):
        open_storage(url, 1, trial_queue.on_stale)
    with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
        assert database.execute("pragma journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "expected an SQLAlchemy URL"),
        ("nosuch://host/db", "nosuch.*psycopg"),
        ("postgresql+psycopg://me:secret@127.0.0.1:9/db", "check that the server runs"),
    ],
)
def test_a_storage_that_cannot_be_reached_is_named_without_its_password(url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        open_storage(url, 1, trial_queue.on_stale)
    assert "secret" not in str(error.value)
    assert "secret" not in without_password("postgresql+psycopg://me:secret@host/db")


def test_a_database_of_mlflow_is_refused(laid_out_store: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{shutil.copy(laid_out_store, tmp_path)}"
    with pytest.raises(ConfigError, match="one of MLflow cannot have the studies too"):
        open_storage(url, 1, trial_queue.on_stale)


def test_a_heartbeat_that_fails_does_not_end_the_others(
    storage: RDBStorage, queue_of: QueueOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = queue_of(1)
    queue.fill({})
    trial = queue.take()
    assert trial
    trial_id = queue.trial_id(trial)
    beats: list[int] = []

    def beat(trial_id: int) -> None:
        beats.append(trial_id)
        if len(beats) == 1:
            raise optuna.exceptions.StorageInternalError

    monkeypatch.setattr(storage, "record_heartbeat", beat)
    monkeypatch.setattr(storage, "get_heartbeat_interval", lambda: 0.01)
    with alive(storage, trial_id):
        while len(beats) < 3:
            pass
    count = len(beats)
    assert set(beats) == {trial_id}
    assert len(beats) == count
