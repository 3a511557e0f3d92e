"""MLflow store: its address, its tables, and the view that its runs table opens with."""

import logging
import os
from typing import Any

from src.tracking import connection, local_store
from src.tracking.connection import VARIABLE
from src.tracking.runs_table import set_view
from src.utils.environment_variables import environment_kept
from src.utils.imports import without_collections
from src.utils.paths import stores

MOST_RUNS = 50000  # that one search of MLflow returns
PORT = 5000
UI_ADDRESS = f"http://127.0.0.1:{PORT}"


def store_uri() -> str:
    """Address of the store: MLFLOW_TRACKING_URI, or the database of the project."""
    return os.environ.get(VARIABLE) or f"sqlite:///{stores() / 'mlflow.db'}"


def check_store() -> None:
    """Check that the store answers, before any work or import that takes long.

    Raises:
        ValueError: the address is not that of a store.
        StoreAwayError: the store does not answer.
    """
    connection.set_patience()
    connection.check_store(store_uri())


def open_store(experiment: str | None) -> Any:
    """Connect MLflow to the store, make the store and the experiment if they are missing, and return MLflow.

    Raises:
        ValueError: the address is not that of a store, or the experiment was deleted.
        StoreAwayError: the store does not answer.
    """
    uri = store_uri()
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    connection.set_patience()
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # MLflow imports more when it connects to a database, and writes to the environment: child processes have own stores
    with without_collections(), environment_kept("MLFLOW_"):
        connection.check_store(uri)  # first: to import MLflow takes seconds
        import mlflow

        logging.getLogger("mlflow").setLevel(logging.WARNING)
        connection.report_lost_servers()
        _point_at(mlflow, uri, experiment)
    return mlflow


def _point_at(mlflow: Any, uri: str, experiment: str | None) -> None:
    """Set the store and the current experiment of MLflow, and make both if they are missing."""
    database = connection.database_file(uri)
    if database:
        local_store.make_usable(database, make=experiment is not None)
    mlflow.set_tracking_uri(uri)
    if experiment is None:
        return
    if database:
        with local_store.lock(database):
            if mlflow.get_experiment_by_name(experiment) is None:
                mlflow.create_experiment(experiment, artifact_location=str(database.parent / local_store.ARTIFACTS))
                set_view(mlflow, experiment)
                local_store.write_ahead(database)
    elif mlflow.get_experiment_by_name(experiment) is None:
        mlflow.set_experiment(experiment)
        set_view(mlflow, experiment)
    _refuse_deleted(mlflow, uri, experiment)
    mlflow.set_experiment(experiment)


def _refuse_deleted(mlflow: Any, uri: str, experiment: str) -> None:
    found = mlflow.get_experiment_by_name(experiment)
    if found.lifecycle_stage == "deleted":
        store = "" if os.environ.get(VARIABLE) else f"{VARIABLE}={uri} "
        raise ValueError(
            f"tracking.experiment={experiment}: found an experiment that was deleted, expected one to log to; restore "
            f"it with its runs: {store}mlflow experiments restore --experiment-id {found.experiment_id}; or name "
            f"another: tracking.experiment={experiment}-2"
        )
