"""One worker of a study: takes trials until none is left. Any number run side by side, and none waits for another."""

import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import _CachedStorage, fail_stale_trials
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from src.search import trial_queue
from src.search.config import Sweep
from src.search.objective import explain
from src.search.space import Values
from src.search.storage import alive
from src.utils.progress import clock

POLL_S = 1.0
RunTrial = Callable[[Study, Trial], list[float]]


class StudyError(RuntimeError):
    """A study that cannot go on."""


class Worker:
    """Runs trials of one study.

    Args:
        first: Values of the study's first trial.
        run_trial: Gives a trial's values; raises `optuna.TrialPruned`, or anything else for a failure.
    """

    def __init__(self, sweep: Sweep, storage: _CachedStorage, first: Values, run_trial: RunTrial):
        self._sweep = sweep
        self._storage = storage
        self._first = first
        self._run_trial = run_trial

    def work(self) -> bool:
        """Take trials until the budget is spent or the time is up; False where another worker finished the last trial.

        Raises:
            StudyError: too many trials failed one after the other.
        """
        begin, since, mine = time.monotonic(), datetime.now(), True
        while True:
            study = self._study(0)
            fail_stale_trials(study)
            trial_queue.fill(study, self._sweep.n_trials, self._first)
            row = trial_queue.failures_in_a_row(study, since)
            if len(row) > self._sweep.max_failures:
                raise StudyError(
                    f"{study.study_name}: {len(row)} trials failed one after the other, expected at most "
                    f"sweep.max_failures={self._sweep.max_failures}; the last one, trial {row[0].number}: "
                    f"{row[0].user_attrs[trial_queue.REASON]}. Once the cause is mended, the same command goes on"
                )
            if len(trial_queue.finished(study)) >= self._sweep.n_trials:
                return mine
            if self._sweep.timeout is not None and time.monotonic() - begin > self._sweep.timeout:
                return True
            if found := trial_queue.take(study, self._sweep.n_trials):
                self._run(found)
                mine = True
                print(self._progress(study, time.monotonic() - begin), file=sys.stderr, flush=True)
            else:
                mine = False
                time.sleep(POLL_S)  # other workers have the last trials; should one die, its trial is for us

    def _study(self, number: int) -> Study:
        """The study as it is now, with the sampler of one trial."""
        return optuna.load_study(
            study_name=self._sweep.study,
            storage=self._storage,
            sampler=self._sweep.make_sampler(number),
            pruner=self._sweep.make_pruner(),
        )

    def _run(self, found: FrozenTrial) -> None:
        study = self._study(found.number)
        with alive(self._storage, found._trial_id):
            try:
                self._end(study, found)
            except UpdateFinishedTrialError:  # it was taken for dead, as a machine that slept would be
                print(f"trial {found.number}: another worker has it now; sweep.heartbeat too short?", file=sys.stderr)

    def _end(self, study: Study, found: FrozenTrial) -> None:
        try:
            values = self._run_trial(study, Trial(study, found._trial_id))
            trial_queue.end(study, found, TrialState.COMPLETE, values)
        except optuna.TrialPruned:
            trial_queue.end(study, found, TrialState.PRUNED)
        except UpdateFinishedTrialError:
            raise
        except Exception as error:
            trial_queue.fail(study, found, explain(error))
            print(f"trial {found.number} failed: {explain(error)}", file=sys.stderr)
        except BaseException:  # Ctrl-C, SIGTERM
            trial_queue.give_back(study, found)
            raise

    def _progress(self, study: Study, gone: float) -> str:
        counted = trial_queue.counted(study)
        done = [trial for trial in counted if trial.state.is_finished()]
        words = {TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
        counts = {word: sum(trial.state == state for trial in done) for state, word in words.items()}
        notes = [f"{count} {word}" for word, count in counts.items() if count]
        line = f"{study.study_name}: {len(done)} of {self._sweep.n_trials} trials"
        line += f" ({', '.join(notes)})" if notes else ""
        if any(trial.state == TrialState.COMPLETE for trial in done):
            line += f", best {best(study).values[0]:.5f}"
        return f"{line}, {clock(gone)} gone"


def best(study: Study) -> FrozenTrial:
    """The winner: the best by the first objective; of equals the oldest.

    Raises:
        ValueError: no trial is complete.
    """
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    sign: Any = 1 if study.directions[0] == optuna.study.StudyDirection.MAXIMIZE else -1
    return max(complete, key=lambda trial: (sign * trial.values[0], -trial.number))
