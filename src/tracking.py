"""MLflow: the store, the runs, the view. The only module that writes to it; MLflow itself is imported late (2 s)."""

import json
import logging
import os
import platform
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any

from filelock import FileLock

from src.build import Settings
from src.workspace import PROJECT

PARENT_VARIABLE = "IDS_PARENT_RUN"
VIEW = "compare"
DETECTOR = "detector"
_VIEW_METRICS = ("test_accuracy", "test_f1", "test_recall", "test_false_alarm_rate", "fit_seconds")
_VIEW_PARAMS = ("task.name", "split.name", "reducer.name", "k", "model.name", "seed")
_LIBRARIES = ("keras", "mlflow", "numpy", "pandas", "pyarrow", "scikit-learn")


class Terminated(SystemExit):
    """SIGTERM arrived."""

    def __init__(self) -> None:
        super().__init__(128 + signal.SIGTERM)


class Run:
    """One MLflow run that is being written."""

    def __init__(self, mlflow: Any, run_id: str):
        self._mlflow = mlflow
        self.id = run_id

    def log_params(self, params: Mapping[str, object]) -> None:
        """Log parameters as text, cut at the 6,000 characters that MLflow takes."""
        self._mlflow.log_params({name: str(value)[:6000] for name, value in params.items()})

    def log_metrics(self, metrics: Mapping[str, object]) -> None:
        """Log the numbers among `metrics`."""
        self._mlflow.log_metrics(
            {name: float(value) for name, value in metrics.items() if isinstance(value, (int, float))}
        )

    def log_epochs(self, epochs: list[dict[str, float]]) -> None:
        """Log the training history in one write, as `epoch_<name>` by step."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        points = [
            Metric(f"epoch_{name}", value, now, int(one["epoch"]))
            for one in epochs
            for name, value in one.items()
            if name != "epoch"
        ]
        for start in range(0, len(points), 1000):  # the most one write may hold
            self._mlflow.MlflowClient().log_batch(self.id, metrics=points[start : start + 1000])

    def log_folder(self, folder: Path) -> None:
        """Log every file of `folder`, at the top of the run's artifacts."""
        self._mlflow.log_artifacts(str(folder))

    def log_text(self, name: str, text: str) -> None:
        """Log `text` as an artifact."""
        self._mlflow.log_text(text, name)

    def log_detector(self, folder: Path, class_names: tuple[str, ...]) -> None:
        """Log the detector kept in `folder` as a model that loads without pickle and without this repository."""
        from mlflow.models import ModelSignature
        from mlflow.types.schema import ColSpec, Schema

        from src.data.schema import COLUMNS
        from src.example import example_records

        kinds = {name: "string" if kind == "symbol" else "double" for name, kind in COLUMNS.items()}
        outputs = [ColSpec("string", "verdict"), *(ColSpec("double", f"probability_{name}") for name in class_names)]
        signature = ModelSignature(Schema([ColSpec(kind, name) for name, kind in kinds.items()]), Schema(outputs))
        self._mlflow.pyfunc.log_model(
            name=DETECTOR,
            python_model=str(PROJECT / "src" / "served_detector.py"),
            code_paths=[str(PROJECT / "src")],
            artifacts={DETECTOR: str(folder)},
            signature=signature,
            input_example=example_records(),
            pip_requirements=_requirements(),
        )


@contextmanager
def tracked_run(settings: Settings, *, resume: str | None = None) -> Iterator[Run]:
    """Open one run; it ends as FINISHED, as FAILED on an exception, as KILLED on Ctrl-C or SIGTERM.

    Args:
        resume: Id of a run to go on with; a new one is made where the store does not have it.
    """
    mlflow = open_store(settings.config["tracking"]["experiment"])
    config = settings.config
    name = f"{config['model']['name']}-{config['reducer']['name']}-{settings.k}-{config['task']['name']}"
    tags = {
        "simulated": str(settings.dataset.simulated).lower(),
        "protocol": config["split"]["name"],
        "dvc_stage": os.environ.get("DVC_STAGE", ""),
        "dvc_experiment": os.environ.get("DVC_EXP_NAME", ""),
        "mlflow.note.content": ("**Simulated data.** " if settings.dataset.simulated else "") + settings.caption,
    }
    parent = os.environ.get(PARENT_VARIABLE)
    run_id = resume if resume and _exists(mlflow, resume) else None
    # signals first: one that comes between the run's start and the block must end the run too
    with terminable(), _ended(mlflow):
        run = mlflow.start_run(
            run_id=run_id,
            run_name=None if run_id else name,
            nested=bool(parent),
            parent_run_id=parent,
            tags={key: value for key, value in tags.items() if value},
        )
        tracked = Run(mlflow, run.info.run_id)
        if not run_id:
            tracked.log_params(_flat({**config, "derived": _environment()}))
        yield tracked


