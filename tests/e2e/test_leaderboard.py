"""The grids of every model on one protocol, and the report from a real store."""

import re

import pytest

pytestmark = pytest.mark.integration
# enough records for a few of each of the five classes
SMALL = ("dataset=simulated", "dataset.records=20000", "dataset.test_records=2000", "training.progress=false",
         "training.epochs=1", "evaluation.bootstrap=50")  # fmt: skip
# One model in place of all of a grid: every grid is whole, with the runs that its report looks for.
ONE = {
    "features": "decision_tree",
    "binary": "ae_ids",
    "neighbors": "knn",
    "recurrent": "lstm",
    "variants": "lstm,gru",
    "nsl_kdd": "decision_tree",  # on the simulated records of the others: its runs are in the store
}
# Grids that take their models from those above.
OTHERS = {"nsl_kdd_recurrent", *(f"{grid}_random" for grid in ("features", "binary", "neighbors", "recurrent"))}


def test_the_grids_on_simulated_records_give_a_whole_report_and_are_not_run_twice(project):
    grids = sorted((project.root / "conf" / "experiment" / "leaderboard").glob("*.yaml"))
    assert {grid.stem for grid in grids} == {*ONE, *OTHERS}
    for grid in grids:
        text = grid.read_text()
        if grid.stem in ONE:
            text, replaced = re.subn(r"(?m)^      model: .*", f"      model: {ONE[grid.stem]}", text)
            assert replaced == 1
        grid.write_text(text.replace(",3,4", "").replace("seed: 0,1,2", "seed: 0,1"))
    project.module("grids", "leaderboard", *SMALL)
    output = project.module("report", "leaderboard", *SMALL)
    runs = [run for run in project.runs() if "k" in run.data.params]
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert f"{len(runs)} of {len(runs)} runs" in output
    text = (project.root / "reports" / "leaderboard" / "README.md").read_text()
    assert "SIMULATED DATA" in text
    assert "missing" not in text.lower()
    assert not [line for line in text.splitlines() if re.search(r"\|\s*\|", line)]
    command = re.search(r"`python -m src\.train (.*model=decision_tree task=five split=official)`", text)
    assert command
    assert "in the store as run" in project.module("train", *command[1].split(), *SMALL)
    assert len([run for run in project.runs() if "k" in run.data.params]) == len(runs)
