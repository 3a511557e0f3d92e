"""Hydra callback of a multirun: one MLflow parent for its runs, lines of progress, and a table at the end."""

import atexit
import functools
import os
import sys
import threading
import uuid
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from src.config.conf_copy import compose_from_copy
from src.config.errors import report, summary
from src.config.jobs import compose_from_this_copy, jobs, swept_keys
from src.config.passwords import refuse_passwords
from src.config.settings import is_simulated
from src.tracking import parents, runs
from src.tracking.connection import StoreAwayError
from src.tracking.finished_runs import FinishedRuns
from src.tracking.multirun import ray_cluster
from src.tracking.multirun.progress import CLOCKS_S, MultirunProgress, MultirunWatch, PlannedJob, shared
from src.tracking.multirun.seed_groups import Configs, group_by_seed
from src.tracking.run_names import parent_name
from src.tracking.store import check_store, open_store
from src.utils.paths import PREPARED_VARIABLE
from src.utils.termination import closed_on_stop, deaf_children, ignore_in_worker, stopping, terminable

_WITHOUT_MODEL = ("audit",)  # commands whose runs are of no training: no parent has them, no job of train is one
# Of the multirun; not in the callback, which is pickled for workers.
_OPEN = ExitStack()
_ENDING = threading.Lock()


def _fatal(method: Callable[..., None]) -> Callable[..., None]:
    """Make an error in a method of the callback fail the command: Hydra alone would print a warning and go on."""

    @functools.wraps(method)
    def checked(self: "MultirunCallback", config: DictConfig, **kwargs: Any) -> None:
        try:
            method(self, config, **kwargs)
        except Exception as error:
            report(config.hydra.job.name, error)
            raise SystemExit(1) from None  # Hydra catches every other exception

    return checked