@contextmanager
def _ended(mlflow: Any) -> Iterator[None]:
    """End the active run with the status that tells how the block ended."""
    status = "FINISHED"
    try:
        yield
    except (KeyboardInterrupt, Terminated):
        status = "KILLED"
        raise
    except BaseException:
        status = "FAILED"
        raise
    finally:
        mlflow.end_run(status)


@contextmanager
def terminable() -> Iterator[None]:
    """Turn SIGTERM into an exception, so that what is open gets closed. Only a main thread can."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Terminated

    try:
        previous = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread: whoever started the thread is in charge of signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def start_parent(experiment: str, name: str, tags: Mapping[str, str]) -> str:
    """Make the run that the runs of a multirun are nested under, and return its id."""
    mlflow = open_store(experiment)
    run = mlflow.MlflowClient().create_run(
        mlflow.get_experiment_by_name(experiment).experiment_id, run_name=name, tags={"multirun": "true", **tags}
    )
    return str(run.info.run_id)


def end_parent(run_id: str, *, complete: bool) -> None:
    """End a parent run: as the worst of its children, or as KILLED where the multirun is not `complete`."""
    import mlflow

    client = mlflow.MlflowClient()
    experiment = client.get_run(run_id).info.experiment_id
    children = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{run_id}'")
    statuses = {child.info.status for child in children}
    if not complete or "KILLED" in statuses:
        status = "KILLED"
    else:
        status = "FINISHED" if statuses == {"FINISHED"} else "FAILED"  # without any child too
    client.set_terminated(run_id, status)


def detector_folder(model: str) -> Path:
    """The folder of a detector named by a run id, a folder of a detector, or a folder of a logged model.

    Raises:
        ValueError: it is none of them.
    """
    folder = Path(model)
    if folder.is_dir():
        for place in (folder, folder / "artifacts" / DETECTOR, folder / "models" / DETECTOR):
            if (place / "detector.json").is_file():
                return place
        raise ValueError(f"{folder}: found no detector in it, expected detector.json or a model logged by this project")
    mlflow = open_store(None)
    try:
        return Path(mlflow.artifacts.download_artifacts(f"runs:/{model}/{DETECTOR}")) / "artifacts" / DETECTOR
    except mlflow.exceptions.MlflowException as error:
        raise ValueError(
            f"{model!r}: found neither such a folder nor a run with a detector in {mlflow.get_tracking_uri()} "
            f"({error.message}); expected the id of a run (make ui shows them) or a path such as models/detector"
        ) from None


def store_uri() -> str:
    """MLFLOW_TRACKING_URI, or the project's own database. A copy that DVC runs in still writes to the real one."""
    folder = Path(os.environ.get("DVC_ROOT") or PROJECT) / "mlruns"
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{folder / 'mlflow.db'}"


def open_store(experiment: str | None) -> Any:
    """Point MLflow at the store, make the store and the experiment where they are missing, and return MLflow."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    import mlflow

    logging.getLogger("mlflow").setLevel(logging.WARNING)
    uri = store_uri()
    mlflow.set_tracking_uri(uri)
    if experiment is None:
        return mlflow
    if uri.startswith("sqlite:///"):
        folder = Path(uri.removeprefix("sqlite:///")).parent
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".init.lock"):  # two first writers would both lay out the database, and both fail
            if mlflow.get_experiment_by_name(experiment) is None:
                mlflow.create_experiment(experiment, artifact_location=str(folder / "artifacts"))
                _set_view(mlflow, experiment)
                with sqlite3.connect(uri.removeprefix("sqlite:///")) as database:
                    database.execute("pragma journal_mode=wal")  # readers and writers do not wait for each other
    elif mlflow.get_experiment_by_name(experiment) is None:
        mlflow.set_experiment(experiment)
        _set_view(mlflow, experiment)
    mlflow.set_experiment(experiment)
    return mlflow


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


def _exists(mlflow: Any, run_id: str) -> bool:
    try:
        mlflow.get_run(run_id)
    except mlflow.exceptions.MlflowException:
        return False
    return True


def _flat(node: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in node.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _environment() -> dict[str, object]:
    """Code, libraries and processor of this process."""
    installed = {name.replace("-", "_"): version(name) for name in _LIBRARIES}
    return {
        "git_revision": git_revision(),
        "cpu": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "versions": installed,
    }


def git_revision() -> str:
    """The commit of the working tree, with `-dirty` where tracked source differs from it; `unknown` outside git."""
    command = ["git", "-C", str(PROJECT), "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def processor() -> str:
    """Name of the processor."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()


def _requirements() -> list[str]:
    """What a process that only scores needs."""
    names = ["mlflow", "numpy", "pandas", "pyarrow", "pydantic", "scikit-learn", "skops", "keras"]
    pinned = [f"{name}=={version(name)}" for name in names]
    return [*pinned, f"tensorflow=={_tensorflow_version()}"]


def _tensorflow_version() -> str:
    from importlib.metadata import PackageNotFoundError

    try:
        return version("tensorflow")
    except PackageNotFoundError:
        return version("tensorflow-cpu")
