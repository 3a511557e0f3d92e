"""Tags of a run name no host, process, user or path, unless the config asks for them."""

import getpass
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import pytest
from omegaconf import DictConfig

from src.config.build import build
from src.detector.detector import Detector
from src.pipeline.experiment import train
from src.pipeline.stage_outputs import StageOutputs
from src.tracking import origin, processes
from src.tracking.processes import process_tag
from src.tracking.runs import tracked_run
from src.utils.paths import PROJECT, Workspace

Compose = Callable[..., DictConfig]
SMALL = ("dataset=simulated", "dataset.records=1000", "model=decision_tree")


@pytest.fixture
def client(laid_out_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[mlflow.MlflowClient]:
    """Client of a store of one test, of which this process is a user with a name."""
    uri = f"sqlite:///{shutil.copy(laid_out_store, tmp_path)}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("LOGNAME", "a-user-of-this-machine")
    monkeypatch.setattr(platform, "node", lambda: "a-host-of-this-network")
    processes._machine.cache_clear()
    yield mlflow.MlflowClient(uri)
    processes._machine.cache_clear()


@pytest.fixture(scope="module")
def detector(composed: Compose) -> Detector:
    settings = build(composed(*SMALL))
    return train(settings, StageOutputs(settings, Workspace(Path("/nowhere")))).detector


def logged(settings, detector: Detector, client: mlflow.MlflowClient, folder: Path) -> tuple[dict[str, str], str]:
    """Tags of a new run and of its model, and the description of the model."""
    detector.save(folder / "run" / "detector")
    with tracked_run(settings) as run:
        run.log_detector(folder / "run" / "detector", settings.task.class_names)
    found = client.get_run(run.id)
    (model,) = client.search_logged_models([found.info.experiment_id])
    tags = {**{f"model {key}": value for key, value in model.tags.items()}, **found.data.tags}
    return tags | {"user_id": found.info.user_id}, (Path(model.artifact_location) / "MLmodel").read_text()


def test_tags_hold_no_host_process_user_or_path(
    composed: Compose, detector: Detector, client: mlflow.MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert getpass.getuser() == "a-user-of-this-machine"
    monkeypatch.chdir(tmp_path)
    tags, model = logged(build(composed(*SMALL)), detector, client, tmp_path)
    assert tags["process"] == process_tag()
    private = [getpass.getuser(), platform.node(), str(PROJECT), str(tmp_path), str(Path.home()), f" {os.getpid()} "]
    for key, value in tags.items():
        if key != "mlflow.note.content":
            assert not value.startswith("/"), f"{key}={value}"
        assert not [one for one in private if one in f" {value} "], f"{key}={value}"
    assert tags["mlflow.source.name"].startswith("src/")
    places = [line.split()[-1] for line in model.splitlines() if "uri:" in line]
    assert places == ["run/detector"]  # of the detector, as the command knows it


def test_a_config_may_ask_for_them(
    composed: Compose, detector: Detector, client: mlflow.MlflowClient, tmp_path: Path
) -> None:
    tags, _ = logged(build(composed(*SMALL, "tracking.origin=true")), detector, client, tmp_path)
    assert (tags["mlflow.user"], tags["host"], tags["pid"]) == (getpass.getuser(), platform.node(), str(os.getpid()))
    assert tags["model mlflow.user"] == getpass.getuser()
    assert tags["mlflow.source.name"] == sys.argv[0]


@pytest.mark.parametrize(
    ("repository", "shown"),
    [
        ("https://me:t0ken@example.org/a/ids.git", "https://example.org/a/ids.git"),
        ("https://t0ken@example.org/a/ids.git", "https://example.org/a/ids.git"),
        ("https://example.org/a/ids@v1.git", "https://example.org/a/ids@v1.git"),
        ("ssh://git@example.org:22/a/ids.git", "ssh://example.org:22/a/ids.git"),
        ("git@example.org:a/ids.git", "git@example.org:a/ids.git"),
        ("/home/me/ids", "local"),
        ("../ids", "local"),
        ("file:///home/me/ids", "local"),
    ],
)
def test_the_address_of_a_repository_is_shown_without_who_reads_it(repository: str, shown: str) -> None:
    assert origin.public_address(repository) == shown
