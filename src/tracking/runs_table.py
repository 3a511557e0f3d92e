"""Columns and order of the runs table that the MLflow UI opens with."""

import json
from typing import Any

VIEW = "compare"
_VIEW_METRICS = (
    *("test_accuracy", "val_macro_f1", "test_f1", "test_recall", "test_false_alarm_rate", "test_mean_cost"),
    "fit_seconds",
)
_VIEW_PARAMS = ("task.name", "split.name", "reducer.name", "k", "model.name", "seed")


def runs_page(experiment_id: str) -> str:
    """Path in the UI of the runs of an experiment, with columns for metrics and parameters."""
    return f"#/experiments/{experiment_id}/runs?viewStateShareKey={VIEW}&workflowType=machine_learning"


def set_view(mlflow: Any, experiment: str) -> None:
    """Store a shared view of the runs table; without a view the UI hides all metrics and parameters."""
    columns = [f"metrics.`{name}`" for name in _VIEW_METRICS] + [f"params.`{name}`" for name in _VIEW_PARAMS]
    state = {
        "selectedColumns": ["attributes.`Created`", "attributes.`Status`", *columns],
        # ordered by a metric: in order of time the UI would hide the runs of a multirun under their parent
        "orderByKey": "metrics.`test_accuracy`",
        "orderByAsc": False,
        "searchFilter": "",
    }
    experiment_id = mlflow.get_experiment_by_name(experiment).experiment_id
    mlflow.MlflowClient().set_experiment_tag(experiment_id, f"mlflow.sharedViewState.{VIEW}", json.dumps(state))
