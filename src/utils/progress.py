"""Progress of long work as one line of text, in one form for multiruns, reports and sweeps; and of a single fit."""

import math
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_LINE_S = 10.0


@dataclass(frozen=True)
class Score:
    """Score of a run or trial.

    Attributes:
        metric: Name of the score, such as `val_macro_f1`.
        by: Name of the run or trial.
    """

    metric: str
    value: float
    by: str


def progress_line(
    name: str,
    done: int,
    total: int,
    *,
    elapsed: float,
    left: float | None,
    unit: str = "runs",
    notes: Sequence[str] = (),
    best: Score | None = None,
    last: Score | None = None,
    trying: str | None = None,
) -> str:
    """Return the line that shows how far some work is.

    Args:
        name: Name of the work.
        elapsed: Seconds since the work began.
        left: Estimated seconds until the end; None if not known.
        unit: Plural of the thing that is counted.
        notes: Further facts about those done, such as `1 failed`.
        best: Best score so far.
        last: Score by the same metric of the one that ended last; shown where it is not the best.
        trying: Text on what starts next, or runs.

    >>> progress_line("grid", 2, 3, elapsed=10, left=20, notes=["1 failed"], best=Score("val_macro_f1", 0.98, "pca-2"))
    'grid: 2 of 3 runs done (1 failed), best val_macro_f1 0.98000 (pca-2), 0:00:10 elapsed, about 0:00:20 left'
    >>> progress_line("study", 0, 60, elapsed=0, left=None, unit="trials", trying="k=3")
    'study: 0 of 60 trials done, 0:00:00 elapsed, time left not known yet; now k=3'
    """
    noted = f" ({', '.join(notes)})" if notes else ""
    parts = [f"{name}: {done} of {total} {unit} done{noted}"]
    if best:
        parts.append(f"best {best.metric} {best.value:.5f} ({best.by})")
    if last and last != best:
        parts.append(f"last {last.value:.5f} ({last.by})")
    parts.append(f"{clock(elapsed)} elapsed")
    if done >= total:
        parts.append("none left")
    else:
        parts.append("time left not known yet" if left is None else f"about {clock(left)} left")
    return ", ".join(parts) + (f"; now {trying}" if trying else "")


def clock(seconds: float) -> str:
    """Return a duration as hours, minutes and seconds.

    >>> clock(3725.4)
    '1:02:05'
    """
    minutes, second = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{second:02}"


class Steps:
    """Progress of one fit on standard error: a bar on a terminal, elsewhere a line every ten seconds.

    Args:
        name: Name of the work.
        step: Name of one step, such as `epoch`.
        total: Upper bound on the steps.
    """

    def __init__(self, name: str, step: str, total: int):
        self._name = name
        self._step = step
        self._total = total
        self._done = 0
        self._begin = time.monotonic()
        self._last = -math.inf
        self._bar: Any = None
        if sys.stderr.isatty():
            from tqdm import tqdm  # late: a worker that is killed would leave the lock that tqdm makes

            self._bar = tqdm(total=total, desc=name, unit=step, leave=False)

    def done(self, values: Mapping[str, float]) -> None:
        """Note that a step is done, with values to show."""
        self._done += 1
        if self._bar is not None:
            self._bar.set_postfix({name: f"{value:.4f}" for name, value in values.items()}, refresh=False)
            self._bar.update()
        elif (now := time.monotonic()) - self._last >= _LINE_S:
            self._last = now
            shown = ", ".join(f"{name} {value:.4f}" for name, value in values.items())
            elapsed = clock(now - self._begin)
            line = f"{self._name}: {self._step} {self._done} of {self._total}, {shown}, {elapsed} elapsed"
            print(line, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()


@dataclass(frozen=True)
class Job:
    """Expected cost of a job: among jobs of one `kind`, the time is proportional to `size`.

    Attributes:
        protocol: Data, classes and split that it is scored on; scores on others do not compare with its own.
    """

    kind: str
    size: float
    protocol: str = ""


@dataclass(frozen=True)
class Ended:
    """Outcome of a job.

    Attributes:
        seconds: Duration of the job.
        name: Name of its run.
        score: Macro F1 on validation; None if the job failed.
    """

    seconds: float
    name: str
    score: float | None


class Progress:
    """Counts finished jobs, and estimates the time of the others from finished jobs of the same kind.

    Jobs that run side by side need no other treatment: the estimate follows from the work done so far.

    >>> progress = Progress("grid", [Job("lstm", 2), Job("lstm", 4), Job("svm", 9)], now=iter([0, 10, 30]).__next__)
    >>> ended = {0: Ended(10, "pca2", 0.98)}
    >>> progress.line(ended, stored={2})
    'grid: 2 of 3 runs done (1 was in the store), best val_macro_f1 0.98000 (pca2), 0:00:10 elapsed, about 0:00:20 left'
    >>> progress.line(ended | {1: Ended(20, "lstm-4", 0.97)}).partition("last ")[2]
    '0.97000 (lstm-4), 0:00:30 elapsed, about 0:00:15 left'
    """

    def __init__(self, name: str, jobs: Sequence[Job], *, now: Callable[[], float] = time.monotonic):
        self._name = name
        self._jobs = jobs
        self._now = now
        self._begin = now()

    def line(
        self,
        ended: Mapping[int, Ended],
        stored: Collection[int] = (),
        running: Mapping[int, float] | None = None,
        trying: str | None = None,
    ) -> str:
        """Return the line to show.

        Args:
            ended: Outcome of each job that ended, by the number of the job; the newest is last.
            stored: Numbers of the jobs that were skipped, as the store has their runs.
            running: Seconds since the start of each job that runs, by the number of the job.
            trying: Name of the run that comes next, or runs.
        """
        elapsed = self._now() - self._begin
        failed = sum(one.score is None for one in ended.values())
        notes = [f"{len(stored)} {'was' if len(stored) == 1 else 'were'} in the store"] if stored else []
        notes += [f"{failed} failed"] if failed else []
        scored = [Score("val_macro_f1", one.score, one.name) for one in ended.values() if one.score is not None]
        if len({job.protocol for job in self._jobs}) > 1:
            scored = []
        return progress_line(
            self._name,
            len(stored) + len(ended),
            len(self._jobs),
            elapsed=elapsed,
            left=self._left(elapsed, ended, stored, running or {}),
            notes=notes,
            best=max(scored, key=lambda one: one.value, default=None),
            last=scored[-1] if scored else None,
            trying=trying,
        )

    def _left(
        self, elapsed: float, ended: Mapping[int, Ended], stored: Collection[int], running: Mapping[int, float]
    ) -> float | None:
        """Seconds until the end at the pace so far; None before any job has ended."""
        timed = {number: one for number, one in ended.items() if one.seconds}  # others failed before they began
        waiting = [number for number in range(len(self._jobs)) if number not in ended and number not in stored]
        begun = {number: running.get(number, 0.0) for number in waiting}
        if not timed:
            return None
        work = sum(one.seconds for one in timed.values()) + sum(begun.values())
        ahead = sum(max(0.0, self._expected(number, timed) - begun[number]) for number in waiting)
        return ahead * elapsed / work

    def _expected(self, number: int, timed: Mapping[int, Ended]) -> float:
        """Seconds that a job will take."""
        job = self._jobs[number]
        alike = {other: one for other, one in timed.items() if self._jobs[other].kind == job.kind}
        seconds = sum(one.seconds for one in (alike or timed).values())
        return seconds / sum(self._jobs[other].size for other in alike) * job.size if alike else seconds / len(timed)
