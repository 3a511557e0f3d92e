"""Names are data: any text names a multirun, on any database, and none leads out of its place."""

import mlflow
import pytest

from tests.e2e.conftest import SIMULATED
from tests.servers import postgresql

pytestmark = pytest.mark.integration
TREES = (*SIMULATED, "model=decision_tree", "tracking.log_model=false", "evaluation.bootstrap=0")
NAME = "it's a 'grid' and tags.x = '1"
# Over 250 characters, which PostgreSQL does not take as the name of a run.
MANY = tuple(f"training.{one}" for one in ("epochs=29", "batch_size=101", "learning_rate=0.0011", "warmup_epochs=0.5",
                                           "noise=0.1", "optimizer=sgd", "schedule=constant", "label_smoothing=0.01",
                                           "max_rows_per_attack_type=10000", "patience=9"))  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """PostgreSQL, which limits the length of names and texts."""
    with postgresql(tmp_path_factory.mktemp("postgresql")) as running:
        yield running


def test_any_name_and_any_number_of_overrides_make_a_parent_on_postgresql(bare_project, server):
    bare_project.env["MLFLOW_TRACKING_URI"] = server.url
    assert len(" ".join(MANY)) > 250
    output = bare_project.module("train", "-m", *TREES, *MANY, "seed=0,1")
    assert "multirun: 2 of 2 runs done" in output
    named = bare_project.module("train", "-m", *TREES, "k=2", f'tracking.parent="{NAME}"')
    assert "multirun: 1 of 1 runs done" in named
    refused = bare_project.module("train", "-m", *TREES, "k=2", f"tracking.parent={'x' * 251}", fails=True)
    assert "tracking.parent: found a name of 251 characters, expected 1 to 250" in refused
    assert "Traceback" not in output + named + refused
    client = mlflow.MlflowClient(server.url)
    runs = client.search_runs([client.get_experiment_by_name("simulated").experiment_id])
    parents = {run.info.run_id: run for run in runs if run.data.tags.get("multirun")}
    first, second = sorted(parents.values(), key=lambda run: run.info.start_time)
    assert [first.info.status, second.info.status] == ["FINISHED", "FINISHED"]
    assert "test_accuracy_mean" in first.data.metrics
    assert second.info.run_name == NAME
    children = [run.data.tags["mlflow.parentRunId"] for run in runs if run.info.run_id not in parents]
    assert sorted(children) == sorted([first.info.run_id, first.info.run_id, second.info.run_id])
