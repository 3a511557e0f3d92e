"""MLflow store: its address, its tables, and the view that its runs table opens with."""

import json
import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from src.utils.imports import without_collections
from src.utils.paths import stores

PORT = 5000
UI_ADDRESS = f"http://127.0.0.1:{PORT}"
VIEW = "compare"
_VIEW_METRICS = (
    *("test_accuracy", "val_macro_f1", "test_f1", "test_recall", "test_false_alarm_rate", "test_mean_cost"),
    "fit_seconds",
)
_VIEW_PARAMS = ("task.name", "split.name", "reducer.name", "k", "model.name", "seed")


def store_uri() -> str:
    """Address of the store: MLFLOW_TRACKING_URI, or the database of the project."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{stores() / 'mlflow.db'}"


def open_store(experiment: str | None) -> Any:
    """Connect MLflow to the store, make the store and the experiment if they are missing, and return MLflow."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with without_collections(), _environment_kept():  # MLflow imports more when it connects to a database
        import mlflow

        logging.getLogger("mlflow").setLevel(logging.WARNING)
        _point_at(mlflow, store_uri(), experiment)
    return mlflow


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Undo what MLflow writes to the environment, so that child processes find their own stores."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
            if name not in before:
                del os.environ[name]
            else:
                os.environ[name] = before[name]


def _point_at(mlflow: Any, uri: str, experiment: str | None) -> None:
    """Set the store and the current experiment of MLflow, and make both if they are missing."""
    mlflow.set_tracking_uri(uri)
    if experiment is None:
        return
    if uri.startswith("sqlite:///"):
        database = Path(uri.removeprefix("sqlite:///"))
        folder = database.parent
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".init.lock"):  # two first writers would both make the tables, and both fail
            if not database.exists():
                _write_ahead(database)  # first: the hundred steps that make the tables then wait less for the disk
            if mlflow.get_experiment_by_name(experiment) is None:
                mlflow.create_experiment(experiment, artifact_location=str(folder / "artifacts"))
                _set_view(mlflow, experiment)
                _write_ahead(database)
    elif mlflow.get_experiment_by_name(experiment) is None:
        mlflow.set_experiment(experiment)
        _set_view(mlflow, experiment)
    mlflow.set_experiment(experiment)


def _write_ahead(database: Path) -> None:
    """Set a SQLite database to WAL mode for good: readers and writers do not wait for each other."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("pragma journal_mode=wal")


def runs_page(experiment_id: str) -> str:
    """Path in the UI of the runs of an experiment, with columns for metrics and parameters."""
    return f"#/experiments/{experiment_id}/runs?viewStateShareKey={VIEW}&workflowType=machine_learning"


def _set_view(mlflow: Any, experiment: str) -> None:
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
