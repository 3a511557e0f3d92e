"""A project that was renamed or copied, with its store: runs, detectors, predict, compare, skipped runs."""

import shutil

import pytest

from tests.e2e.conftest import SIMULATED, Project

pytestmark = pytest.mark.integration
TREES = (*SIMULATED, "model=decision_tree", "evaluation.bootstrap=100")


def test_a_renamed_project_and_a_copy_of_it_work_with_their_own_stores(project, tmp_path):
    project.module("train", "-m", *TREES, "k=2,3")
    first, second = (run.info.run_id for run in project.runs() if "mlflow.parentRunId" in run.data.tags)
    moved = Project(project.root.rename(tmp_path / "Müller & Söhne"), project.env)

    again = moved.module("train", "-m", *TREES, "k=2,3", "tracking.skip_finished=true")
    assert "multirun: 2 of 2 runs done (2 were in the store)" in again
    verdicts = tmp_path / "verdicts.csv"
    records = str(moved.root / "examples" / "records.csv")
    assert "0 left out" in moved.module("predict", "--model", first, records, "-o", str(verdicts))
    assert verdicts.read_text().startswith("line,verdict")
    assert "accuracy" in moved.module("compare", first, second)

    copy = Project(tmp_path / "copy", project.env)
    shutil.copytree(moved.root, copy.root, symlinks=True)
    before = sorted(moved.root.rglob("*"))
    copy.module("train", *TREES, "k=4")
    assert len(copy.runs()) == len(moved.runs()) + 1
    new = copy.runs()[0]
    assert (copy.root / "mlruns" / "artifacts" / new.info.run_id / "artifacts" / "metrics.json").is_file()
    assert "accuracy" in copy.module("compare", first, new.info.run_id)
    assert sorted(moved.root.rglob("*")) == before
