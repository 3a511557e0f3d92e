"""One worker of a study: runs trials until none is left. Workers run side by side, and none waits for another."""

import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage, fail_stale_trials
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from src.search import trial_queue
from src.search.config import Sweep
from src.search.objective import explain
from src.search.space import Values
from src.search.storage import alive
from src.search.trial_queue import TrialQueue
from src.utils.progress import clock

POLL_S = 1.0
RunTrial = Callable[[Study, Trial], list[float]]


class StudyError(RuntimeError):
    """A study that cannot go on."""


class Worker:
    """Runs trials of one study.

    Args:
        sweep: Definition of the study.
        study: Study in `storage`.
        storage: Storage with heartbeats.
        first: Values of the study's first trial.
        run_trial: Function that returns a trial's values. It raises `optuna.TrialPruned` for a pruned trial, and any
            other exception for a failed one.
    """

    def __init__(self, sweep: Sweep, study: Study, storage: RDBStorage, first: Values, run_trial: RunTrial):
        self._sweep = sweep
        self._study = study
        self._storage = storage
        self._first = first
        self._run_trial = run_trial
        self._queue = TrialQueue(study, storage, sweep.n_trials)

    def work(self) -> bool:
        """Run trials until none is left or the time is up.

        Returns:
            False where another worker finished the last trial, otherwise True.

        Raises:
            StudyError: too many trials failed one after the other.
        """
        start, since, ran_last = time.monotonic(), datetime.now(), True
        while True:
            fail_stale_trials(self._study)
            self._queue.fill(self._first)
            self._check_failures(since)
            if len(trial_queue.finished(self._study)) >= self._sweep.n_trials:
                return ran_last
            if self._sweep.timeout is not None and time.monotonic() - start > self._sweep.timeout:
                return True
            if taken := self._queue.take():
                self._run(taken)
                ran_last = True
                print(self._progress(time.monotonic() - start), file=sys.stderr, flush=True)
            else:
                ran_last = False
                time.sleep(POLL_S)  # other workers have the last trials; if one dies, its trial waits again

    def _check_failures(self, since: datetime) -> None:
        row = trial_queue.failures_in_a_row(self._study, since)
        if len(row) > self._sweep.max_failures:
            raise StudyError(
                f"{self._study.study_name}: {len(row)} trials failed one after the other, expected at most "
                f"sweep.max_failures={self._sweep.max_failures}; the last one, trial {row[0].number}: "
                f"{row[0].user_attrs[trial_queue.REASON]}. Once the cause is fixed, the same command goes on"
            )

    def _run(self, taken: FrozenTrial) -> None:
        # made anew for each trial, so that a trial draws the same values whichever worker runs it
        self._study.sampler = self._sweep.make_sampler(taken.number)
        self._study.pruner = self._sweep.make_pruner()
        with alive(self._storage, self._queue.trial_id(taken)):
            try:
                self._run_to_end(taken)
            except UpdateFinishedTrialError:  # no heartbeat for too long, as on a machine that slept
                print(
                    f"trial {taken.number}: another worker has it now, as no sign of life was seen for too long; "
                    f"found sweep.heartbeat={self._sweep.heartbeat}, a larger one may help",
                    file=sys.stderr,
                )

    def _run_to_end(self, taken: FrozenTrial) -> None:
        """Run a taken trial, and record its outcome."""
        try:
            values = self._run_trial(self._study, self._queue.start(taken))
            self._queue.end(taken, TrialState.COMPLETE, values)
        except optuna.TrialPruned:
            self._queue.end(taken, TrialState.PRUNED)
        except UpdateFinishedTrialError:
            raise
        except Exception as error:
            self._queue.fail(taken, explain(error))
            print(f"trial {taken.number} failed: {explain(error)}", file=sys.stderr)
        except BaseException:  # Ctrl-C, SIGTERM
            self._queue.give_back(taken)
            raise

    def _progress(self, seconds: float) -> str:
        """Line with the trials by outcome, the best value and the time since the start."""
        done = trial_queue.finished(self._study)
        words = {TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
        counts = {word: sum(trial.state == state for trial in done) for state, word in words.items()}
        notes = [f"{count} {word}" for word, count in counts.items() if count]
        line = f"{self._study.study_name}: {len(done)} of {self._sweep.n_trials} trials"
        line += f" ({', '.join(notes)})" if notes else ""
        if any(trial.state == TrialState.COMPLETE for trial in done):
            line += f", best {best(self._study).values[0]:.5f}"
        return f"{line}, {clock(seconds)} gone"


def best(study: Study) -> FrozenTrial:
    """Return the winner: the complete trial that is best by the first objective; of equal ones the oldest.

    Raises:
        ValueError: no trial is complete.
    """
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    sign: Any = 1 if study.directions[0] == optuna.study.StudyDirection.MAXIMIZE else -1
    return max(complete, key=lambda trial: (sign * trial.values[0], -trial.number))
