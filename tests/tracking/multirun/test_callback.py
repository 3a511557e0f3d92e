"""Callback of a multirun in the process of a worker. (The rest is in tests/e2e.)"""

import os
import pickle

import pytest
from omegaconf import OmegaConf

from src.tracking import parents, runs
from src.tracking.multirun import callback as callbacks
from src.tracking.multirun.callback import MultirunCallback


def test_a_worker_on_another_machine_gets_the_parent_from_the_callback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(runs.PARENT_VARIABLE, raising=False)
    callback = MultirunCallback()
    callback._parent, callback._main_process = "the-parent", os.getpid() + 1
    pickle.loads(pickle.dumps(callback)).on_job_start(OmegaConf.create({}))
    assert os.environ.pop(runs.PARENT_VARIABLE) == "the-parent"


def test_workers_of_a_study_get_no_parent_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parents, "start_parent", lambda *given, **more: pytest.fail("a study has a run of its own"))
    monkeypatch.setattr(callbacks, "open_store", lambda experiment: None)
    launcher = {"launcher": {"_target_": "hydra._internal.core_plugins.basic_launcher.BasicLauncher"}}
    config = OmegaConf.create({"sweep": {}, "tracking": {"experiment": "e"}, "hydra": launcher})
    MultirunCallback().on_multirun_start(config)
