"""Lines that a sweep prints: one when it starts, one when a trial starts, and one when a trial ends."""

import sys
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import optuna
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from src.search import trial_queue
from src.search.config import Sweep
from src.search.space import Values, as_override
from src.search.storage import GRACE, open_storage, storage_file, storage_url
from src.tracking.run_names import short_names
from src.utils.paths import shown_path
from src.utils.progress import Score, progress_line
from src.utils.secrets import masked_address

SAME = "same_as"  # attribute of a trial: the number of an earlier one with the same values
QUIET_S = 30.0  # longest time without a line, except in a longer epoch
_WORDS = {TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}


class Lines:
    """Lines of one worker.

    Args:
        sweep: Definition of the study.
        worker: Number of the worker; None if there is one only.
    """

    def __init__(self, sweep: Sweep, worker: int | None = None):
        self._sweep = sweep
        self._begin = self._last = time.monotonic()
        self._prefix = "" if worker is None else f"worker {worker}, "
        self._fits = 0
        self._done = 0
        self._place = ""

    def open(self) -> None:
        """Print which study starts or goes on, how many trials are done, and where they are kept."""
        sweep, url = self._sweep, storage_url(self._sweep.storage)
        file = storage_file(url)
        done = _done_before(sweep, url) if file is None or file.is_file() else None
        self._done, self._place = done or 0, masked_address(url) if file is None else shown_path(file)
        if done is None:
            state = f"new study of {_trials(sweep.n_trials)}"
        elif done >= sweep.n_trials:
            state = f"{_trials(done)} done, and sweep.n_trials={sweep.n_trials} asks for no more"
        else:
            state = f"goes on, {done} of {sweep.n_trials} trials done"
        self._say(
            f"{sweep.study}: {state}, {sweep.aim}, kept in {self._place}; Ctrl-C stops it, and the same command goes on"
        )

    def start(self, number: int, values: Values) -> None:
        """Print the values of a trial that is about to be fitted."""
        first = "" if self._fits else " (the first one here also loads the data and the libraries)"
        self._fits += 1
        self._say(f"trial {number}: {brief(values)}{first}")

    def epoch(self, number: int, epoch: int, epochs: int, accuracy: float) -> None:
        """Print the epoch of a long trial, if the last line is some time ago.

        Args:
            number: Number of the trial.
            epoch: Number of epochs that have ended.
            epochs: Largest number of epochs of the fit.
            accuracy: Accuracy on validation after this epoch.
        """
        if time.monotonic() - self._last >= QUIET_S:
            self._say(f"trial {number}: epoch {epoch} of at most {epochs}, val_accuracy {accuracy:.5f}")

    def end(self, study: Study, number: int) -> None:
        """Print the outcome of a trial, the best so far and the time left."""
        trial = study.get_trials(deepcopy=False)[number]
        done, score = trial_queue.finished(study), next(iter(self._sweep.objectives))
        self._done = len(done)
        counts = Counter(_WORDS[trial.state] for trial in done if trial.state in _WORDS)
        complete = any(trial.state == TrialState.COMPLETE for trial in done)
        winner = best(study) if complete else None
        line = progress_line(
            f"trial {number}, {_outcome(trial, score)}",
            len(done),
            self._sweep.n_trials,
            unit="trials",
            notes=[f"{count} {word}" for word, count in sorted(counts.items())],
            best=Score(score, winner.values[0], f"trial {winner.number}") if winner else None,
            elapsed=time.monotonic() - self._begin,
            left=self._left(study, done),
        )
        self._say(line)

    def wait(self, numbers: list[int]) -> None:
        """Print that the last trials belong to other workers.

        Args:
            numbers: Numbers of those trials.
        """
        trials = f"trial{'' if len(numbers) == 1 else 's'} {', '.join(map(str, numbers))}"
        self._say(
            f"waits for other workers, which have {trials}; what a dead one had is run again "
            f"{GRACE * self._sweep.heartbeat} s after its last sign of life"
        )

    def kept(self) -> str:
        """Text on what an interrupted sweep keeps; asks no database, as it has to be quick."""
        of = f" of {self._sweep.n_trials}" if self._done <= self._sweep.n_trials else ""
        return f"{self._done}{of} trials of {self._sweep.study} are kept in {self._place}"

    def note(self, text: str) -> None:
        """Print another line."""
        self._say(text)

    def _left(self, study: Study, done: list[FrozenTrial]) -> float | None:
        """Estimate the seconds left: the mean time of a trial for each that is left, shared by the busy workers."""
        times = [trial.duration for trial in done if trial.duration is not None]
        if not times:
            return None
        mean = sum(times, timedelta()) / len(times)
        workers = len(trial_queue.running(study)) + 1  # this one is between two trials
        left = mean.total_seconds() * (self._sweep.n_trials - len(done)) / workers
        if self._sweep.timeout is None:
            return left
        return min(left, max(0.0, self._sweep.timeout - (time.monotonic() - self._begin)))

    def _say(self, text: str) -> None:
        self._last = time.monotonic()
        print(f"{self._prefix}{text}", file=sys.stderr, flush=True)


def best(study: Study) -> FrozenTrial:
    """Return the winner: the complete trial that is best by the first objective; of equal ones the oldest.

    Raises:
        ValueError: no trial is complete.
    """
    return from_best(study)[0]


def from_best(study: Study) -> list[FrozenTrial]:
    """Sort the complete trials by the first objective, the best first; of equal ones the oldest is the first.

    Raises:
        ValueError: no trial is complete.
    """
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not complete:
        raise ValueError(f"study {study.study_name}: found no complete trial, expected at least one")
    sign = -1 if study.directions[0] == StudyDirection.MAXIMIZE else 1
    return sorted(complete, key=lambda trial: (sign * trial.values[0], trial.number))


def brief(values: Values) -> str:
    """Format values for a line: the last part of each key, and four digits.

    >>> brief({"k": 3, "model.units": 64, "training.learning_rate": 0.0071237355, "model.bidirectional": True})
    'k=3 units=64 learning_rate=0.007124 bidirectional=true'
    """
    names = short_names(list(values))
    return " ".join(as_override(names[name], _rounded(value)) for name, value in values.items())


def _rounded(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _trials(count: int) -> str:
    return f"{count} trial{'' if count == 1 else 's'}"


def _outcome(trial: FrozenTrial, score: str) -> str:
    """Outcome of a finished trial in a few words."""
    same = f"same values as trial {trial.user_attrs[SAME]}, " if SAME in trial.user_attrs else ""
    if trial.state == TrialState.COMPLETE:
        return f"{same}{score} {trial.values[0]:.5f}"
    reason = trial.user_attrs.get(trial_queue.REASON)
    return f"{same}{_WORDS[trial.state]}" + (f" ({reason})" if reason else "")


def _done_before(sweep: Sweep, url: str) -> int | None:
    """Number of finished trials of the study; None if the storage does not have the study."""
    storage = open_storage(url, sweep.heartbeat, trial_queue.on_stale)
    try:
        return len(trial_queue.finished(optuna.load_study(study_name=sweep.study, storage=storage)))
    except KeyError:
        return None
    finally:
        storage.engine.dispose()
