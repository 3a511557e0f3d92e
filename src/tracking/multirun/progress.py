"""Progress of multiruns on every launcher: their runs are counted in the store, which all workers write to."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.pipeline.fingerprint import config_digest
from src.tracking.connection import StoreAwayError
from src.tracking.finished_runs import already_done
from src.tracking.parents import children
from src.tracking.run_names import run_name
from src.tracking.store import open_store
from src.utils.progress import Ended, Job, Progress
from src.utils.termination import stopping

_POLL_S = 2.0
_POLL_SHARE = 0.2  # upper bound on the share of the time that looking at the store takes
_CLOCKS_S = 300  # upper bound on the difference between the clocks of workers
_SILENT_S = 30.0  # after so long without a line, one says that work goes on; each next one waits twice as long


@dataclass(frozen=True)
class PlannedJob:
    """Job that a multirun is to run.

    Attributes:
        digest: Fingerprint of its config, by which its run is found.
        cost: Expected cost.
        in_store: True if it is skipped, as the store has a run of it.
        name: Function that gives the name of its run; it takes a tenth of a second.
    """

    config: DictConfig
    digest: str
    cost: Job
    in_store: bool
    name: Callable[[], str]

    @classmethod
    def of(cls, config: DictConfig) -> "PlannedJob":
        """Estimate the cost of a job, and look for it in the store: more inputs and records take longer."""
        resolved: Any = OmegaConf.to_container(config, resolve=True)
        kind = f"{resolved['model']['name']} {resolved['layout']['name']}"
        cost = Job(kind, resolved["k"] * _n_records(resolved))
        return cls(
            config, config_digest(resolved), cost, already_done(resolved) is not None, lambda: run_name(resolved)
        )


class MultirunProgress:
    """Progress over the jobs of a multirun, or of several that run one after the other.

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

    def jobs(self, multirun: str) -> Sequence[PlannedJob]:
        """Jobs of one of the multiruns."""
        return self._by_multirun[multirun]

    @property
    def kept(self) -> str:
        """Text on what an interruption leaves."""
        succeeded = sum(one.score is not None for one in self._ended.values())
        return f"{len(self._stored) + succeeded} of {len(self._jobs)} runs are done and kept"

    @property
    def _open(self) -> list[int]:
        """Numbers of the jobs that are neither ended nor stored."""
        return [number for number in range(len(self._jobs)) if number not in self._ended.keys() | self._stored]

    def show(self, ended: Mapping[str, Ended], running: Mapping[str, float] | None = None) -> None:
        """Print a line for each job that has ended since the last call, or one where the last is long ago.

        Args:
            ended: Outcome of each job by the digest of its config.
            running: Seconds since the start of each job that runs.
        """
        with self._lock:
            open_ = self._open
            started = {number: (running or {}).get(self._jobs[number].digest, 0.0) for number in open_}
            for digest, outcome in ended.items():
                same = [number for number in open_ if self._jobs[number].digest == digest]
                if not same:
                    continue
                self._ended[same[0]] = outcome
                if outcome.score is not None:
                    self._stored |= set(same[1:])  # of later multiruns, which find the run in the store
                self._silence_s = _SILENT_S
                self._print(started)
            if self._open and self._shown >= 0 and self._now() - self._printed >= self._silence_s:
                self._silence_s *= 2
                self._print(started)

    def begin(self) -> None:
        """Show what there is to do, before the first of several multiruns or the only one."""
        with self._lock:
            if self._shown < 0:
                self._print()

    def skip(self, digest: str) -> None:
        """Note that a job was skipped that the store did not have before; does nothing if it was counted."""
        with self._lock:
            same = {number for number, job in enumerate(self._jobs) if job.digest == digest} - self._ended.keys()
            if same - self._stored:
                self._stored |= same
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
            trying = self._jobs[self._open[0]].name() if self._open else None
            print(self._progress.line(self._ended, self._stored, running, trying), file=sys.stderr, flush=True)


class MultirunWatch:
    """Looks for ended runs of one multirun in the store, in a thread of its own while workers run the jobs.

    Args:
        jobs: Jobs of the multirun.
        experiment: Name of the experiment that has the runs.
        parent: Id of the parent run.
    """

    def __init__(self, progress: MultirunProgress, jobs: Sequence[PlannedJob], experiment: str, parent: str):
        self._progress = progress
        self._digests = [job.digest for job in jobs]
        self._experiment = experiment
        self._parent = parent
        self._since_ms = int((time.time() - _CLOCKS_S) * 1000)
        self._before = {run.info.run_id for run in self._runs()}
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
        """Show the last runs of the multirun; a job without a run failed before its run began."""
        self.stop()
        self.show()
        if shared() is None:  # a later multirun may have the same job
            for digest in self._digests:
                self._progress.show({digest: Ended(0.0, "", None)})
        self._progress.finish()

    def job_ended(self, number: int, error: BaseException | None) -> None:
        """Show that a job of this process ended, also one without a run, as it failed early or was skipped.

        Args:
            number: Number of the job in the multirun.
            error: Error that ended it, if any.
        """
        digest = self._digests[number]
        self.show()
        if isinstance(error, Exception):
            self._progress.show({digest: Ended(0.0, "", None)})
        elif error is None:
            self._progress.skip(digest)

    def show(self) -> None:
        """Look at the store once, and print what is new."""
        ended, running = dict[str, Ended](), dict[str, float]()
        for run in reversed(self._own_runs()):  # oldest first
            digest = run.data.tags["fingerprint.config"]
            seconds = ((run.info.end_time or time.time() * 1000) - run.info.start_time) / 1000
            if run.info.status == "RUNNING":
                running[digest] = max(0.0, seconds)
            elif run.info.status in ("FINISHED", "FAILED"):
                score = run.data.metrics.get("val_macro_f1") if run.info.status == "FINISHED" else None
                ended[digest] = Ended(seconds, run.info.run_name, score)
        self._progress.show(ended, running)

    def end_open_runs(self) -> None:
        """Count the runs that ended; mark the others as KILLED, as their workers are gone or about to go."""
        self.stop()
        self.show()
        client = open_store(None).MlflowClient()
        for run in self._own_runs():
            if run.info.status == "RUNNING":
                client.set_terminated(run.info.run_id, "KILLED")

    def _own_runs(self) -> list[Any]:
        """Runs of this multirun, newest first."""
        return [
            run
            for run in self._runs()
            if run.info.run_id not in self._before and run.data.tags.get("fingerprint.config") in self._digests
        ]

    def _runs(self) -> list[Any]:
        """Recent runs under the parent, newest first; other multiruns may have the same parent."""
        return children(open_store(self._experiment).MlflowClient(), self._parent, since_ms=self._since_ms)

    def _poll(self) -> None:
        pause = self._pause_s
        while not self._stop.wait(pause):
            start = time.perf_counter()
            with suppress(StoreAwayError):  # the jobs say so, and the store may answer again
                self.show()
            pause = max(self._pause_s, (time.perf_counter() - start) / _POLL_SHARE)


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
    """Number of records that a job uses: the counts of its task, or the whole training file."""
    counts = [one["count"] for one in config["task"]["classes"].values()]
    if config["split"]["name"] != "official" and None not in counts:
        return sum(counts)
    dataset = config["dataset"]
    return int(dataset["records"] if "records" in dataset else dataset["train"]["records"])
