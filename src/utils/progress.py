"""Progress of a multirun as a line of text, with the estimated time left."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


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
        were = f" ({stored} {'was' if stored == 1 else 'were'} in the store)" if stored else ""
        finished = f"{self._name}: {len(self._jobs) - len(self._open)} of {len(self._jobs)} runs done{were}"
        return f"{finished}, {clock(now - self._begin)} gone, {self._left()}"

    def _left(self) -> str:
        if not self._open:
            return "none left"
        if not self._timed:
            return "time left not known yet"
        return f"about {clock(sum(self._expected(self._jobs[number]) for number in self._open))} left"

    def _expected(self, job: Job) -> float:
        alike = [one for one in self._timed if one[0].kind == job.kind]
        known = alike or self._timed
        seconds = sum(seconds for _, seconds in known)
        return seconds / sum(one.size for one, _ in known) * job.size if alike else seconds / len(known)


def clock(seconds: float) -> str:
    """Return a duration as hours, minutes and seconds.

    >>> clock(3725.4)
    '1:02:05'
    """
    minutes, second = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{second:02}"
