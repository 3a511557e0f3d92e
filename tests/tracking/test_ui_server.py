"""The UI opens on the runs that were made last. (The server itself is in tests/e2e/test_multirun.py.)"""

import shutil
from pathlib import Path

import mlflow
import pytest

from src.tracking import ui_server
from src.tracking.runs_table import runs_page


def test_the_experiment_with_the_newest_run_comes_first_and_one_without_runs_not_at_all(
    laid_out_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"sqlite:///{shutil.copy(laid_out_store, tmp_path)}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    client = mlflow.MlflowClient(uri)
    simulated, real, _ = (client.create_experiment(name) for name in ("simulated", "kdd99_10pct", "empty"))
    for experiment, start in ((simulated, 3), (real, 2), (simulated, 1)):
        client.create_run(experiment, start_time=start)
    assert ui_server._pages("http://here") == {
        "simulated": f"http://here/{runs_page(simulated)}",
        "kdd99_10pct": f"http://here/{runs_page(real)}",
    }
    assert list(ui_server._pages("http://here")) == ["simulated", "kdd99_10pct"]


def test_without_a_run_it_says_what_makes_one_and_makes_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert ui_server.serve(5999, open_browser=False) == 1
    assert "found no run in sqlite:///" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
