"""MLflow store: its address, its tables, and the view that its runs table opens with."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from src.tracking import local_store
from src.tracking.runs_table import set_view
from src.utils.imports import without_collections
from src.utils.paths import stores

MOST_RUNS = 50000  # that one search of MLflow returns
PORT = 5000
UI_ADDRESS = f"http://127.0.0.1:{PORT}"


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
    database = Path(uri.removeprefix("sqlite:///")) if uri.startswith("sqlite:///") else None
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
    mlflow.set_experiment(experiment)
