"""Parent runs: the runs of a multirun or a study are nested under one."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from src.config.settings import Settings
from src.tracking.dead_runs import close_dead_runs
from src.tracking.processes import TAG, has_ended, process_tag
from src.tracking.runs import LONGEST_TAG, end_run, ended, exists
from src.tracking.store import MOST_RUNS, open_store
from src.utils.termination import closed_on_stop, terminable

_LONGEST_NAME = 250  # characters; PostgreSQL refuses a longer name of a run


def start_parent(experiment: str, name: str, tags: Mapping[str, str], *, shared: bool = False) -> str:
    """Make a parent run, and return its id.

    Args:
        shared: True to reuse the parent of that name if the store has one, as after an interrupted grid.
    Raises:
        ValueError: the name is empty or longer than a database holds.
    """
    if not 0 < len(name) <= _LONGEST_NAME:
        raise ValueError(
            f"tracking.parent: found a name of {len(name)} characters, expected 1 to {_LONGEST_NAME}; choose another"
        )
    mlflow = open_store(experiment)
    close_dead_runs(mlflow, experiment)
    client = mlflow.MlflowClient()
    experiment_id = mlflow.get_experiment_by_name(experiment).experiment_id
    if shared and (found := find_parent(experiment, name)):
        reopen_parent(found)
        return found
    texts = {key: text[:LONGEST_TAG] for key, text in {"multirun": "true", TAG: process_tag(), **tags}.items()}
    run = client.create_run(experiment_id, run_name=name, tags=texts)
    return str(run.info.run_id)


def reopen_parent(run_id: str) -> bool:
    """Set a parent to RUNNING again, and end its children that died; False if the store does not have it."""
    mlflow = open_store(None)
    if not exists(mlflow, run_id):
        return False
    client = mlflow.MlflowClient()
    close_dead_runs(mlflow, client.get_experiment(client.get_run(run_id).info.experiment_id).name)
    client.set_tag(run_id, TAG, process_tag())
    client.update_run(run_id, status="RUNNING")
    return True


@contextmanager
def open_parent(run_id: str) -> Iterator[None]:
    """End a parent with its block: FINISHED, FAILED on an exception, KILLED on Ctrl-C or SIGTERM."""
    with (
        terminable(),
        ended(lambda status: end_run(run_id, status)),
        closed_on_stop(lambda: end_run(run_id, "KILLED"), lambda: "the trials that ended are kept", ()),
    ):
        yield


def find_parent(experiment: str, name: str) -> str | None:
    """Id of the oldest parent run of that name.

    The name is not part of a filter: a quote in it would end the text there.
    """
    mlflow = open_store(experiment)
    parents = mlflow.MlflowClient().search_runs(
        [mlflow.get_experiment_by_name(experiment).experiment_id],
        "tags.multirun = 'true'",
        max_results=MOST_RUNS,
        order_by=["attributes.start_time ASC"],
    )
    return next((str(one.info.run_id) for one in parents if one.info.run_name == name), None)


def end_parent(run_id: str, *, complete: bool, all_skipped: bool = False, failed: bool = False) -> None:
    """End a parent run with the worst status of its children.

    Of children with the same config only the newest counts, since it replaces those that died before it.

    Args:
        complete: True if the multirun reached its end; otherwise the status is KILLED.
        all_skipped: True if no child was needed because the store had every run.
        failed: True if a job failed, maybe without a child.
    """
    import mlflow

    client = mlflow.MlflowClient()
    newest = {
        child.data.tags.get("fingerprint.config", child.info.run_id): child.info.status
        for child in reversed(children(client, run_id))
    }
    statuses = set(newest.values())
    if not complete or "KILLED" in statuses:
        status = "KILLED"
    else:
        fine = statuses == {"FINISHED"} or (all_skipped and not statuses)
        status = "FINISHED" if fine and not failed else "FAILED"
    client.set_terminated(run_id, status)


def describe(
    run_id: str,
    note: str,
    tags: Mapping[str, object],
    metrics: Mapping[str, float],
    folder: Path | None,
    place: str | None = None,
) -> None:
    """Log the results of a parent: a note in Markdown for its page, tags, metrics, and every file of a folder.

    Args:
        place: Folder among the artifacts for those files; the top, unless given.
    """
    from mlflow.entities import Metric, RunTag

    client, now = open_store(None).MlflowClient(), int(time.time() * 1000)
    texts = {name: str(value)[:LONGEST_TAG] for name, value in {**tags, "mlflow.note.content": note}.items()}
    client.log_batch(
        run_id,
        metrics=[Metric(name, value, now, 0) for name, value in metrics.items()],
        tags=[RunTag(name, text) for name, text in texts.items()],
    )
    if folder:
        client.log_artifacts(run_id, str(folder), place)


def log_to_parent(settings: Settings, folder: Path, place: str) -> None:
    """Log every file of `folder` to the parent that `tracking.parent` names, in the artifact folder `place`."""
    tracking = settings.config["tracking"]
    run_id = find_parent(tracking["experiment"], tracking["parent"])
    if not run_id:  # the store had every run already, under other parents
        tags = {"simulated": str(settings.dataset.simulated).lower()}
        run_id = start_parent(tracking["experiment"], tracking["parent"], tags)
        end_parent(run_id, complete=True, all_skipped=True)
    open_store(None).MlflowClient().log_artifacts(run_id, str(folder), place)


def children(client: Any, run_id: str, *, since_ms: int = 0) -> list[Any]:
    """Runs nested under a parent, newest first, of any experiment: each data set of a grid has one of its own.

    Args:
        since_ms: Earliest start, in milliseconds since 1970.
    """
    experiments = [one.experiment_id for one in client.search_experiments()]
    nested = f"tags.`mlflow.parentRunId` = '{run_id}' and attributes.start_time >= {since_ms}"
    return list(client.search_runs(experiments, nested, max_results=MOST_RUNS))


def end_runs_of_workers(experiment: str) -> None:
    """Mark as KILLED the open runs of this process's workers, and the parents of those.

    Workers that are dead already are not known any more, so runs of any dead process of this machine count as well.
    """
    mlflow = open_store(experiment)
    client = mlflow.MlflowClient()
    workers = {process_tag(child) for child in psutil.Process().children(recursive=True)}
    experiment_id = mlflow.get_experiment_by_name(experiment).experiment_id
    for run in client.search_runs([experiment_id], "attributes.status = 'RUNNING'", max_results=MOST_RUNS):
        process = run.data.tags.get(TAG, "")
        if process in workers or has_ended(process):
            for run_id in {run.info.run_id, run.data.tags.get("mlflow.parentRunId", run.info.run_id)}:
                client.set_terminated(run_id, "KILLED")
