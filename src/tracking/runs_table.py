"""Columns, widths and order of the runs table that the MLflow UI opens with."""

import json
from typing import Any

VIEW = "compare"
VIEW_TAG = f"mlflow.sharedViewState.{VIEW}"
# Widths in pixels, by column; with the boxes and the name they fit a window of 1440 pixels.
_FIXED = {"attributes.`Run Name`": 225, "runDateAndNestInfo": 140, "duration": 75}  # always shown
_WIDTHS = {
    "metrics.`accuracy_percent`": 130,
    "metrics.`missed_per_10000`": 135,
    "metrics.`false_alarms_per_10000`": 165,
    "metrics.`fit_seconds`": 90,
    "params.`reducer`": 75,
    "params.`k`": 45,
}


def runs_page(experiment_id: str, *, shared: bool = False) -> str:
    """Path in the UI of the runs of an experiment.

    Args:
        shared: True for the stored view, on a server whose start page does not lay out the table.
    """
    view = f"viewStateShareKey={VIEW}&" if shared else ""
    return f"#/experiments/{experiment_id}/runs?{view}workflowType=machine_learning"


def set_view(mlflow: Any, experiment: str) -> None:
    """Store a shared view of the runs table; without a view the UI hides all metrics and parameters."""
    state = {
        "selectedColumns": list(_WIDTHS),
        "columnOrder": [*_FIXED, *_WIDTHS],
        "columnWidths": _FIXED | _WIDTHS,
        # in no other order does the UI show the runs of a multirun under their parent
        "orderByKey": "attributes.start_time",
        "orderByAsc": False,
        "searchFilter": "",
    }
    experiment_id = mlflow.get_experiment_by_name(experiment).experiment_id
    mlflow.MlflowClient().set_experiment_tag(experiment_id, VIEW_TAG, json.dumps(state))
