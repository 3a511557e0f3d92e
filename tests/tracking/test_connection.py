"""Wrong addresses, servers that are away or are none, and files that are no store: one line each, within seconds."""

import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import mlflow
import pytest

from src.config.errors import expected
from src.tracking import connection
from src.tracking.connection import StoreAwayError, check_store, has_runs
from src.tracking.find_runs import find_run
from src.tracking.store import open_store
from src.tracking.tables.stored_runs import select
from src.tracking.ui import server as ui_server
from tests.servers import free_port


def error_of(uri: str, monkeypatch: pytest.MonkeyPatch) -> Exception:
    """The error of a command that opens a store at an address."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises((OSError, ValueError), match="MLFLOW_TRACKING_URI=") as error:
        open_store("simulated")
    assert expected(error.value), "told without a traceback"
    assert len(str(error.value).splitlines()) == 1
    assert "secret" not in str(error.value)
    return error.value


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """A server that answers everything in one way."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("nonsense", "found a path or a word, expected http://host:port"),
        ("localhost:5000", "found the scheme 'localhost', .*such as http://localhost:5000"),
        ("htp://host:5000", "found the scheme 'htp', expected http://host:port"),
        ("./mlruns", r"MLflow no longer writes to plain folders: sqlite:////.*mlflow\.db"),
        ("file:./mlruns", "MLflow no longer writes to plain folders"),
        ("http://", "found no host or a wrong port"),
        ("http://host:port", "found no host or a wrong port"),
        ("sqlite:mlflow.db", "found no file in it, expected one such as sqlite:////folder/mlflow.db"),
        ("sqlite://", "found no file in it"),
        ("sqlite:///:memory:", "found no file in it"),
        ("postgresql+nosuchdriver://me:secret@host/runs", "found no driver nosuchdriver, .*install psycopg"),
    ],
)
def test_a_wrong_address_is_named_with_what_is_expected(
    uri: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = error_of(uri, monkeypatch)
    assert isinstance(error, ValueError)
    with pytest.raises(ValueError, match=message):
        raise error


@pytest.mark.parametrize("uri", ["http://me:secret@127.0.0.1:{}", "postgresql+psycopg://me:secret@127.0.0.1:{}/runs"])
def test_a_server_that_is_away_is_named_without_its_password(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if uri.startswith("postgresql"):
        pytest.importorskip("psycopg")
    error = error_of(uri.format(free_port()), monkeypatch)
    assert isinstance(error, StoreAwayError)
    assert "found no answer (Connection refused), expected a running MLflow store" in str(error)


def test_a_server_that_takes_a_request_and_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "FIRST_ANSWER_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = error_of(f"http://127.0.0.1:{silent.getsockname()[1]}", monkeypatch)
    assert "found no answer (nothing " in str(error)


def test_a_name_server_that_never_answers_is_given_up() -> None:
    with pytest.raises(TimeoutError):
        connection._within(0.05, lambda: time.sleep(5))


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (200, b"<html>a page</html>", "found a server that is none of MLflow"),
        (404, b"", "found a server that is none of MLflow"),
        (401, b"", "refused the request .*MLFLOW_TRACKING_USERNAME"),
        (503, b"", "found a server with an error"),
    ],
)
def test_a_server_that_is_none_of_mlflow_is_named(
    status: int, body: bytes, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(status, body) as uri:
        error = error_of(uri, monkeypatch)
    with pytest.raises((OSError, ValueError), match=message):
        raise error


def test_a_server_that_answers_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(200, b"{}") as uri:
        check_store(uri)
    check_store(uri)  # gone now; a request that fails is repeated for a minute, and told then
    connection.lost(uri, "a reason")
    with pytest.raises(StoreAwayError, match="found no answer"):
        check_store(uri)


def test_a_server_that_goes_away_later_is_an_error_for_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with answering(200, b"{}") as uri:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        client = open_store(None).MlflowClient()
        client.search_experiments()
    with pytest.raises(StoreAwayError, match=r"no longer answers \(Connection refused\)") as error:
        client.search_experiments()
    assert expected(error.value)


# --- files ------------------------------------------------------------------------------------------------------------


def test_commands_that_read_find_no_run_in_an_empty_file_and_leave_it_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mlflow.db"
    file.touch()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{file}")
    assert not has_runs(f"sqlite:///{file}")
    with pytest.raises(ValueError, match=r"'abcd': found neither such a folder nor any run in .* makes a run"):
        find_run("abcd")
    with pytest.raises(ValueError, match=r"found no run in .*mlflow\.db, expected one"):
        select(None)
    assert ui_server.serve(5999, open_browser=False) == 1
    assert "found no run in" in capsys.readouterr().err
    assert file.stat().st_size == 0


def test_a_file_that_is_no_database_and_a_folder_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mlflow.db").write_text("a text of some lines\n" * 100)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    for read in (find_run, select, open_store):
        with pytest.raises(ValueError, match=r"mlflow\.db: found no database that SQLite can read .*not a database"):
            read("simulated")
    with pytest.raises(ValueError, match=r"found a folder, expected the file of a database, such as .*/mlflow\.db"):
        raise error_of(f"sqlite:///{tmp_path}", monkeypatch)


def test_a_database_of_optuna_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both libraries keep their version in a table of the same name, so that MLflow could not lay out its own."""
    with closing(sqlite3.connect(tmp_path / "optuna.db")) as database:
        database.execute("create table studies (study_id integer)")
    with pytest.raises(ValueError, match="found the studies of Optuna in it, expected a database of MLflow's own"):
        raise error_of(f"sqlite:///{tmp_path / 'optuna.db'}", monkeypatch)


def test_a_deleted_experiment_is_named_with_the_command_that_restores_it(
    laid_out_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mlruns").mkdir()
    uri = f"sqlite:///{shutil.copy(laid_out_store, tmp_path / 'mlruns')}"
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    open_store("simulated")
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name("simulated").experiment_id
    client.delete_experiment(experiment)
    command = f"MLFLOW_TRACKING_URI={uri} mlflow experiments restore --experiment-id {experiment}"
    with pytest.raises(ValueError, match="found an experiment that was deleted") as error:
        open_store("simulated")
    assert expected(error.value)
    assert command in str(error.value)
    client.restore_experiment(experiment)
    open_store("simulated")
