"""MLflow runs of single experiments."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

from src.config.flatten import flat
from src.config.settings import Settings
from src.pipeline.fingerprint import of_run
from src.tracking.connection import StoreAwayError, answered, lost, one_last_try, reason_away
from src.tracking.datasets import log_datasets
from src.tracking.dead_runs import close_dead_runs
from src.tracking.environment import environment
from src.tracking.logged_models import log_detector
from src.tracking.metric_order import in_order, with_headline
from src.tracking.origin import origin_tags
from src.tracking.processes import TAG, process_tag
from src.tracking.run_names import ALL, run_name
from src.tracking.store import open_store, store_uri
from src.tracking.unlogged import Unlogged
from src.utils.leftovers import SUFFIX, remove_leftovers
from src.utils.paths import FURTHER_TESTS, Workspace, in_dvc_stage, shown_path
from src.utils.termination import Terminated, closed_on_stop, stopping, terminable

PARENT_VARIABLE = "IDS_PARENT_RUN"
CALL_VARIABLE = "IDS_MULTIRUN"  # call of a multirun, which tells its runs from those of others with the same parent
CALL_TAG = "multirun_call"
LONGEST_TAG = 5000  # characters that servers of every version accept
CONFIG_FILE = "config.yaml"
_PARTS = ("train", "val", "test")  # further tests begin with the last


class Run:
    """Open MLflow run.

    What a training, an evaluation and a detector give waits until the run ends, for two reasons. The UI shows first
    what was logged first, and the scores of the evaluation are to come first. And everything is on disk by then, so
    that a store that went away in the meantime loses nothing.

    Args:
        out: Workspace with the outputs of the run; None if it has none.
        started: Facts that another run in another store needs to take the place of this one.
    """

    def __init__(
        self,
        mlflow: Any,
        run_id: str,
        config: Mapping[str, Any],
        out: Workspace | None = None,
        started: Mapping[str, object] | None = None,
    ):
        self._mlflow = mlflow
        self._config = config
        self._out = out
        self._started = started or {}
        self._waiting = Unlogged()
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
        """Take the data sets, parameters, metrics and epochs of a training, to log them when the run ends.

        Args:
            facts: Parameters that are not in the config, among them `derived.records_<part>`.
        """
        # a parameter that differs between reducers would be the first axis of MLflow's compare view, before `k`
        rows = {key: value for key, value in facts.items() if key == "derived.rows_per_epoch"}
        counts = {key.removeprefix("derived.records_"): str(value) for key, value in facts.items()}
        self._waiting.params |= {key: value for key, value in facts.items() if key not in rows}
        self._waiting.records |= {
            part: int(count) for part, count in counts.items() if part.partition("_")[0] in _PARTS
        }
        self._waiting.metrics |= {**metrics, **{key.removeprefix("derived."): value for key, value in rows.items()}}
        self._waiting.epochs += epochs

    def log_datasets(self, records: Mapping[str, int]) -> None:
        """Log training, validation and test part as inputs of the run.

        Args:
            records: Number of records by part.
        """
        log_datasets(self._mlflow.MlflowClient(), self.id, self._config, records)

    def log_unlogged(self, unlogged: Unlogged) -> None:
        """Take what an earlier process could not log."""
        self._waiting = unlogged

    def finish(self) -> None:
        """Log what waits, and end the run as FINISHED.

        Raises:
            StoreAwayError: the store went away; the message says what is kept on disk, and how to log it later.
            RuntimeError: the same for any other error of the store.
        """
        try:
            self.log_waiting()
            self._mlflow.end_run()
        except Exception as error:
            if self._out is None:
                raise
            kept = self._keep(self._out)
            if isinstance(error, StoreAwayError):
                raise StoreAwayError(f"{error}; {kept}") from error
            if reason := reason_away(error):
                raise StoreAwayError(f"{lost(store_uri(), reason)}; {kept}") from error
            raise RuntimeError(f"the run could not be logged ({type(error).__name__}: {error}); {kept}") from error

    def _keep(self, out: Workspace) -> str:
        """Write what waits to disk; returns a sentence on what is kept, and on how to log it."""
        self._waiting.write(out.unlogged, {"run_id": self.id, "config": self._config, **self._started})
        outputs = " and ".join(shown_path(folder) for folder in (out.detector, out.reports) if folder.exists())
        commit = "; dvc commit train keeps the outputs for DVC" if in_dvc_stage() else ""
        return (
            f"the fit and its scores are kept in {outputs}; once the store answers, log them: python -m src.log_runs "
            f"{shown_path(out.root)}{commit}"
        )

    def log_waiting(self, *, files: bool = True) -> None:
        """Log what waits.

        Args:
            files: False to log no files, which may take long.
        """
        waiting = self._waiting
        if waiting.params:
            self.log_params(waiting.params)
        if waiting.records:
            self.log_datasets(waiting.records)
        if waiting.metrics:
            self.log_metrics(in_order(waiting.metrics))
        self.log_epochs(waiting.epochs)
        if waiting.description is not None:
            self.set_tags({"mlflow.note.content": waiting.description})
        if files and waiting.reports:
            self._log_reports(waiting.reports)
        if files and waiting.detector:
            origin = self._config["tracking"]["origin"]
            log_detector(self._mlflow, waiting.detector, waiting.class_names, origin=origin)
        self._waiting = Unlogged()

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
        """Take the metrics, the description and the reports in `folder`, to log them when the run ends.

        The files are logged at the top of the artifacts. Of its subfolders only the one for further test parts is
        logged: others, such as `reports/paper`, are about many runs.

        Args:
            description: Markdown for the page of the run; None keeps the caption that it started with.
        """
        self._waiting.metrics |= with_headline(metrics)
        self._waiting.description = description
        self._waiting.reports = folder

    def _log_reports(self, folder: Path) -> None:
        for further in (folder / FURTHER_TESTS).glob("*/"):
            remove_leftovers(further)
        for path in sorted(folder.iterdir()):
            if path.is_file() and path.suffix != SUFFIX:
                self._mlflow.log_artifact(str(path))
        if any((folder / FURTHER_TESTS).glob("*/")):
            self._mlflow.log_artifacts(str(folder / FURTHER_TESTS), FURTHER_TESTS)

    def log_detector(self, folder: Path, class_names: tuple[str, ...]) -> None:
        """Take the detector kept in `folder`, to log it as a model when the run ends.

        The model loads without pickle and without this repository.
        """
        self._waiting.detector, self._waiting.class_names = folder, class_names


@contextmanager
def tracked_run(
    settings: Settings,
    *,
    resume: str | None = None,
    name: str | None = None,
    parent: str | None = None,
    extra_tags: Mapping[str, str] | None = None,
    out: Workspace | None = None,
) -> Iterator[Run]:
    """Open one run, which ends as FINISHED, as FAILED on an exception, or as KILLED on Ctrl-C or SIGTERM.

    A store that is away, at the start or at the end, is a StoreAwayError.

    Args:
        resume: Id of a run to continue. A new run is made if the store does not have it, or has it with another
            config, since parameters of a run cannot change.
        name: Name of the run; unless given, one that says what differs from the default config.
        parent: Id of the parent run; unless given, that of the multirun, if any.
        extra_tags: Tags beside those that every run has; they go before those.
        out: Workspace with the outputs of the run, to log later what a store that went away lacks.
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
        CALL_TAG: os.environ.get(CALL_VARIABLE, ""),
        **origin_tags(named=config["tracking"]["origin"]),
        "mlflow.note.content": ("**Simulated data.** " if settings.dataset.simulated else "") + settings.caption,
        **(extra_tags or {}),
        TAG: process_tag(),  # of this process, also where those are of the process that made the run
    }
    parent = parent or os.environ.get(PARENT_VARIABLE)
    run_id = resume if resume and _config_of(mlflow, resume) == fingerprint["config"] else None
    # before the run starts: a signal between its start and the block must end the run too
    with terminable(), ended(lambda status: _end_active_run(mlflow, status)):
        run = mlflow.start_run(
            run_id=run_id,
            run_name=None if run_id else name,
            nested=bool(parent),
            parent_run_id=parent,
            tags={key: value for key, value in tags.items() if value},
        )
        started = {"name": name, "parent": parent, "tags": {key: value for key, value in tags.items() if value}}
        tracked = Run(mlflow, run.info.run_id, config, out, started)
        kept = f"MLflow run {tracked.id[:8]} is kept, as KILLED"
        with closed_on_stop(lambda: end_run(tracked.id, "KILLED"), lambda: kept):
            if not run_id:
                tracked.log_params(parameters(config))
                # MLflow would sort the keys, but the order of classes is their index, and that of columns is the file's
                mlflow.log_text(yaml.safe_dump(config, sort_keys=False), CONFIG_FILE)
            try:
                yield tracked
            except BaseException:
                with suppress(Exception):  # the error of the block is the one to report
                    tracked.log_waiting(files=stopping() is None)
                raise
            tracked.finish()


def _end_active_run(mlflow: Any, status: str) -> None:
    """End the run that is open, if any; a store that went away is asked once, without waiting for it."""
    if answered(store_uri()):
        mlflow.end_run(status)
        return
    with one_last_try(), suppress(Exception):
        mlflow.end_run(status)


def parameters(config: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of a run: the config, the chosen files as the command line names them, and what is not in the config.

    Classes are left out, since they follow from the files. MLflow's compare view opens on the first three names, by the
    alphabet, that differ: in a grid of inputs on `derived.input`, `k` and `reducer`.
    """
    chosen = {group: node["name"] for group, node in config.items() if isinstance(node, Mapping) and "name" in node}
    k = ALL if config["k"] is None else config["k"]
    derived = {"input": f"{config['reducer']['name']} {k}", **environment()}
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
