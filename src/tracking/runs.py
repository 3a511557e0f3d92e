"""MLflow runs of single experiments."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from src.config.flatten import flat
from src.config.settings import Settings
from src.pipeline.fingerprint import of_run
from src.tracking.datasets import log_datasets
from src.tracking.dead_runs import close_dead_runs
from src.tracking.environment import environment
from src.tracking.logged_models import log_detector
from src.tracking.metric_order import in_order, with_headline
from src.tracking.processes import TAG, process_tag
from src.tracking.run_names import run_name
from src.tracking.store import open_store
from src.utils.leftovers import SUFFIX, remove_leftovers
from src.utils.paths import FURTHER_TESTS
from src.utils.termination import Terminated, closed_on_stop, stopping, terminable

PARENT_VARIABLE = "IDS_PARENT_RUN"
CALL_VARIABLE = "IDS_MULTIRUN"  # call of a multirun, which tells its runs from those of others with the same parent
CALL_TAG = "multirun_call"
LONGEST_TAG = 5000  # characters that servers of every version accept
_PARTS = ("train", "val", "test")  # further tests begin with the last


class Run:
    """Open MLflow run.

    Metrics and epochs of a training wait for the scores of the evaluation, since the UI shows first what was logged
    first. `log_waiting` logs them where no evaluation follows.
    """

    def __init__(self, mlflow: Any, run_id: str, config: Mapping[str, Any]):
        self._mlflow = mlflow
        self._config = config
        self._metrics: dict[str, object] = {}
        self._epochs: list[dict[str, float]] = []
        self.id = run_id

    def log_params(self, params: Mapping[str, object]) -> None:
        """Log parameters as text, cut to the 6,000 characters that MLflow accepts."""
        self._mlflow.log_params({name: str(value)[:6000] for name, value in params.items()})

    def log_metrics(self, metrics: Mapping[str, object]) -> None:
        """Log the numbers among `metrics`."""
        self._mlflow.log_metrics(
            {name: float(value) for name, value in metrics.items() if isinstance(value, (int, float))}
        )

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Set tags; tags of the same name are replaced."""
        self._mlflow.set_tags({name: str(value)[:LONGEST_TAG] for name, value in tags.items()})

    def log_training(
        self, facts: Mapping[str, object], epochs: list[dict[str, float]], metrics: Mapping[str, object]
    ) -> None:
        """Log the data sets of a training and parameters that are not in the config, and take its metrics and epochs.

        Args:
            facts: Parameters that are not in the config, among them `derived.records_<part>`.
        """
        # a parameter that differs between reducers would be the first axis of MLflow's compare view, before `k`
        rows = {key: value for key, value in facts.items() if key == "derived.rows_per_epoch"}
        self.log_params({key: value for key, value in facts.items() if key not in rows})
        counts = {key.removeprefix("derived.records_"): str(value) for key, value in facts.items()}
        self.log_datasets({part: int(count) for part, count in counts.items() if part.partition("_")[0] in _PARTS})
        self._metrics |= {**metrics, **{key.removeprefix("derived."): value for key, value in rows.items()}}
        self._epochs += epochs

    def log_datasets(self, records: Mapping[str, int]) -> None:
        """Log training, validation and test part as inputs of the run.

        Args:
            records: Number of records by part.
        """
        log_datasets(self._mlflow.MlflowClient(), self.id, self._config, records)

    def log_waiting(self) -> None:
        """Log the metrics and epochs that wait for an evaluation."""
        self.log_metrics(in_order(self._metrics))
        self.log_epochs(self._epochs)
        self._metrics, self._epochs = {}, []

    def log_epochs(self, epochs: list[dict[str, float]]) -> None:
        """Log the metrics of every epoch as `epoch_<name>` by step, in as few writes as possible."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        points = [
            Metric(f"epoch_{name}", value, now, int(one["epoch"]))
            for one in epochs
            for name, value in one.items()
            if name != "epoch"
        ]
        for start in range(0, len(points), 1000):  # the limit of one write
            self._mlflow.MlflowClient().log_batch(self.id, metrics=points[start : start + 1000])

    def log_evaluation(self, metrics: Mapping[str, object], folder: Path, description: str | None = None) -> None:
        """Log the metrics, the description, and the reports in `folder` at the top of the artifacts.

        Of its subfolders only the one for further test parts is logged: others, such as `reports/paper`, are about
        many runs.

        Args:
            description: Markdown for the page of the run; None keeps the caption that it started with.
        """
        self._metrics |= with_headline(metrics)
        self.log_waiting()
        if description is not None:
            self.set_tags({"mlflow.note.content": description})
        for further in (folder / FURTHER_TESTS).glob("*/"):
            remove_leftovers(further)
        for path in sorted(folder.iterdir()):
            if path.is_file() and path.suffix != SUFFIX:
                self._mlflow.log_artifact(str(path))
        if any((folder / FURTHER_TESTS).glob("*/")):
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
    """Open one run, which ends as FINISHED, as FAILED on an exception, or as KILLED on Ctrl-C or SIGTERM.

    Args:
        resume: Id of a run to continue. A new run is made if the store does not have it, or has it with another
            config, since parameters of a run cannot change.
        name: Name of the run; unless given, one that says what differs from the default config.
        parent: Id of the parent run; unless given, that of the multirun, if any.
        extra_tags: Tags beside those that every run has.
    """
    mlflow = open_store(settings.config["tracking"]["experiment"])
    close_dead_runs(mlflow, settings.config["tracking"]["experiment"])
    config = settings.config
    name = name or run_name(config)
    fingerprint = of_run(config)
    tags = {
        "simulated": str(settings.dataset.simulated).lower(),
        "protocol": config["split"]["name"],
        "caption": settings.caption,
        "dvc_stage": os.environ.get("DVC_STAGE", ""),
        "dvc_experiment": os.environ.get("DVC_EXP_NAME", ""),
        **{f"fingerprint.{key}": value for key, value in fingerprint.items()},
        TAG: process_tag(),
        CALL_TAG: os.environ.get(CALL_VARIABLE, ""),
        "mlflow.note.content": ("**Simulated data.** " if settings.dataset.simulated else "") + settings.caption,
        **(extra_tags or {}),
    }
    parent = parent or os.environ.get(PARENT_VARIABLE)
    run_id = resume if resume and _config_of(mlflow, resume) == fingerprint["config"] else None
    # before the run starts: a signal between its start and the block must end the run too
    with terminable(), ended(mlflow.end_run):
        run = mlflow.start_run(
            run_id=run_id,
            run_name=None if run_id else name,
            nested=bool(parent),
            parent_run_id=parent,
            tags={key: value for key, value in tags.items() if value},
        )
        tracked = Run(mlflow, run.info.run_id, config)
        kept = f"MLflow run {tracked.id[:8]} is kept, as KILLED"
        with closed_on_stop(lambda: end_run(tracked.id, "KILLED"), lambda: kept):
            if not run_id:
                tracked.log_params(parameters(config))
                mlflow.log_dict(config, "config.yaml")
            try:
                yield tracked
            finally:
                tracked.log_waiting()


def parameters(config: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of a run: the config, the chosen files as the command line names them, and what is not in the config.

    Classes are left out, since they follow from the files. MLflow's compare view opens on the first three names, by the
    alphabet, that differ: in a grid of inputs on `derived.input`, `k` and `reducer`.
    """
    chosen = {group: node["name"] for group, node in config.items() if isinstance(node, Mapping) and "name" in node}
    derived = {"input": f"{config['reducer']['name']} {config['k']}", **environment()}
    values = flat({**config, "derived": derived})
    return chosen | {name: value for name, value in values.items() if not name.endswith("_target_")}


