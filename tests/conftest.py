"""Fixtures that tests of several packages share."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from src.data.sources import MIRROR_VARIABLE
from src.utils.paths import PROJECT

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Tests that read whole published files are long ones."""
    if item.get_closest_marker("real_data"):
        item.add_marker("integration")


@contextmanager
def _restored_environment() -> Iterator[None]:
    """Undo changes of the process's environment, which later tests and the commands they start would inherit."""
    before = dict(os.environ)
    yield
    for name in set(os.environ) - set(before):
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture(autouse=True, scope="module")
def _environment_of_a_file() -> Iterator[None]:
    """Fixtures of a file may change the environment until the file's last test."""
    with _restored_environment():
        yield


@pytest.fixture(autouse=True)
def _environment_of_a_test() -> Iterator[None]:
    """The order of tests decides nothing: MLflow, for one, writes the store it is told into the environment."""
    with _restored_environment():
        yield


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The folder that holds the published files of KDD Cup 99."""
    return _mirror_with("kddcup99")


@pytest.fixture(scope="session")
def nsl_kdd_mirror() -> Path:
    """The folder that holds the published files of NSL-KDD too."""
    return _mirror_with("nsl-kdd")


def _mirror_with(files: str) -> Path:
    folder = os.environ.get(MIRROR_VARIABLE, "")
    if not folder or not Path(folder, files).is_dir():
        missing = f"{MIRROR_VARIABLE}={folder!r} holds no folder {files}"
        if os.environ.get("IDS_REQUIRE_REAL_DATA"):
            pytest.fail(f"{missing}, and IDS_REQUIRE_REAL_DATA is set")
        pytest.skip(f"{missing}; set it to a folder with the published files to run this")
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
    """Compose the real conf/ with overrides: `composed("reducer=mi", "k=4")`; each call returns a config of its own."""

    @cache
    def compose_once(overrides: tuple[str, ...]) -> DictConfig:
        with initialize_config_dir(str(PROJECT / "conf")):
            return compose("config", overrides=list(overrides))

    return lambda *overrides: deepcopy(compose_once(overrides))