class MultirunCallback(Callback):
    """Starts the parent run before the first job, ends it after the last, and shows the progress between.

    Jobs find the id of the parent in their environment. Workers of a parallel launcher have pickled copies of this
    object, of which none ends the parent.
    """

    def __init__(self) -> None:
        self._parent: str | None = None  # id of the run
        self._call = uuid.uuid4().hex[:12]
        self._main_process = 0
        self._may_be_empty = False
        self._failed = False  # a job, or this object itself
        self._failed_itself = False
        self._groups: list[Configs] = []  # by configuration, of the jobs that are expected
        self._watch: MultirunWatch | None = None
        self._for_workers: dict[str, str] = {}  # variables, where workers do not inherit them
        self._copied_code = False  # that workers run
        self._config_files = ""  # folder of the copy that jobs are composed from

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_watch": None, "_groups": []}  # a worker has no use for them

    @_fatal
    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        refuse_passwords(config)  # before Hydra writes the config to .hydra/

    @_fatal
    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        refuse_passwords(config)
        self._connect_to_cluster(config)
        if "sweep" in config:  # workers of a study: its runs have a parent of their own
            self._keep_config_files(config)
            self._begin_workers(config)
            return
        if config.hydra.job.name in _WITHOUT_MODEL:
            self._keep_config_files(config)
            return
        self._main_process = os.getpid()
        # first, so that a typo leaves no run and no folder
        stored, overrides = FinishedRuns(), list(config.hydra.overrides.task)
        planned = [] if shared() else [PlannedJob.of(job, stored) for job in jobs(overrides)]
        self._start_parent(config)
        self._keep_config_files(config)
        self._expect_jobs(config, planned)

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:
        if self._in_main_process and self._watch:
            self._watch.rest()
            return
        ignore_in_worker()
        os.environ.update(self._for_workers)
        if self._copied_code or not Path(self._config_files).exists():  # on a machine that does not see it
            compose_from_this_copy()
        if self._parent:  # in a running cluster, workers do not inherit the environment
            self._set_variables(self._parent)

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:
        returned = job_return._return_value  # the public property raises it
        error = returned if isinstance(returned, BaseException) else None
        if (self._parent or config.hydra.job.name in _WITHOUT_MODEL) and isinstance(error, Exception):
            self._may_be_empty = False
            overrides = " ".join(config.hydra.overrides.task)
            print(f"failed: {overrides}: {summary(error)}", file=sys.stderr, flush=True)
        if self._in_main_process and self._watch:
            try:
                self._watch.job_ended(config.hydra.job.num, error)
            except StoreAwayError:  # counted when the store answers again; the end of the multirun fails if it does not
                pass
            except Exception as failure:  # the other jobs go on, and the command fails at its end
                self._failed = self._failed_itself = True
                report(config.hydra.job.name, failure)

    @_fatal
    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        complete = stopping() is None
        if not complete and "sweep" in config:
            parents.end_runs_of_workers(config.tracking.experiment)
        try:
            if complete and self._watch:
                self._watch.finish()
            if complete:
                self._log_results(config)
        except BaseException:
            self._failed = True
            raise
        finally:
            try:
                self._end_parent(complete=complete)
            finally:
                _OPEN.close()
        if complete and self._failed_itself:
            raise SystemExit(1)

    def _keep_config_files(self, config: DictConfig) -> None:
        """Compose the jobs from a copy of conf/, in the folder of the multirun, which other multiruns may share."""
        self._config_files = str(Path(config.hydra.sweep.dir).absolute() / f"conf-{self._call}")
        compose_from_copy(Path(self._config_files))

    @property
    def _in_main_process(self) -> bool:
        return self._main_process == os.getpid()

    def _set_variables(self, parent: str) -> None:
        """Tell jobs of this process their parent and the call that they belong to."""
        os.environ |= {runs.PARENT_VARIABLE: parent, runs.CALL_VARIABLE: self._call}

    def _connect_to_cluster(self, config: DictConfig) -> None:
        if ray_cluster.is_ray(config):
            check_store()
            self._copied_code = ray_cluster.connect(config)
            self._for_workers = ray_cluster.environment_for_workers()

    def _start_parent(self, config: DictConfig) -> None:
        """Make the parent run, and end it as KILLED if the multirun does not reach its end."""
        overrides = " ".join(config.hydra.overrides.task)
        shared_parent = config.tracking.parent
        tags = {"simulated": str(is_simulated(config.dataset)).lower(), "overrides": overrides}
        given = list(config.hydra.overrides.task)
        name = shared_parent or parent_name(given, swept_keys(given), config.hydra.runtime.choices.get("experiment"))
        self._parent = parents.start_parent(config.tracking.experiment, name, tags, shared=bool(shared_parent))
        self._may_be_empty = config.tracking.skip_finished
        self._set_variables(self._parent)
        atexit.register(self._end_parent, complete=False)
        _OPEN.enter_context(terminable())
        self._keep_signals_from_workers(config)

    def _begin_workers(self, config: DictConfig) -> None:
        """Open the store of a study's workers, so that this process can end their runs at once."""
        experiment = config.tracking.experiment
        open_store(experiment)
        kept = "the trials that ended are kept"
        _OPEN.enter_context(closed_on_stop(lambda: parents.end_runs_of_workers(experiment), lambda: kept, ()))
        self._keep_signals_from_workers(config)

    def _keep_signals_from_workers(self, config: DictConfig) -> None:
        if not config.hydra.launcher._target_.endswith(".BasicLauncher"):
            _OPEN.enter_context(deaf_children())
            # joblib starts a worker anew once its memory has grown, as a network makes it grow; no job is lost
            warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)

    def _expect_jobs(self, config: DictConfig, planned: list[PlannedJob]) -> None:
        """Prepare the lines of progress and the final table."""
        name = config.hydra.runtime.choices.get("experiment") or "multirun"
        progress = shared() or MultirunProgress(name, {name: planned})
        expected = progress.jobs(name)
        assert self._parent
        progress.begin()
        clocks_s = CLOCKS_S if ray_cluster.is_ray(config) else 1.0
        self._watch = MultirunWatch(progress, expected, config.tracking.experiment, self._parent, self._call, clocks_s)
        resume = () if config.tracking.skip_finished else ("tracking.skip_finished=true",)
        _OPEN.enter_context(closed_on_stop(lambda: self._end_parent(complete=False), lambda: progress.kept, resume))
        self._groups = group_by_seed([job.config for job in expected.values()])
        left = [job.config for job in expected.values() if not job.in_store]
        self._prepare(left, Path(config.hydra.sweep.dir).absolute())

    def _prepare(self, configs: list[DictConfig], folder: Path) -> None:
        """Fetch and preprocess the data of the jobs once."""
        # late: Hydra makes a callback in every process
        from src.pipeline.prepared import prepared_once

        _OPEN.enter_context(prepared_once(configs, folder / "prepared"))
        if self._for_workers and PREPARED_VARIABLE in os.environ:
            self._for_workers[PREPARED_VARIABLE] = os.environ[PREPARED_VARIABLE]

    def _log_results(self, config: DictConfig) -> None:
        """Print the table of the runs, and log it to the parent."""
        if not self._parent or not self._groups or config.hydra.job.name != "train":
            return
        # late: Hydra makes a callback in every process, and scikit-learn takes a second to import
        from src.tracking.multirun.results import log_results

        place = config.hydra.runtime.choices.get("experiment") if config.tracking.parent else None
        folder = Path(config.hydra.sweep.dir) / "results"
        self._failed |= not log_results(self._groups, self._parent, folder, place)

    def _end_parent(self, *, complete: bool) -> None:
        """End the parent once: the thread that waits for signals does so too, and ends the process when it has done."""
        with _ENDING:
            if not self._parent:
                return
            for name in (runs.PARENT_VARIABLE, runs.CALL_VARIABLE):
                os.environ.pop(name, None)
            try:
                if not complete and self._watch:
                    self._watch.end_open_runs()
                parents.end_parent(self._parent, complete=complete, all_skipped=self._may_be_empty, failed=self._failed)
            except StoreAwayError:
                self._parent = None  # not tried again when the process ends
                raise
            self._parent = None  # at last: where this is cut off, the thread that waits for signals does it anew
