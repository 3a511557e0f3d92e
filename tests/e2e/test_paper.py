"""The paper's grid skips finished runs, also after a kill; and its report from a real store."""

import re
import signal

import mlflow
import pytest

from tests.e2e.conftest import SIMULATED, wait_for

pytestmark = pytest.mark.integration
GRID = (*SIMULATED, "model=decision_tree", "tracking.log_model=false", "tracking.parent=grid",
        "tracking.skip_finished=true", "k=2,3,4,10")  # fmt: skip


def split(project):
    """The parents and the runs of a grid; a run killed at its start has its tags and no parameters yet."""
    runs = project.runs()
    return [run for run in runs if run.data.tags.get("multirun")], [
        run for run in runs if not run.data.tags.get("multirun")
    ]


def test_a_killed_grid_goes_on_where_it_stopped(project, background):
    process = background(project.start("python", "-m", "src.train", "-m", *GRID))
    # kill it in the middle of its second run: one is done, one is under way
    wait_for(lambda: sorted(project.statuses()) == ["FINISHED", "RUNNING", "RUNNING"], "the second run")
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {run.info.run_id: run for run in split(project)[1]}
    done = [run_id for run_id, run in before.items() if run.info.status == "FINISHED"]
    assert sorted(run.info.status for run in before.values()) in (["FINISHED", "RUNNING"], ["FINISHED", "FINISHED"])

    output = project.module("train", "-m", *GRID)

    parents, runs = split(project)
    assert [parent.info.status for parent in parents] == ["FINISHED"]
    finished = {run.info.run_id: run.data.params["k"] for run in runs if run.info.status == "FINISHED"}
    assert sorted(finished.values(), key=int) == ["2", "3", "4", "10"]
    assert set(done) <= set(finished)
    assert {run.info.status for run in runs if run.info.run_id not in finished} <= {"KILLED"}
    assert {run.data.tags["mlflow.parentRunId"] for run in runs} == {parents[0].info.run_id}
    for run_id in done:
        assert f"in the store as run {run_id}" in output
    were = "was" if len(done) == 1 else "were"
    line = rf"multirun: 4 of 4 runs done \({len(done)} {were} in the store\), best .*, [\d:]+ elapsed, none left"
    assert re.search(line, output)

    # finished runs are made again only where that is asked for, and another config is another run
    one = (*GRID[:-1], "k=2")
    assert "in the store as run" in project.module("train", *one)
    assert len(split(project)[1]) == len(runs)
    project.module("train", "-m", *one, "model.max_depth=null,3")
    assert len(split(project)[1]) == len(runs) + 1
    project.module("train", *one, "tracking.skip_finished=false")
    assert len(split(project)[1]) == len(runs) + 2


def test_the_papers_grid_on_simulated_records_gives_a_whole_report(project):
    small = (*SIMULATED, "training.epochs=1", "training.jit_compile=false", "seed=0")
    experiments = project.root / "conf" / "experiment" / "paper"
    for grid in experiments.glob("*_trees.yaml"):  # 54 runs of the kind that the others are
        grid.unlink()
    for grid in experiments.glob("*_three.yaml"):  # no claim is about them
        grid.unlink()
    project.module("grids", "paper", *small)
    output = project.module("report", "paper", *small)
    wanted = len(split(project)[1])
    assert f"{wanted} of {wanted} runs" in output
    text = (project.root / "reports" / "paper" / "README.md").read_text()
    assert "SIMULATED DATA" in text
    assert "run missing" not in text
    assert not [line for line in text.splitlines() if re.search(r"\|\s*\|", line)]
    ((parent,), _) = split(project)
    client = mlflow.MlflowClient(project.store)
    assert {"report/README.md", "report/index.html"} <= {
        item.path for item in client.list_artifacts(parent.info.run_id, "report")
    }
