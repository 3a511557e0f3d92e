"""Progress of multiruns on every launcher: their runs are counted in the store, which all workers write to."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.config.settings import scale_of_counts
from src.pipeline.fingerprint import config_digest
from src.tracking.connection import StoreAwayError
from src.tracking.finished_runs import FinishedRuns
from src.tracking.parents import children
from src.tracking.run_names import run_name
from src.tracking.runs import CALL_TAG
from src.tracking.store import open_store
from src.utils.progress import Ended, Job, Progress
from src.utils.termination import stopping

_POLL_S = 2.0
_POLL_SHARE = 0.05  # upper bound on the share of a core that looking at the store takes from the runs
CLOCKS_S = 300.0  # upper bound on the difference between the clocks of machines
# Values whose fit takes as long as the rest of a run, about 8 s: the fit of 400,000, two of each record, takes 10 s
_START_VALUES = 300_000
_SILENT_S = 30.0  # after so long without a line, one says that work goes on; each next one waits twice as long


@dataclass(frozen=True)
class PlannedJob:
    """Job that a multirun is to run.

    Attributes:
        digest: Fingerprint of its config, by which its run is found.
        cost: Expected cost.
        in_store: True if it is skipped, as the store has a run of it.
        skips: True if it is skipped where an equal job before it has succeeded.
        name: Function that gives the name of its run; it takes a tenth of a second.
    """

    config: DictConfig
    digest: str
    cost: Job
    in_store: bool
    skips: bool
    name: Callable[[], str]

    @classmethod
    def of(cls, config: DictConfig, stored: FinishedRuns) -> "PlannedJob":
        """Estimate the cost of a job, and look for it in the store: more inputs and records take longer."""
        resolved: Any = OmegaConf.to_container(config, resolve=True)
        kind = f"{resolved['model']['name']} {resolved['layout']['name']}"
        columns = resolved["k"] or len(resolved["dataset"]["schema"]["columns"])  # no k: all features
        protocol = " ".join(resolved[group]["name"] for group in ("dataset", "task", "split"))
        cost = Job(kind, _START_VALUES + columns * _n_records(resolved), protocol)
        skips = bool(resolved["tracking"]["skip_finished"])
        in_store = stored.already_done(resolved) is not None
        return cls(config, config_digest(resolved), cost, in_store, skips, lambda: run_name(resolved))


class MultirunProgress:
    """Progress over the jobs of a multirun, or of several that run one after the other.

    A job is known by its number in all of them: several jobs may have the same config.

    Args:
        name: Name in the line of progress.
        jobs: Jobs of each multirun by its name.
    """

    def __init__(
        self, name: str, jobs: Mapping[str, Sequence[PlannedJob]], *, now: Callable[[], float] = time.monotonic
    ):
        self._now = now
        self._by_multirun = jobs
        self._jobs = [job for own in jobs.values() for job in own]
        self._progress = Progress(name, [job.cost for job in self._jobs], now=now)
        self._stored = {number for number, job in enumerate(self._jobs) if job.in_store}
        self._ended: dict[int, Ended] = {}
        self._shown = -1  # number of jobs that were done in the last line
        self._silence_s = _SILENT_S
        self._printed = now()
        self._lock = threading.Lock()

    def jobs(self, multirun: str) -> dict[int, PlannedJob]:
        """Jobs of one of the multiruns, by number."""
        first = 0
        for name, own in self._by_multirun.items():
            if name == multirun:
                return dict(enumerate(own, first))
            first += len(own)
        raise KeyError(multirun)

    @property
    def kept(self) -> str:
        """Text on what an interruption leaves."""
        succeeded = sum(one.score is not None for one in self._ended.values())
        return f"{len(self._stored) + succeeded} of {len(self._jobs)} runs are done and kept"

    @property
    def _open(self) -> list[int]:
        """Numbers of the jobs that are neither ended nor stored."""
        return [number for number in range(len(self._jobs)) if self.is_open(number)]

    def is_open(self, number: int) -> bool:
        """Tell whether a job is neither ended nor stored."""
        return number not in self._ended and number not in self._stored

    def show(self, ended: Mapping[int, Ended], running: Mapping[int, float] | None = None) -> None:
        """Print a line for each job that has ended since the last call, or one where the last is long ago.

        Args:
            ended: Outcome of each job by its number.
            running: Seconds since the start of each job that runs, by its number.
        """
        with self._lock:
            for number, outcome in ended.items():
                if not self.is_open(number):
                    continue
                self._ended[number] = outcome
                if outcome.score is not None:
                    self._stored |= self._equal_of_later_multiruns(number)
                self._silence_s = _SILENT_S
                self._print(running)
            if self._open and self._shown >= 0 and self._now() - self._printed >= self._silence_s:
                self._silence_s *= 2
                self._print(running)

    def _equal_of_later_multiruns(self, number: int) -> set[int]:
        """Jobs of later multiruns that will find the run of a job in the store."""
        (own,) = (jobs for jobs in map(self.jobs, self._by_multirun) if number in jobs)
        digest = self._jobs[number].digest
        later = set(self._open) - own.keys()
        return {other for other in later if self._jobs[other].skips and self._jobs[other].digest == digest}

    def begin(self) -> None:
        """Show what there is to do, before the first of several multiruns or the only one."""
        with self._lock:
            if self._shown < 0:
                self._print()

    def skip(self, number: int) -> None:
        """Note that a job was skipped that the store did not have before; does nothing if it was counted."""
        with self._lock:
            if self.is_open(number):
                self._stored.add(number)
                self._print()

    def finish(self) -> None:
        """Show the state at the end of a multirun, unless it was shown."""
        with self._lock:
            if self._shown != len(self._stored) + len(self._ended):
                self._print()

    def _print(self, running: Mapping[int, float] | None = None) -> None:
        self._shown = len(self._stored) + len(self._ended)
        self._printed = self._now()
        if stopping() is None:
            following = next(iter(self._open), None)
            trying = None if following is None else self._jobs[following].name()
            print(self._progress.line(self._ended, self._stored, running, trying), file=sys.stderr, flush=True)


class MultirunWatch:
    """Looks for ended runs of one multirun in the store, in a thread of its own while workers run the jobs.

    Args:
        jobs: Jobs of the multirun by number.
        experiment: Name of the experiment that has the runs.
        parent: Id of the parent run.
        call: Tag of the runs of this multirun: others may have the same parent at the same time.
        clocks_s: Upper bound on the difference between the clocks of workers, in seconds.
    """

    def __init__(
        self,
        progress: MultirunProgress,
        jobs: Mapping[int, PlannedJob],
        experiment: str,
        parent: str,
        call: str,
        clocks_s: float = CLOCKS_S,
    ):
        self._progress = progress
        self._jobs = jobs
        self._experiment = experiment
        self._parent = parent
        self._call = call
        self._clocks_ms = int(clocks_s * 1000)
        self._since_ms = int(time.time() * 1000) - self._clocks_ms
        self._ended: dict[str, Any] = {}  # runs that ended, by id
        self._without_run: set[int] = set()  # jobs that failed before their run began, or were skipped
        self._stop = threading.Event()
        self._pause_s = _POLL_S
        self._thread = threading.Thread(target=self._poll, name="progress", daemon=True)
        self._thread.start()

    def rest(self) -> None:
        """Look at the store from time to time only: the jobs run in this process, and say themselves when they end."""
        self._pause_s = _SILENT_S / 4

    def stop(self) -> None:
        """Look at the store no more, except when asked to."""
        self._stop.set()

    def finish(self) -> None:
        """Show the last runs of the multirun; a job without a run was skipped, or failed before its run began."""
        self.stop()
        self.show()
        done = {run.data.tags.get("fingerprint.config") for run in self._own_runs() if run.info.status == "FINISHED"}
        for number, job in self._jobs.items():
            if job.skips and job.digest in done:
                self._progress.skip(number)
            self._progress.show({number: Ended(0.0, "", None)})
        self._progress.finish()

    def job_ended(self, place: int, error: BaseException | None) -> None:
        """Show that a job of this process ended, also one without a run, as it failed early or was skipped.

        Args:
            place: Place of the job in the multirun.
            error: Error that ended it, if any.
        """
        number = list(self._jobs)[place]
        self.show()
        if not self._progress.is_open(number):
            return
        if isinstance(error, Exception):
            self._without_run.add(number)
            self._progress.show({number: Ended(0.0, "", None)})
        elif error is None:
            self._without_run.add(number)
            self._progress.skip(number)

    def show(self) -> None:
        """Look at the store once, and print what is new."""
        ended, running = dict[int, Ended](), dict[int, float]()
        for number, run in self._runs_of_jobs():
            seconds = ((run.info.end_time or time.time() * 1000) - run.info.start_time) / 1000
            if run.info.status == "RUNNING":
                running[number] = max(0.0, seconds)
            elif run.info.status in ("FINISHED", "FAILED"):
                score = run.data.metrics.get("val_macro_f1") if run.info.status == "FINISHED" else None
                ended[number] = Ended(seconds, run.info.run_name, score)
        self._progress.show(ended, running)

    def _runs_of_jobs(self) -> Iterator[tuple[int, Any]]:
        """Number of each job that has a run, and the run; of jobs with the same config the first has the oldest."""
        waiting: dict[str, list[int]] = {}
        for number, job in self._jobs.items():
            if not job.in_store and number not in self._without_run:
                waiting.setdefault(job.digest, []).append(number)
        for run in reversed(self._own_runs()):  # oldest first
            if numbers := waiting.get(run.data.tags.get("fingerprint.config", "")):
                yield numbers.pop(0), run

    def end_open_runs(self) -> None:
        """Count the runs that ended; mark the others as KILLED, as their workers are gone or about to go."""
        self.stop()
        self.show()
        client = open_store(None).MlflowClient()
        for run in self._own_runs():
            if run.info.status == "RUNNING":
                client.set_terminated(run.info.run_id, "KILLED")

    def _own_runs(self) -> list[Any]:
        """Runs of this multirun, newest first.

        Those that ended before the oldest open one began are not read again: with all their metrics they take 10 ms
        each, and a grid has hundreds.
        """
        found = children(open_store(self._experiment).MlflowClient(), self._parent, since_ms=self._since_ms)
        own = {run.info.run_id: run for run in found if run.data.tags.get(CALL_TAG) == self._call}
        self._ended |= {id_: run for id_, run in own.items() if run.info.status != "RUNNING"}
        starts = [run.info.start_time for run in own.values()]
        if starts:
            oldest_open = min((own[id_].info.start_time for id_ in own.keys() - self._ended), default=max(starts))
            self._since_ms = max(self._since_ms, oldest_open - self._clocks_ms)
        return sorted((self._ended | own).values(), key=lambda run: run.info.start_time, reverse=True)

    def _poll(self) -> None:
        pause = self._pause_s
        while not self._stop.wait(pause):
            start = time.thread_time()
            with suppress(StoreAwayError):  # the jobs say so, and the store may answer again
                self.show()
            pause = max(self._pause_s, (time.thread_time() - start) / _POLL_SHARE)


_SHARED: list[MultirunProgress] = []  # of a command that runs several multiruns


@contextmanager
def shared_progress(progress: MultirunProgress) -> Iterator[None]:
    """Show the multiruns that this process runs within the block as parts of one progress."""
    _SHARED.append(progress)
    try:
        yield
    finally:
        _SHARED.remove(progress)


def shared() -> MultirunProgress | None:
    """Progress that the multiruns of this process share; None if each has its own."""
    return _SHARED[-1] if _SHARED else None


def _n_records(config: Mapping[str, Any]) -> int:
    """Number of records that a job uses: the counts of its task, scaled as for small files, or the training file."""
    counts = [one["count"] for one in config["task"].get("classes", {}).values()]  # none: each record once
    dataset = config["dataset"]
    if config["split"]["name"] != "official" and counts and None not in counts:
        return int(sum(counts) * scale_of_counts(dataset))
    return int(dataset["records"] if "records" in dataset else dataset["train"]["records"])
