"""Passwords of addresses in what commands print and write."""

import pytest

from tests.e2e.conftest import Project

PASSWORD = "swordfish-of-the-store"


def written(project: Project) -> str:
    """All text that commands wrote into the project."""
    folders = [project.root / name for name in ("outputs", "multirun", "mlruns")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return "".join(path.read_text(errors="replace") for path in files)


@pytest.mark.integration
def test_no_password_is_printed_or_written(bare_project: Project) -> None:
    project = bare_project
    project.env |= {
        "MLFLOW_TRACKING_URI": f"http://me:{PASSWORD}@127.0.0.1:1",  # nothing answers there
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "IDS_DATA_MIRROR": f"http://me:{PASSWORD}@127.0.0.1:1/mirror",
    }
    told = project.module("train", "dataset=simulated", "dataset.records=1000", "model=decision_tree", fails=True)
    assert "127.0.0.1" in told
    told += project.module("predict", "--model", "abc", "examples/records.csv", fails=True)
    assert PASSWORD not in told + written(project)


@pytest.mark.integration
@pytest.mark.parametrize("mode", [[], ["-m", "worker=0,1"]], ids=["one", "multirun"])
def test_a_password_in_a_config_is_refused_before_it_is_written(mode: list[str], bare_project: Project) -> None:
    storage = f"sweep.storage='postgresql+psycopg://me:{PASSWORD}@127.0.0.1:1/db'"
    told = bare_project.module("sweep", *mode, storage, "dataset=simulated", fails=True)
    assert "sweep: sweep.storage: found an address with a password" in told
    assert "expected it in OPTUNA_STORAGE" in told
    assert PASSWORD not in told + written(bare_project)