@contextmanager
def ended(end: Callable[[str], object]) -> Iterator[None]:
    """Call `end` with the status of the block: FINISHED, FAILED or KILLED."""
    status = "FINISHED"
    try:
        yield
    except BaseException as error:
        status = "KILLED" if stopping() or isinstance(error, (KeyboardInterrupt, Terminated)) else "FAILED"
        raise
    finally:
        end(status)


def _config_of(mlflow: Any, run_id: str) -> str | None:
    """Fingerprint of the config of a run; None if the store does not have the run."""
    if not exists(mlflow, run_id):
        return None
    found: str | None = mlflow.get_run(run_id).data.tags.get("fingerprint.config")
    return found


def end_run(run_id: str, status: str) -> None:
    """End a run that this process has not opened: a parent, or a run of another process."""
    open_store(None).MlflowClient().set_terminated(run_id, status)


def exists(mlflow: Any, run_id: str) -> bool:
    """Tell whether the store has a run that was not deleted."""
    return active_run(mlflow, run_id) is not None


def active_run(client: Any, run_id: str) -> Any:
    """Run of the store; None if the store does not have it, or if it was deleted.

    Args:
        client: MLflow, or its client.
    """
    from mlflow.exceptions import MlflowException

    try:
        found = client.get_run(run_id)
    except MlflowException:
        return None
    return found if found.info.lifecycle_stage == "active" else None
