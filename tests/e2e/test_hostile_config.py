"""Experiment files of strangers: they choose values, and call nothing."""

import pytest
import yaml

from tests.e2e.conftest import Project

EVIL = {"_target_": "src.tracking.store.open_store", "experiment": "made"}  # makes a store where it is called


@pytest.mark.integration
def test_no_experiment_file_calls_a_function(bare_project: Project) -> None:
    filtered = {"filters": {"evil": {"()": EVIL["_target_"], "experiment": "made"}}}
    files = {
        "callback": {"hydra": {"callbacks": {"evil": EVIL}}},
        "logging": {"hydra": {"job_logging": {**filtered, "handlers": {"console": {"filters": ["evil"]}}}}},
        "group": {"evaluation": EVIL},
    }
    for name, content in files.items():
        file = bare_project.root / "conf" / "experiment" / f"{name}.yaml"
        file.write_text("# @package _global_\n" + yaml.safe_dump(content), encoding="utf-8")
        told = bare_project.module("train", f"+experiment={name}", "dataset=simulated", fails=True)
        assert EVIL["_target_"] in told, name
        assert "Traceback" not in told, name
        assert not (bare_project.root / "mlruns").exists(), name
