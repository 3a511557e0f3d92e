"""MLflow runs of single experiments: opened, written, ended."""

import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from src.config.settings import Settings
from src.pipeline.fingerprint import of_run
from src.tracking.environment import environment
from src.tracking.logged_models import log_detector
from src.tracking.store import open_store
from src.utils.paths import FURTHER_TESTS
from src.utils.termination import Terminated, terminable

PARENT_VARIABLE = "IDS_PARENT_RUN"


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
        log_detector(self._mlflow, folder, class_names)


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
    with terminable(), ended(mlflow.end_run):
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
def ended(end: Callable[[str], object]) -> Iterator[None]:
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


def _this_process() -> str:
    me = psutil.Process()
    return f"{platform.node()} {me.pid} {me.create_time():.0f}"


def _config_of(mlflow: Any, run_id: str) -> str | None:
    """Fingerprint of a run's config; None where the store does not have the run."""
    if not exists(mlflow, run_id):
        return None
    found: str | None = mlflow.get_run(run_id).data.tags.get("fingerprint.config")
    return found


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


def end_run(run_id: str, status: str) -> None:
    """End a run of another process, or a parent."""
    open_store(None).MlflowClient().set_terminated(run_id, status)


def exists(mlflow: Any, run_id: str) -> bool:
    """Tell whether the store has a run."""
    try:
        mlflow.get_run(run_id)
    except mlflow.exceptions.MlflowException:
        return False
    return True
