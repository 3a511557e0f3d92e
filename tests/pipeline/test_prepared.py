"""Jobs of a multirun share what was fetched and preprocessed once."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from omegaconf import DictConfig

from src.config.build import build
from src.data.tables import Table
from src.pipeline import prepared, stage_outputs
from src.pipeline.prepared import prepared_once
from src.pipeline.stage_outputs import StageOutputs
from src.utils.paths import PREPARED_VARIABLE, Workspace

SMALL = ("dataset=simulated", "dataset.records=1000", "dataset.test_records=1000", "model=decision_tree")


def outputs(config: DictConfig) -> StageOutputs:
    return StageOutputs(build(config), Workspace(Path("/nowhere")))


def assert_equal(one: Table, other: Table) -> None:
    for name in ("X", "attack", "row"):
        left, right = getattr(one, name), getattr(other, name)
        assert np.array_equal(np.asarray(left), np.asarray(right)), name


@pytest.fixture(autouse=True)
def empty_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout in which `dvc repro` has left nothing."""
    monkeypatch.setattr(prepared, "project", lambda: Workspace(tmp_path / "project"))


def test_jobs_read_what_was_prepared_and_each_data_set_is_prepared_once(
    composed: Callable[..., DictConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [composed(*SMALL, *more) for more in ([], ["k=3"], ["dataset.records=1100"], ["seed=1", "k=3"])]
    alone = outputs(jobs[0])
    before = alone.training_file.table, alone.official_tests["test"].table
    with prepared_once(jobs, tmp_path / "prepared"):
        assert len(list((tmp_path / "prepared").iterdir())) == 2
        monkeypatch.setattr(stage_outputs, "preprocess_in_memory", None)  # not called any more
        for job in jobs:
            shared = outputs(job)
            assert len(shared.training_file.table.X) == job.dataset.records
            if job.dataset.records == 1000:
                assert_equal(shared.training_file.table, before[0])
                assert_equal(shared.official_tests["test"].table, before[1])
                assert shared.training_file.findings == alone.training_file.findings
    assert not (tmp_path / "prepared").exists()
    assert PREPARED_VARIABLE not in os.environ


def test_a_single_job_prepares_nothing(composed: Callable[..., DictConfig], tmp_path: Path) -> None:
    with prepared_once([composed(*SMALL)], tmp_path / "prepared"):
        assert not (tmp_path / "prepared").exists()


def test_an_error_in_the_data_leaves_no_folder(
    composed: Callable[..., DictConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(settings: object, out: Workspace, made: Workspace) -> None:
        out.root.mkdir(parents=True)
        raise ValueError("line 3: found 40 fields")

    monkeypatch.setattr(prepared, "write_preprocessed", fails)
    with (
        pytest.raises(ValueError, match="line 3"),
        prepared_once([composed(*SMALL), composed(*SMALL)], tmp_path / "prepared"),
    ):
        pass
    assert not (tmp_path / "prepared").exists()
