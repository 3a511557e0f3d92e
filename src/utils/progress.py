"""Progress of long work as one line of text, in one form for multiruns, reports and sweeps."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Best:
    """Best score so far.

    Attributes:
        metric: Name of the score, such as `val_macro_f1`.
        by: Run or trial that has it.
    """

    metric: str
    value: float
    by: str


def progress_line(
    name: str,
    done: int,
    total: int,
    *,
    gone: float,
    left: float | None,
    unit: str = "runs",
    notes: Sequence[str] = (),
    best: Best | None = None,
    trying: str | None = None,
) -> str:
    """Return the line that shows how far some work is.

    Args:
        name: Name of the work.
        gone: Seconds since the work began.
        left: Estimated seconds until the end; None if not known.
        unit: Plural of the thing that is counted.
        notes: Further facts about those done, such as `1 failed`.
        trying: Text on what starts next.

    >>> progress_line("grid", 2, 3, gone=10, left=20, notes=["1 failed"], best=Best("val_macro_f1", 0.98, "lstm-pca-2"))
    'grid: 2 of 3 runs done (1 failed), best val_macro_f1 0.98000 (lstm-pca-2), 0:00:10 gone, about 0:00:20 left'
    >>> progress_line("study", 0, 60, gone=0, left=None, unit="trials", trying="k=3")
    'study: 0 of 60 trials done, 0:00:00 gone, time left not known yet; now k=3'
    """
    noted = f" ({', '.join(notes)})" if notes else ""
    parts = [f"{name}: {done} of {total} {unit} done{noted}"]
    if best:
        parts.append(f"best {best.metric} {best.value:.5f} ({best.by})")
    parts.append(f"{clock(gone)} gone")
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


@dataclass(frozen=True)
class Job:
    """Expected cost of a job: among jobs of one `kind`, the time is proportional to `size`."""

    kind: str
    size: float
    in_store: bool = False


class Progress:
    """Counts finished jobs and estimates the time of the others from finished jobs of the same kind.

    >>> now = iter([0.0, 0.0, 10.0]).__next__
    >>> progress = Progress("grid", [Job("lstm", 2), Job("lstm", 4), Job("lstm", 9, in_store=True)], now)
    >>> progress.start()
    >>> progress.done(0)
    'grid: 2 of 3 runs done (1 was in the store), 0:00:10 gone, about 0:00:20 left'
    """

    def __init__(self, name: str, jobs: Sequence[Job], now: Callable[[], float] = time.monotonic):
        self._name = name
        self._jobs = jobs
        self._now = now
        self._begin = now()
        self._open = {number for number, job in enumerate(jobs) if not job.in_store}
        self._timed: list[tuple[Job, float]] = []

    def start(self) -> None:
        """Note that the next job starts."""
        self._start = self._now()

    def done(self, number: int) -> str:
        """Note that job `number` is done, and return the line to show."""
        now = self._now()
        if number in self._open:
            self._open.remove(number)
            self._timed.append((self._jobs[number], now - self._start))
        stored = sum(job.in_store for job in self._jobs)
        were = [f"{stored} {'was' if stored == 1 else 'were'} in the store"] if stored else []
        finished = len(self._jobs) - len(self._open)
        gone = now - self._begin
        return progress_line(self._name, finished, len(self._jobs), gone=gone, left=self._left(), notes=were)

    def _left(self) -> float | None:
        return sum(self._expected(self._jobs[number]) for number in self._open) if self._timed else None

    def _expected(self, job: Job) -> float:
        alike = [one for one in self._timed if one[0].kind == job.kind]
        known = alike or self._timed
        seconds = sum(seconds for _, seconds in known)
        return seconds / sum(one.size for one, _ in known) * job.size if alike else seconds / len(known)
