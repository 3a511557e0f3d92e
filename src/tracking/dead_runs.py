"""Runs that a process left open when SIGKILL or a crash ended it."""

from typing import Any

from src.tracking.processes import TAG, has_ended
from src.tracking.store import MOST_RUNS


def close_dead_runs(mlflow: Any, experiment: str | None) -> None:
    """Mark as KILLED the open runs of processes of this machine that have ended.

    A parent stays open as long as a child is: its other workers may go on.

    Args:
        experiment: Name of the experiment; None for all.
    """
    client = mlflow.MlflowClient()
    found = [client.get_experiment_by_name(experiment)] if experiment else client.search_experiments()
    running = client.search_runs(
        [one.experiment_id for one in found], "attributes.status = 'RUNNING'", max_results=MOST_RUNS
    )
    dead = {run.info.run_id for run in running if has_ended(run.data.tags.get(TAG, ""))}
    still_needed = {run.data.tags.get("mlflow.parentRunId") for run in running if run.info.run_id not in dead}
    for run_id in dead - still_needed:
        client.set_terminated(run_id, "KILLED")
