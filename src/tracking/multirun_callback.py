"""Hydra callback of a multirun: one MLflow parent for its runs, a line of progress, and a table at the end."""

import atexit
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from src.config.jobs import jobs, swept_keys
from src.tracking import parents, runs
from src.tracking.finished_runs import already_done
from src.tracking.run_names import parent_name
from src.tracking.seed_groups import Configs, group_by_seed
from src.utils.progress import Job, Progress
from src.utils.termination import Terminated, terminable

_SIGNALS = ExitStack()  # not in the callback, which is pickled for workers


class MultirunCallback(Callback):
    """Starts the parent run before the first job, ends it after the last, and shows the progress between.

    Jobs find the id of the parent in their environment. Workers of a parallel launcher have pickled copies of this
    object, of which none ends the parent.
    """

    def __init__(self) -> None:
        self._parent: str | None = None  # id of the run
        self._main_process = 0
        self._may_be_empty = False
        self._groups: list[Configs] = []  # by configuration, of the jobs that are expected

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        if "sweep" in config:  # workers of a study: its runs have a parent of their own
            return
        self._start_parent(config)
        self._expect_jobs(config, jobs(list(config.hydra.overrides.task)))
        self._main_process = os.getpid()

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:
        if self._in_main_process:
            self._progress.start()
        elif self._parent:  # a worker; in a running cluster it does not inherit the environment
            os.environ[runs.PARENT_VARIABLE] = self._parent

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:
        if self._in_main_process:
            print(self._progress.done(config.hydra.job.num), file=sys.stderr, flush=True)

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        try:
            self._log_results(config)
        finally:
            self._end_parent(complete=True)

    @property
    def _in_main_process(self) -> bool:
        return self._main_process == os.getpid()

    def _start_parent(self, config: DictConfig) -> None:
        """Make the parent run, and end it as KILLED if the multirun does not reach its end."""
        overrides = " ".join(config.hydra.overrides.task)
        shared = config.tracking.parent
        tags = {"simulated": str(config.dataset.name == "simulated").lower(), "overrides": overrides}
        given = list(config.hydra.overrides.task)
        name = shared or parent_name(given, swept_keys(given), config.hydra.runtime.choices.get("experiment"))
        self._parent = parents.start_parent(config.tracking.experiment, name, tags, shared=bool(shared))
        self._may_be_empty = config.tracking.skip_finished
        os.environ[runs.PARENT_VARIABLE] = self._parent
        atexit.register(self._end_parent, complete=False)
        _SIGNALS.enter_context(terminable())

    def _expect_jobs(self, config: DictConfig, expected: Sequence[DictConfig]) -> None:
        """Prepare the line of progress and the final table."""
        name = config.hydra.runtime.choices.get("experiment") or "multirun"
        self._progress = Progress(name, [_expected_cost(job) for job in expected])
        self._groups = group_by_seed(expected)

    def _log_results(self, config: DictConfig) -> None:
        """Print the table of the runs and log it to the parent; not after Ctrl-C, when nobody waits for it."""
        interrupted = isinstance(sys.exception(), (KeyboardInterrupt, Terminated))
        if not self._parent or interrupted or config.hydra.job.name != "train":
            return
        # late: Hydra makes a callback in every process, and scikit-learn takes a second to import
        from src.tracking.multirun_results import log_results

        place = config.hydra.runtime.choices.get("experiment") if config.tracking.parent else None
        log_results(self._groups, self._parent, Path(config.hydra.sweep.dir) / "results", place)

    def _end_parent(self, *, complete: bool) -> None:
        if self._parent:
            parent, self._parent = self._parent, None
            os.environ.pop(runs.PARENT_VARIABLE, None)
            parents.end_parent(parent, complete=complete, all_skipped=self._may_be_empty)


def _expected_cost(config: DictConfig) -> Job:
    """Expected cost of a job: a fit takes longer with more inputs and more records."""
    resolved: Any = OmegaConf.to_container(config, resolve=True)
    kind = f"{resolved['model']['name']} {resolved['layout']['name']}"
    return Job(kind, resolved["k"] * _n_records(resolved), in_store=already_done(resolved) is not None)


def _n_records(config: dict[str, Any]) -> int:
    """Number of records that a job uses: the counts of its task, or the whole training file."""
    counts = [one["count"] for one in config["task"]["classes"].values()]
    if config["split"]["name"] != "official" and None not in counts:
        return sum(counts)
    dataset = config["dataset"]
    return int(dataset["records"] if "records" in dataset else dataset["train"]["records"])
