"""Callback of a multirun in the process of a worker. (The rest is in tests/e2e.)"""

import os
import pickle
import threading
from pathlib import Path
from typing import Any

import pytest
from hydra._internal.callbacks import Callbacks
from hydra.core.utils import JobReturn
from omegaconf import DictConfig, OmegaConf

from src.tracking import parents, runs
from src.tracking.multirun import callback as callbacks
from src.tracking.multirun.callback import MultirunCallback


@pytest.fixture(autouse=True)
def copies(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Folders of the copies of conf/ that were asked for; Hydra, which would read them, is not running here."""
    made: list[Path] = []
    monkeypatch.setattr(callbacks, "compose_from_copy", made.append)
    return made


def test_a_worker_on_another_machine_gets_the_parent_from_the_callback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(runs.PARENT_VARIABLE, raising=False)
    callback = MultirunCallback()
    callback._parent, callback._main_process = "the-parent", os.getpid() + 1
    pickle.loads(pickle.dumps(callback)).on_job_start(OmegaConf.create({}))
    assert os.environ.pop(runs.PARENT_VARIABLE) == "the-parent"
    assert os.environ.pop(runs.CALL_VARIABLE) == callback._call


def test_workers_of_a_study_get_no_parent_from_it(monkeypatch: pytest.MonkeyPatch, copies: list[Path]) -> None:
    monkeypatch.setattr(parents, "start_parent", lambda *given, **more: pytest.fail("a study has a run of its own"))
    monkeypatch.setattr(callbacks, "open_store", lambda experiment: None)
    launcher = {"_target_": "hydra._internal.core_plugins.basic_launcher.BasicLauncher"}
    hydra = {"launcher": launcher, "sweep": {"dir": "none"}}
    config = OmegaConf.create({"sweep": {}, "tracking": {"experiment": "e"}, "hydra": hydra})
    for _ in range(2):
        MultirunCallback().on_multirun_start(config)
    assert {copy.parent for copy in copies} == {Path("none").absolute()}
    assert len(set(copies)) == 2  # multiruns may share a folder


def multirun_config() -> DictConfig:
    job = {"name": "train", "num": 0}
    hydra = {"job": job, "overrides": {"task": []}, "runtime": {"choices": {}}, "sweep": {"dir": "none"}}
    tracking = {"parent": "x" * 251, "experiment": "simulated", "skip_finished": False}
    return OmegaConf.create({"hydra": hydra, "tracking": tracking, "dataset": {"name": "simulated"}})


def test_a_worker_that_does_not_see_the_copy_composes_from_its_own_files(monkeypatch, copies, tmp_path) -> None:
    composed: list[str] = []
    monkeypatch.setattr(callbacks, "compose_from_this_copy", lambda: composed.append("own"))
    monkeypatch.setattr(callbacks, "ignore_in_worker", lambda: None)
    callback, config = MultirunCallback(), multirun_config()
    config.hydra.job.name, config.hydra.sweep.dir = "audit", str(tmp_path)
    callback.on_multirun_start(config)
    worker = pickle.loads(pickle.dumps(callback))
    worker.on_job_start(config)
    assert composed == ["own"]
    copies[0].mkdir()
    worker.on_job_start(config)
    assert composed == ["own"]


def test_audits_have_no_parent_and_no_progress_of_training_runs(monkeypatch, capsys) -> None:
    """No job of an audit is a run of `train`: each was counted as one that the store has."""
    monkeypatch.setattr(callbacks, "jobs", lambda overrides: pytest.fail("an audit was taken for training runs"))
    monkeypatch.setattr(parents, "start_parent", lambda *given, **more: pytest.fail("an audit has a parent"))
    callback, config = MultirunCallback(), multirun_config()
    config.hydra.job.name = "audit"
    callback.on_multirun_start(config)
    done, failed = JobReturn(), JobReturn()
    failed.return_value = ValueError("found no such file")
    config.hydra.overrides.task = ["dataset=b"]
    for ended in (done, failed):
        callback.on_job_end(config, ended)
    callback.on_multirun_end(config)
    assert capsys.readouterr().err == "failed: dataset=b: ValueError: found no such file\n"


def test_the_parent_of_runs_on_simulated_records_says_so_whatever_the_data_set_is_named(monkeypatch) -> None:
    begun: list[dict[str, Any]] = []

    def start(experiment: str, name: str, tags: dict[str, Any], *, shared: bool) -> str:
        begun.append(tags)
        raise SystemExit(0)  # no run, and no handlers of signals

    monkeypatch.setattr(callbacks, "jobs", lambda overrides: [])
    monkeypatch.setattr(parents, "start_parent", start)
    for target in ("SimulatedDataset", "PublishedDataset"):
        config = multirun_config()
        config.dataset = {"_target_": f"src.data.sources.{target}", "name": "small"}
        with pytest.raises(SystemExit):
            MultirunCallback().on_multirun_start(config)
    assert [tags["simulated"] for tags in begun] == ["true", "false"]


def test_an_error_at_the_start_of_a_multirun_ends_the_command_before_its_first_job(monkeypatch, capsys) -> None:
    """Hydra would print a warning, and run the jobs without parent and progress."""
    monkeypatch.setattr(callbacks, "jobs", lambda overrides: [])
    hydra = Callbacks()
    hydra.callbacks.append(MultirunCallback())
    with pytest.raises(SystemExit, match="1"):
        hydra.on_multirun_start(multirun_config())
    assert capsys.readouterr().err.startswith("train: tracking.parent: found a name of 251 characters, expected 1 to")


def test_an_error_at_the_end_of_a_job_ends_the_command_after_the_last_one(monkeypatch, capsys) -> None:
    class Watch:
        def job_ended(self, number: int, error: BaseException | None) -> None:
            raise ConnectionResetError(104, "the store is gone")

        def finish(self) -> None:
            pass

    ended: list[bool] = []
    monkeypatch.setattr(parents, "end_parent", lambda run_id, **how: ended.append(how["failed"]))
    callback, config = MultirunCallback(), multirun_config()
    callback._parent, callback._main_process, callback._watch = "the-parent", os.getpid(), Watch()  # type: ignore
    callback.on_job_end(config, JobReturn())
    assert "train: [Errno 104] the store is gone" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="1"):
        callback.on_multirun_end(config)
    assert ended == [True]


def test_two_threads_end_the_parent_once_and_neither_goes_on_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that waits for signals ends the process once it is through: the other must not be cut off."""
    begun, go_on, ended = threading.Event(), threading.Event(), []

    def end_parent(run_id: str, **kwargs: Any) -> None:
        begun.set()
        assert go_on.wait(10)
        ended.append(run_id)

    monkeypatch.setattr(parents, "end_parent", end_parent)
    made = MultirunCallback()
    made._parent = "one"
    main, waiting = (threading.Thread(target=made._end_parent, kwargs={"complete": False}) for _ in range(2))
    main.start()
    assert begun.wait(10)
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    go_on.set()
    for thread in (main, waiting):
        thread.join(10)
    assert ended == ["one"]
