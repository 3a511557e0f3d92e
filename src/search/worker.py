"""One worker of a study: runs trials until none is left. Workers run side by side, and none waits for another."""

import time
from collections.abc import Callable
from datetime import datetime

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage, fail_stale_trials
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from src.config.errors import summary
from src.search import trial_queue
from src.search.config import Sweep
from src.search.progress import Lines
from src.search.space import Values
from src.search.storage import alive
from src.search.trial_queue import TrialQueue
from src.tracking.connection import StoreAwayError
from src.utils.termination import stopping

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
        lines: Lines to print.
    """

    def __init__(
        self, sweep: Sweep, study: Study, storage: RDBStorage, first: Values, run_trial: RunTrial, lines: Lines
    ):
        self._sweep = sweep
        self._study = study
        self._storage = storage
        self._first = first
        self._run_trial = run_trial
        self._lines = lines
        self._queue = TrialQueue(study, storage, sweep.n_trials)
        self._taken: FrozenTrial | None = None

    def work(self) -> bool:
        """Run trials until none is left or the time is up.

        Returns:
            False where another worker finished the last trial, otherwise True.

        Raises:
            StudyError: too many trials failed one after the other.
            StoreAwayError: the MLflow store went away; the trial waits for the next call of the command.
        """
        start, since, ran_last, waits = time.monotonic(), datetime.now(), True, False
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
                ran_last, waits = True, False
            elif not self._queue.is_full():
                continue  # another worker was faster
            else:
                if not waits:
                    self._lines.wait([trial.number for trial in trial_queue.running(self._study)])
                ran_last, waits = False, True
                time.sleep(POLL_S)  # other workers have the last trials; if one dies, its trial waits again

    def release(self) -> None:
        """Queue the trial that runs again, if any; may be called from any thread."""
        if self._taken:
            self._queue.give_back(self._taken)

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
        self._taken = taken
        with alive(self._storage, self._queue.trial_id(taken)):
            try:
                self._run_to_end(taken)
            except UpdateFinishedTrialError:  # no heartbeat for too long, as on a machine that slept
                self._lines.note(
                    f"trial {taken.number}: another worker has it now, as no sign of life was seen for too long; "
                    f"found sweep.heartbeat={self._sweep.heartbeat}, a larger one may help"
                )
            else:
                self._taken = None
                self._lines.end(self._study, taken.number)

    def _run_to_end(self, taken: FrozenTrial) -> None:
        """Run a taken trial, and record its outcome."""
        try:
            values = self._run_trial(self._study, self._queue.start(taken))
            self._queue.end(taken, TrialState.COMPLETE, values)
        except optuna.TrialPruned:
            self._queue.end(taken, TrialState.PRUNED)
        except UpdateFinishedTrialError:
            raise
        except StoreAwayError:  # no failure of the trial, and the next trials would meet the same
            self.release()
            raise
        except Exception as error:
            if stopping() is not None:  # a library may turn the exception of a signal into an error of its own
                self.release()
                raise
            self._queue.fail(taken, summary(error))
        except BaseException:  # Ctrl-C, SIGTERM
            self.release()
            raise
