"""Runs that are being written: one a fit, and the parents of multiruns."""

import os
import platform
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from src.config.settings import Settings
from src.pipeline.fingerprint import of_run
from src.tracking.environment import environment, requirements
from src.tracking.store import open_store
from src.utils.paths import FURTHER_TESTS, PROJECT

PARENT_VARIABLE = "IDS_PARENT_RUN"
DETECTOR = "detector"


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

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Set tags; those that were set before change."""
        self._mlflow.set_tags({name: str(value)[:5000] for name, value in tags.items()})

    def log_training(
        self, facts: Mapping[str, object], epochs: list[dict[str, float]], metrics: Mapping[str, object]
    ) -> None:
        """Log parameters that are not in the config, the history and the metrics of a training."""
        self.log_params(facts)
        self.log_epochs(epochs)
        self.log_metrics(metrics)

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

    def log_evaluation(self, metrics: Mapping[str, object], folder: Path) -> None:
        """Log the metrics, and every file of `folder`, the reports, at the top of the run's artifacts.

        Of its folders only that of the further test parts is this run's: `reports/paper` is about many runs.
        """
        self.log_metrics(metrics)
        for path in sorted(folder.iterdir()):
            if path.is_file():
                self._mlflow.log_artifact(str(path))
        if (folder / FURTHER_TESTS).is_dir() and any((folder / FURTHER_TESTS).iterdir()):
            self._mlflow.log_artifacts(str(folder / FURTHER_TESTS), FURTHER_TESTS)

    def log_detector(self, folder: Path, class_names: tuple[str, ...]) -> None:
        """Log the detector kept in `folder` as a model that loads without pickle and without this repository."""
        from mlflow.models import ModelSignature
        from mlflow.types.schema import ColSpec, Schema

        from src.data.schema import COLUMNS
        from src.detector.example import example_records

        kinds = {name: "string" if kind == "symbol" else "double" for name, kind in COLUMNS.items()}
        outputs = [ColSpec("string", "verdict"), *(ColSpec("double", f"probability_{name}") for name in class_names)]
        signature = ModelSignature(Schema([ColSpec(kind, name) for name, kind in kinds.items()]), Schema(outputs))
        self._mlflow.pyfunc.log_model(
            name=DETECTOR,
            python_model=str(PROJECT / "src" / "detector" / "mlflow_model.py"),
            code_paths=[str(PROJECT / "src")],
            artifacts={DETECTOR: str(folder)},
            signature=signature,
            input_example=example_records(),
            pip_requirements=requirements(),
        )


@contextmanager
def tracked_run(
    settings: Settings,
    *,
    resume: str | None = None,
    name: str | None = None,
    parent: str | None = None,
    extra_tags: Mapping[str, str] | None = None,
) -> Iterator[Run]:
    """Open one run; it ends as FINISHED, as FAILED on an exception, as KILLED on Ctrl-C or SIGTERM.

    Args:
        resume: Id of a run to go on with; a new one is made where the store does not have it, or has it with another
            config, since parameters of a run stay what they were.
        name: Of the run; one that says model, input and task unless given.
        parent: Id of the run it is nested under; that of the multirun, if any, unless given.
        extra_tags: Beside those that every run has.
    """
    mlflow = open_store(settings.config["tracking"]["experiment"])
    config = settings.config
    name = name or f"{config['model']['name']}-{config['reducer']['name']}-{settings.k}-{config['task']['name']}"
    fingerprint = of_run(config)
    tags = {
        "simulated": str(settings.dataset.simulated).lower(),
        "protocol": config["split"]["name"],
        "dvc_stage": os.environ.get("DVC_STAGE", ""),
        "dvc_experiment": os.environ.get("DVC_EXP_NAME", ""),
        **{f"fingerprint.{key}": value for key, value in fingerprint.items()},
        "process": _this_process(),
        "mlflow.note.content": ("**Simulated data.** " if settings.dataset.simulated else "") + settings.caption,
        **(extra_tags or {}),
    }
    parent = parent or os.environ.get(PARENT_VARIABLE)
    run_id = resume if resume and _config_of(mlflow, resume) == fingerprint["config"] else None
    # signals first: one that comes between the run's start and the block must end the run too
    with terminable(), _ended(mlflow.end_run):
        run = mlflow.start_run(
            run_id=run_id,
            run_name=None if run_id else name,
            nested=bool(parent),
            parent_run_id=parent,
            tags={key: value for key, value in tags.items() if value},
        )
        tracked = Run(mlflow, run.info.run_id)
        if not run_id:
            tracked.log_params(flat({**config, "derived": environment()}))
            mlflow.log_dict(config, "config.yaml")
        yield tracked


@contextmanager
def _ended(end: Callable[[str], object]) -> Iterator[None]:
    """Call `end` with the status that tells how the block ended."""
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
        end(status)


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


def start_parent(experiment: str, name: str, tags: Mapping[str, str], *, shared: bool = False) -> str:
    """Make the run that the runs of a multirun are nested under, and return its id.

    Args:
        shared: Go on with the parent of that name where the store has one, as an interrupted grid does.
    """
    mlflow = open_store(experiment)
    client = mlflow.MlflowClient()
    experiment_id = mlflow.get_experiment_by_name(experiment).experiment_id
    if shared and (found := find_parent(experiment, name)):
        reopen_parent(found)
        return found
    run = client.create_run(experiment_id, run_name=name, tags={"multirun": "true", **tags})
    return str(run.info.run_id)


def reopen_parent(run_id: str) -> bool:
    """Go on with a parent, and close the children that died; False where the store does not have it."""
    mlflow = open_store(None)
    if not _exists(mlflow, run_id):
        return False
    client = mlflow.MlflowClient()
    _close_dead(client, client.get_run(run_id).info.experiment_id, run_id)
    client.update_run(run_id, status="RUNNING")
    return True


def end_run(run_id: str, status: str) -> None:
    """End a run of another process, or a parent."""
    open_store(None).MlflowClient().set_terminated(run_id, status)


@contextmanager
def open_parent(run_id: str) -> Iterator[None]:
    """End a parent as its block ends: FINISHED, FAILED on an exception, KILLED on Ctrl-C or SIGTERM."""
    with terminable(), _ended(lambda status: end_run(run_id, status)):
        yield


def describe(
    run_id: str,
    note: str,
    tags: Mapping[str, object],
    metrics: Mapping[str, float],
    folder: Path | None,
    place: str | None = None,
) -> None:
    """Say what a parent came to: a note in Markdown for its page, tags, metrics, and every file of a folder.

    Args:
        place: Where among the artifacts those files go; at the top, unless given.
    """
    from mlflow.entities import Metric, RunTag

    client, now = open_store(None).MlflowClient(), int(time.time() * 1000)
    texts = {name: str(value)[:5000] for name, value in {**tags, "mlflow.note.content": note}.items()}
    client.log_batch(
        run_id,
        metrics=[Metric(name, value, now, 0) for name, value in metrics.items()],
        tags=[RunTag(name, text) for name, text in texts.items()],
    )
    if folder:
        client.log_artifacts(run_id, str(folder), place)


def find_parent(experiment: str, name: str) -> str | None:
    """Id of the oldest parent run of that name."""
    mlflow = open_store(experiment)
    found = mlflow.MlflowClient().search_runs(
        [mlflow.get_experiment_by_name(experiment).experiment_id],
        f"tags.multirun = 'true' and tags.`mlflow.runName` = '{name}'",
        max_results=1,
        order_by=["attributes.start_time ASC"],
    )
    return str(found[0].info.run_id) if found else None


def end_parent(run_id: str, *, complete: bool, all_skipped: bool = False) -> None:
    """End a parent run: as the worst of its children, or as KILLED where the multirun is not `complete`.

    Of children with the same config the newest counts: it is what became of those that died before it.

    Args:
        all_skipped: No child was needed: the store had every run.
    """
    import mlflow

    client = mlflow.MlflowClient()
    newest = {
        child.data.tags.get("fingerprint.config", child.info.run_id): child.info.status
        for child in reversed(_children(client, client.get_run(run_id).info.experiment_id, run_id))
    }
    statuses = set(newest.values())
    if not complete or "KILLED" in statuses:
        status = "KILLED"
    else:
        status = "FINISHED" if statuses == {"FINISHED"} or (all_skipped and not statuses) else "FAILED"
    client.set_terminated(run_id, status)


def log_to_parent(settings: Settings, folder: Path, place: str) -> None:
    """Log every file of `folder` under `place` of the parent that `tracking.parent` names."""
    tracking = settings.config["tracking"]
    run_id = find_parent(tracking["experiment"], tracking["parent"])
    if not run_id:  # every run was there already, under other parents
        tags = {"simulated": str(settings.dataset.simulated).lower()}
        run_id = start_parent(tracking["experiment"], tracking["parent"], tags)
        end_parent(run_id, complete=True, all_skipped=True)
    open_store(None).MlflowClient().log_artifacts(run_id, str(folder), place)


def _children(client: Any, experiment_id: str, run_id: str) -> list[Any]:
    """Runs nested under a parent, newest first."""
    return list(client.search_runs([experiment_id], f"tags.`mlflow.parentRunId` = '{run_id}'", max_results=50000))


def _this_process() -> str:
    me = psutil.Process()
    return f"{platform.node()} {me.pid} {me.create_time():.0f}"


def _close_dead(client: Any, experiment_id: str, parent: str) -> None:
    """Mark as KILLED the children that a process of this machine left RUNNING: nothing can on SIGKILL."""
    for child in _children(client, experiment_id, parent):
        host, pid, created = child.data.tags.get("process", "? 0 0").rsplit(" ", 2)
        if child.info.status != "RUNNING" or host != platform.node():
            continue
        try:
            alive = f"{psutil.Process(int(pid)).create_time():.0f}" == created
        except psutil.NoSuchProcess:
            alive = False
        if not alive:
            client.set_terminated(child.info.run_id, "KILLED")


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


def _config_of(mlflow: Any, run_id: str) -> str | None:
    """Fingerprint of a run's config; None where the store does not have the run."""
    if not _exists(mlflow, run_id):
        return None
    found: str | None = mlflow.get_run(run_id).data.tags.get("fingerprint.config")
    return found


def _exists(mlflow: Any, run_id: str) -> bool:
    try:
        mlflow.get_run(run_id)
    except mlflow.exceptions.MlflowException:
        return False
    return True


def flat(node: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The values of a config by their full names, as parameters of a run have them.

    >>> flat({"model": {"name": "lstm", "units": 64}, "k": 2})
    {'model.name': 'lstm', 'model.units': 64, 'k': 2}
    """
    found: dict[str, Any] = {}
    for key, value in node.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found
