"""The grids of the report on unseen traffic, and the report from a real store."""

import re

import pytest

pytestmark = pytest.mark.integration
# enough records for a few of each of the five classes
SMALL = ("dataset=simulated", "dataset.records=20000", "dataset.test_records=2000", "training.progress=false",
         "training.epochs=1", "evaluation.bootstrap=50", "seed=0")  # fmt: skip


def test_the_grids_on_simulated_records_give_a_whole_report(project):
    for grid in sorted((project.root / "conf" / "experiment" / "generalization").glob("*.yaml")):
        project.module("train", "-m", f"+experiment=generalization/{grid.stem}", *SMALL, "tracking.log_model=false")
    output = project.module("report", "generalization", *SMALL, "tracking.log_model=false")
    runs = [run for run in project.runs() if "k" in run.data.params]
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert f"{len(runs)} of {len(runs)} runs" in output
    text = (project.root / "reports" / "generalization" / "README.md").read_text()
    assert "SIMULATED DATA" in text
    assert "missing" not in text.lower()
    assert not [line for line in text.splitlines() if re.search(r"\|\s*\|", line)]
    # the ensemble with grafts (two sizes of training) and without, and on the record alone
    assert len(re.findall(r"\| \*\*ensemble of 5 LSTMs, .*\*\* \| 0\.\d{4} ", text)) == 4
