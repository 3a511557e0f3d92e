"""Where the store is, how it is laid out, and the view that its runs table opens with."""

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
    """MLFLOW_TRACKING_URI, or the project's own database."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{stores() / 'mlflow.db'}"


def open_store(experiment: str | None) -> Any:
    """Point MLflow at the store, make the store and the experiment where they are missing, and return MLflow."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with without_collections(), _environment_kept():  # MLflow imports more when it is pointed at a database
        import mlflow

        logging.getLogger("mlflow").setLevel(logging.WARNING)
        _point_at(mlflow, store_uri(), experiment)
    return mlflow


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Undo what MLflow writes into the environment: processes started from this one find their stores themselves."""
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
    """Make a store MLflow's own, and the experiment its current one."""
    mlflow.set_tracking_uri(uri)
    if experiment is None:
        return
    if uri.startswith("sqlite:///"):
        database = Path(uri.removeprefix("sqlite:///"))
        folder = database.parent
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".init.lock"):  # two first writers would both lay out the database, and both fail
            if not database.exists():
                _write_ahead(database)  # first, as MLflow's hundred steps of laying out then wait less for the disk
            if mlflow.get_experiment_by_name(experiment) is None:
                mlflow.create_experiment(experiment, artifact_location=str(folder / "artifacts"))
                _set_view(mlflow, experiment)
                _write_ahead(database)
    elif mlflow.get_experiment_by_name(experiment) is None:
        mlflow.set_experiment(experiment)
        _set_view(mlflow, experiment)
    mlflow.set_experiment(experiment)


def _write_ahead(database: Path) -> None:
    """Make readers and writers of a SQLite database not wait for each other; it stays so."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("pragma journal_mode=wal")


def runs_page(experiment_id: str) -> str:
    """Where the UI shows an experiment's runs with their metrics and parameters, below the server's address."""
    return f"#/experiments/{experiment_id}/runs?viewStateShareKey={VIEW}&workflowType=machine_learning"


def _set_view(mlflow: Any, experiment: str) -> None:
    """Keep a shared view of the runs table: the UI hides every metric and parameter unless told."""
    columns = [f"metrics.`{name}`" for name in _VIEW_METRICS] + [f"params.`{name}`" for name in _VIEW_PARAMS]
    state = {
        "selectedColumns": ["attributes.`Created`", "attributes.`Status`", *columns],
        # by a metric, best first: in order of time the UI would fold the runs of a multirun away under their parent
        "orderByKey": "metrics.`test_accuracy`",
        "orderByAsc": False,
        "searchFilter": "",
    }
    experiment_id = mlflow.get_experiment_by_name(experiment).experiment_id
    mlflow.MlflowClient().set_experiment_tag(experiment_id, f"mlflow.sharedViewState.{VIEW}", json.dumps(state))
