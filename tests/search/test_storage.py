"""Storages: the file of the project, and what is said where there is none."""

import sqlite3
from pathlib import Path

import optuna
import pytest

from src.config.build import ConfigError
from src.search import trial_queue
from src.search.storage import alive, open_storage, storage_url, without_password


def test_the_url_is_the_configs_or_the_environments_or_the_projects_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    assert storage_url(None) == f"sqlite:///{tmp_path}/mlruns/optuna.db"
    monkeypatch.setenv("OPTUNA_STORAGE", "postgresql://there")
    assert storage_url(None) == "postgresql://there"
    assert storage_url("sqlite:///mine.db") == "sqlite:///mine.db"


def test_a_new_file_is_laid_out_once_and_readers_do_not_block_writers(url: str) -> None:
    for _ in range(2):
        open_storage(url, 1, trial_queue.on_stale)
    with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
        assert database.execute("pragma journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "expected an SQLAlchemy URL"),
        ("nosuch://host/db", "nosuch.*psycopg"),
        ("postgresql+psycopg://me:secret@127.0.0.1:9/db", "is the server up"),
    ],
)
def test_a_storage_that_is_not_there_is_named_without_its_password(url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        open_storage(url, 1, trial_queue.on_stale)
    assert "secret" not in str(error.value)
    assert "secret" not in without_password("postgresql+psycopg://me:secret@host/db")


def test_a_heartbeat_that_is_missed_does_not_end_the_others(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = study._storage
    trial_queue.fill(study, 1, {})
    trial = trial_queue.take(study, 1)
    assert trial
    beats: list[int] = []

    def beat(trial_id: int) -> None:
        beats.append(trial_id)
        if len(beats) == 1:
            raise optuna.exceptions.StorageInternalError

    monkeypatch.setattr(storage, "record_heartbeat", beat)
    monkeypatch.setattr(storage, "get_heartbeat_interval", lambda: 0.01)
    with alive(storage, trial._trial_id):  # type: ignore[arg-type]
        while len(beats) < 3:
            pass
    count = len(beats)
    assert set(beats) == {trial._trial_id}
    assert len(beats) == count
