"""MLflow runs of audits of data, in an experiment of their own: they are no experiments with a model."""

from collections.abc import Mapping
from pathlib import Path

from src.tracking.dead_runs import close_dead_runs
from src.tracking.processes import TAG, process_tag
from src.tracking.runs import ended
from src.tracking.store import open_store
from src.utils.termination import terminable

SUFFIX = "-audit"


def log_audit(
    experiment: str,
    name: str,
    params: Mapping[str, object],
    tags: Mapping[str, str],
    metrics: Mapping[str, float],
    folder: Path,
) -> str:
    """Log an audit as one run; returns its id.

    Args:
        experiment: Experiment of the runs with models; that of audits has its name with `-audit`.
        name: Name of the run.
        params: Values of the config that the findings follow from.
        tags: Tags of the run.
        metrics: Numbers behind the findings.
        folder: Folder with the page and the JSON file, which become artifacts in `audit`.
    """
    mlflow = open_store(f"{experiment}{SUFFIX}")
    close_dead_runs(mlflow, f"{experiment}{SUFFIX}")
    with terminable(), ended(mlflow.end_run):
        run = mlflow.start_run(run_name=name, tags={**tags, TAG: process_tag()})
        mlflow.log_params(dict(params))
        mlflow.log_metrics(dict(metrics))
        mlflow.log_artifacts(str(folder), "audit")
    return str(run.info.run_id)
