"""Storages: the file of the project, and the error where a storage cannot be reached."""

import inspect
import re
import shutil
import sqlite3
from contextlib import nullcontext
from pathlib import Path

import optuna
import pytest
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.storages._cached_storage import _CachedStorage
from sqlalchemy.exc import OperationalError

from src.config.build import ConfigError
from src.search import patient_storage, trial_queue
from src.search.patient_storage import PatientStorage
from src.search.storage import alive, open_storage, storage_url
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


def test_a_database_of_mlflow_is_refused(laid_out_store: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{shutil.copy(laid_out_store, tmp_path)}"
    with pytest.raises(ConfigError, match="one of MLflow cannot have the studies too"):
        open_storage(url, 1, trial_queue.on_stale)


def away() -> StorageInternalError:
    """Error of Optuna where the server went away."""
    error = StorageInternalError("an exception during the commit")
    error.__cause__ = OperationalError("select 1", {}, ConnectionRefusedError("refused"))
    return error


@pytest.mark.parametrize(
    ("errors", "patience_s", "raised"),
    [([away(), away()], 60, None), ([away()] * 9, 0, StorageInternalError), ([KeyError("x")], 60, KeyError)],
)
def test_a_server_that_is_away_for_a_while_is_asked_again_and_told_once(
    errors: list[Exception], patience_s: float, raised: type[Exception] | None, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(patient_storage, "PATIENCE_S", patience_s)
    monkeypatch.setattr(patient_storage, "_PAUSE_S", 0.01)
    monkeypatch.setattr(patient_storage, "_SAID", [])
    left = list(errors)

    def method(self: object) -> str:
        if left:
            raise left.pop(0)
        return "an answer"

    with nullcontext() if raised is None else pytest.raises(raised, match=r"commit|x"):
        assert patient_storage._patient(method)(None) == "an answer"
    said = f"the database of the study does not answer; it is asked again for {patience_s} s\n"
    assert capsys.readouterr().err == ("" if raised is KeyError else said)


def test_every_method_that_optuna_calls_of_a_server_storage_is_patient() -> None:
    called = set(re.findall(r"self\._backend\.(\w+)\(", inspect.getsource(_CachedStorage)))
    for name in called | {"get_all_trials", "get_trial"}:
        assert hasattr(getattr(PatientStorage, name), "__wrapped__"), name
    assert {"_get_trials", "set_trial_state_values"} <= called


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
