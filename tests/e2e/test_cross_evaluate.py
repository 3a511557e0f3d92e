"""`python -m src.cross_evaluate`: a detector of one data set on others."""

import csv

import pytest
from mlflow.entities import Run

from tests.e2e.conftest import SIMULATED, Project

pytestmark = pytest.mark.integration


def test_a_detector_is_scored_on_other_data_as_on_its_own_test_part(project: Project) -> None:
    project.module("train", *SIMULATED, "model=decision_tree", "split=official")
    (trained,) = project.runs()
    (project.root / "conf" / "dataset" / "later.yaml").write_text(
        "defaults: [simulated, _self_]\nname: later\nrecords: 3000\ntest_records: 1200\nseed: 3\n"
    )
    # given twice, and scored once
    scored = (
        "cross_evaluate",
        trained.info.run_id[:8],
        str(trained.info.run_name),
        "--on",
        "simulated",
        "later",
        "-o",
        "table.csv",
    )
    printed = project.module(*scored)
    runs = {run.data.tags["scored_on"]: run for run in project.runs() if "scored_on" in run.data.tags}
    own, other = runs["simulated"], runs["later"]
    assert {run.info.status for run in runs.values()} == {"FINISHED"}

    def scores(run: Run) -> dict[str, float]:
        return {name: value for name, value in run.data.metrics.items() if not name.endswith(("_seconds", "_median"))}

    assert scores(own) == scores(trained)  # to the last digit: intervals and equal false alarms too
    assert len([name for name in scores(own) if name.startswith("test_")]) > 50
    assert scores(other) != scores(own)
    assert other.data.tags["trained_on"] == "simulated"
    assert other.data.tags["detector_run"] == trained.info.run_id
    assert other.info.run_name == f"{trained.info.run_name} on later"
    assert other.data.params["derived.records_test"] == "1200"
    assert "SIMULATED DATA - later, trained on simulated" in other.data.tags["caption"]
    inputs = {one.tags[0].value: one.dataset for one in other.inputs.dataset_inputs}
    own_inputs = {one.tags[0].value: one.dataset for one in trained.inputs.dataset_inputs}
    assert {name: data.name for name, data in inputs.items()} == {
        "training": "simulated-binary-official", "validation": "simulated-binary-official",
        "test": "later-binary-official",
    }  # fmt: skip
    assert inputs["training"].digest == own_inputs["training"].digest

    rows = list(csv.DictReader((project.root / "table.csv").read_text().splitlines()))
    assert [(row["trained_on.name"], row["dataset.name"]) for row in rows] == [
        ("simulated", "simulated"), ("simulated", "later"),
    ]  # fmt: skip
    metrics = other.data.metrics
    for name in ("test_accuracy", "test_accuracy_low", "test_detection_at_1_percent", "test_share_seen_in_training"):
        assert float(rows[1][name]) == pytest.approx(metrics[name], abs=1e-7)
    assert f"{100 * metrics['test_accuracy']:.2f}" in printed
    assert own.info.run_id[:8] in printed

    # all data sets are checked before the first is scored
    refused = project.module("cross_evaluate", trained.info.run_id, "--on", "later", "unsw_nb15", fails=True)
    assert "dataset=unsw_nb15: found other columns than those of simulated" in refused
    assert len(project.runs()) == 3
