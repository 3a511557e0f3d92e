"""A Hydra callback: the runs of one multirun get one MLflow parent, a line of progress, and a mean over seeds."""

import atexit
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from src.config.jobs import jobs
from src.tracking import parents, runs
from src.tracking.finished_runs import already_done, find_finished
from src.utils.progress import Job, Progress
from src.utils.termination import terminable

if TYPE_CHECKING:
    from src.tracking.seed_summary import Group

_SIGNALS = ExitStack()  # not in the callback, which is pickled for workers


class ParentRun(Callback):
    """Makes the parent before the first job and ends it after the last; jobs find its id in their environment."""

    def __init__(self) -> None:
        self._run_id: str | None = None
        self._process = 0  # that watches the jobs; workers of a parallel launcher have copies of this object
        self._may_be_empty = False
        self._groups: list[Group] = []

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        if "sweep" in config:  # workers of a study, whose runs have the study's own parent
            return
        from src.tracking import (
            seed_summary,  # late: Hydra makes a callback in every process, and scikit-learn takes a second
        )

        overrides = list(config.hydra.overrides.task)
        shared = config.tracking.parent
        name = shared or " ".join(overrides) or "multirun"
        tags = {"simulated": str(config.dataset.name == "simulated").lower(), "overrides": " ".join(overrides)}
        self._run_id = parents.start_parent(config.tracking.experiment, name, tags, shared=bool(shared))
        self._may_be_empty = config.tracking.skip_finished
        os.environ[runs.PARENT_VARIABLE] = self._run_id
        atexit.register(self._end, complete=False)  # where the multirun does not get to its end
        _SIGNALS.enter_context(terminable())
        chosen = config.hydra.runtime.choices.get("experiment") or "multirun"
        configs = jobs(overrides)
        self._progress = Progress(chosen, [_job(one) for one in configs])
        self._groups = [group for group in seed_summary.groups(configs) if len(group.configs) > 1]
        self._process = os.getpid()

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:
        if self._process == os.getpid():
            self._progress.start()
        elif self._run_id:  # a worker, maybe of a cluster that was there before: it has not our environment
            os.environ[runs.PARENT_VARIABLE] = self._run_id

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:
        if self._process == os.getpid():
            print(self._progress.done(config.hydra.job.num), file=sys.stderr, flush=True)

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        try:
            if self._run_id and self._groups and config.hydra.job.name == "train":
                place = config.hydra.runtime.choices.get("experiment") if config.tracking.parent else None
                _tell_seeds(self._run_id, self._groups, place)
        finally:
            self._end(complete=True)

    def _end(self, *, complete: bool) -> None:
        if self._run_id:
            run_id, self._run_id = self._run_id, None
            os.environ.pop(runs.PARENT_VARIABLE, None)
            parents.end_parent(run_id, complete=complete, all_skipped=self._may_be_empty)


def _tell_seeds(parent: str, groups: "list[Group]", place: str | None) -> None:
    """Print what the runs that differ by seed alone come to, and log it to their parent.

    Args:
        place: Folder among the artifacts: a parent that several multiruns share keeps each one's apart.
    """
    from src.tracking import seed_summary

    found = []
    for group in groups:
        runs_by_seed = {seed: find_finished(config) for seed, config in group.configs.items()}
        if summary := seed_summary.over_seeds(group, {seed: run.metrics for seed, run in runs_by_seed.items() if run}):
            found.append(summary)
    if not found:
        return
    text = seed_summary.markdown(found)
    print(text)
    metrics: dict[str, float] = {}
    tags: dict[str, str] = {}
    if len(found) == 1:  # of several, one name would stand for several numbers
        tags = {"seeds": " ".join(map(str, found[0].seeds))}
        for name, score in found[0].scores.items():
            metrics |= {f"{name}_mean": score.mean, f"{name}_low": score.low, f"{name}_high": score.high}
    with tempfile.TemporaryDirectory(prefix="ids-") as scratch:
        seed_summary.write(found, Path(scratch))
        parents.describe(parent, text, tags, metrics, Path(scratch), place)


def _job(config: DictConfig) -> Job:
    """The cost of a fit grows with its inputs and its records."""
    resolved: Any = OmegaConf.to_container(config, resolve=True)
    kind = f"{resolved['model']['name']} {resolved['layout']['name']}"
    return Job(kind, resolved["k"] * _records(resolved), in_store=already_done(resolved) is not None)


def _records(config: dict[str, Any]) -> int:
    """Records that take part: as many as the task counts, or the whole training file."""
    counts = [one["count"] for one in config["task"]["classes"].values()]
    if config["split"]["name"] != "official" and None not in counts:
        return sum(counts)
    dataset = config["dataset"]
    return int(dataset["records"] if "records" in dataset else dataset["train"]["records"])
