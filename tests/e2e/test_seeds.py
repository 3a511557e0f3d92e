"""A multirun over seeds ends with means and intervals, and its runs can be compared."""

import io

import mlflow
import pandas as pd
import pytest

from tests.e2e.conftest import SIMULATED

pytestmark = pytest.mark.integration
GRID = ("model=decision_tree", "tracking.log_model=false", "evaluation.bootstrap=100")


@pytest.fixture(scope="module")
def seeded(new_project, tmp_path_factory):
    """Project in which three seeds ran as one multirun, with its output."""
    project = new_project(tmp_path_factory.mktemp("seeded"))
    return project, project.module("train", "-m", *SIMULATED, *GRID, "split=grouped", "seed=range(3)")


def test_the_parent_has_the_mean_over_the_seeds(seeded):
    project, output = seeded
    (parent,) = [run for run in project.runs() if run.data.tags.get("multirun")]
    children = [run for run in project.runs() if "mlflow.parentRunId" in run.data.tags]
    values = [run.data.metrics["test_accuracy"] for run in children]
    assert len(set(values)) == 3
    assert parent.info.status == "FINISHED"
    assert parent.data.tags["seeds"] == "0 1 2"
    assert parent.data.metrics["test_accuracy_mean"] == pytest.approx(sum(values) / 3)
    assert parent.data.metrics["test_accuracy_low"] < min(values) < parent.data.metrics["test_accuracy_high"]
    label = "SIMULATED DATA - simulated, binary, grouped split, decision_tree, pca, k=2"
    assert f"{label}: 1 configuration\n" in output
    assert "Scores in percent: means, 95 % t intervals over the seeds, corrected for overlapping tests" in output
    mean = f"{100 * parent.data.metrics['test_accuracy_mean']:.2f}"
    assert f" {mean} [" in output
    assert f"| {mean} [" in parent.data.tags["mlflow.note.content"]
    client = mlflow.MlflowClient(project.store)
    assert {item.path for item in client.list_artifacts(parent.info.run_id)} == {
        "seeds.csv", "table.csv", "table.md", "table.tex",
    }  # fmt: skip
    path = mlflow.artifacts.download_artifacts(
        run_id=parent.info.run_id, artifact_path="seeds.csv", tracking_uri=project.store
    )
    table = pd.read_csv(path)
    assert set(table["configuration"]) == {label}
    assert {"test_accuracy", "test_accuracy_unseen", "test_recall", "fit_seconds"} <= set(table["metric"])


def test_two_runs_on_different_records_are_refused_and_a_run_equals_itself(seeded):
    project, _ = seeded
    one, other = [run.info.run_id for run in project.runs() if "mlflow.parentRunId" in run.data.tags][:2]
    assert "expected pairs of runs on the same records and classes; the runs have seed=" in project.module(
        "compare", one, other, fails=True
    )
    assert "The two runs do not differ" in project.module("compare", one, one)


def test_two_models_on_the_same_records_are_compared(seeded):
    project, _ = seeded
    folders = []
    for model in ("decision_tree", "random_forest"):
        folders.append(f"run-{model}")
        project.module(
            "train", *SIMULATED, *GRID[1:], f"model={model}", "reducer=none", f"hydra.run.dir={folders[-1]}"
        )  # fmt: skip
    output = project.module("compare", *(f"{folder}/reports" for folder in folders))
    lines = io.StringIO(output).readlines()
    assert any(line.startswith("McNemar (") for line in lines)
    assert lines[-1].startswith("The two runs ")
