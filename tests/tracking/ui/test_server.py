"""The UI opens on the runs that were made last. (The server itself is in tests/e2e/test_multirun.py.)"""

import json
import re
import shutil
import socket
from pathlib import Path

import mlflow
import pytest

from src.tracking.runs_table import VIEW_TAG, runs_page, set_view
from src.tracking.ui import app as ui_app
from src.tracking.ui import server as ui_server
from tests.servers import free_port


def test_the_experiment_with_the_newest_run_comes_first_and_one_without_runs_not_at_all(
    laid_out_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"sqlite:///{shutil.copy(laid_out_store, tmp_path)}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    client = mlflow.MlflowClient(uri)
    simulated, real, _ = (client.create_experiment(name) for name in ("simulated", "kdd99_10pct", "empty"))
    for experiment, start in ((simulated, 3), (real, 2), (simulated, 1)):
        client.create_run(experiment, start_time=start)
    assert ui_server._pages("http://here", remote=False) == {
        "simulated": f"http://here/{runs_page(simulated)}",
        "kdd99_10pct": f"http://here/{runs_page(real)}",
    }
    assert VIEW_TAG in client.get_experiment(simulated).tags
    assert list(ui_server._pages("http://here", remote=False)) == ["simulated", "kdd99_10pct"]


def test_without_a_run_it_says_what_makes_one_and_makes_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert ui_server.serve(5999, open_browser=False) == 1
    assert "found no run in sqlite:///" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_start_page_lays_out_the_table_and_unfolds_the_newest_parent(
    laid_out_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"sqlite:///{shutil.copy(laid_out_store, tmp_path)}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    client = mlflow.MlflowClient(uri)
    ours, other = (client.create_experiment(name) for name in ("simulated", "</script>"))
    parents = [client.create_run(ours, start_time=start, tags={"multirun": "true"}).info.run_id for start in (2, 3, 1)]
    client.create_run(ours, start_time=4)
    mlflow.set_tracking_uri(uri)
    set_view(mlflow, "simulated")
    script = ui_app.first_visit()
    pages = json.loads(re.search(r"Object.entries\((.*)\)\) \{", script)[1])
    view = json.loads(client.get_experiment(ours).tags[VIEW_TAG])
    assert pages == {ours: {"view": view, "parents": [parents[1]]}}
    assert other not in pages
    assert script.count("</") == 1


def test_a_server_that_does_not_answer_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    assert ui_server.serve(5999, open_browser=False) == 1
    found = f"MLFLOW_TRACKING_URI={address}: found no answer (Connection refused), expected a running MLflow store"
    assert found in capsys.readouterr().err


def test_a_port_that_another_server_has_is_named_with_a_way_on(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert ui_server._serve_here(port, {"runs": "page"}, open_browser=False) == 1
    printed = capsys.readouterr()
    assert "Ctrl-C" not in printed.out
    assert f"found port {port} taken" in printed.err
    assert f"python -m src.ui --port {port + 1}" in printed.err


def test_the_way_on_from_the_last_port_is_a_port(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ui_server, "_is_free", lambda port: False)
    assert ui_server._serve_here(65535, {"runs": "page"}, open_browser=False) == 1
    assert "python -m src.ui --port 65534" in capsys.readouterr().err
