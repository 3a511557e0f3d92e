"""Fixtures that several rooms share."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from src.data.sources import MIRROR_VARIABLE
from src.workspace import PROJECT

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run on several cores, those of one file stay together: its fixtures are made once."""
    for item in items:
        shared = "swept" in getattr(item, "fixturenames", ())  # the one costly fixture of several files
        item.add_marker(pytest.mark.xdist_group("swept" if shared else str(item.path)))


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The folder that holds the published files."""
    folder = os.environ.get(MIRROR_VARIABLE, "")
    if not Path(folder, "kddcup99").is_dir() or not folder:
        if os.environ.get("IDS_REQUIRE_REAL_DATA"):
            pytest.fail(f"{MIRROR_VARIABLE}={folder!r} holds no folder kddcup99, and IDS_REQUIRE_REAL_DATA is set")
        pytest.skip(f"set {MIRROR_VARIABLE} to a folder with kddcup99/kddcup.data_10_percent.gz to run this")
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def laid_out_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database without an experiment of ours, to copy: laying one out takes MLflow five seconds."""
    import mlflow

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    mlflow.MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture(scope="session")
def composed() -> Callable[..., DictConfig]:
    """Compose the real conf/ with overrides: `composed("reducer=mi", "k=4")`."""

    def make(*overrides: str) -> DictConfig:
        with initialize_config_dir(str(PROJECT / "conf")):
            return compose("config", overrides=list(overrides))

    return make
