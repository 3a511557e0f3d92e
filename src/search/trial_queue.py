"""The trials of a study that are still to run, as a queue that any number of workers share.

The queue is Optuna's list of waiting trials. The storage gives each of them to one worker only, so workers need no
other contact. A trial is queued when a worker is free for it, so an interrupted study leaves no long queue behind.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from src.search.space import Values

RUN = "mlflow_run"  # id of the MLflow run, of a trial and of a study
REASON = "reason"  # why a trial failed; a failed trial without it was closed or left by its worker, and does not count
CLOSED = "closed"  # why a waiting trial was closed
_DEATHS = "deaths"
_AGAIN = "again"  # number of the unfinished trial that a trial repeats
MOST_DEATHS = 3


def counted(study: Study) -> list[FrozenTrial]:
    """Trials that count towards `n_trials`, oldest first: all but those that a worker left unfinished."""
    trials = study.get_trials(deepcopy=False)
    return [trial for trial in trials if trial.state != TrialState.FAIL or REASON in trial.user_attrs]


def finished(study: Study) -> list[FrozenTrial]:
    """Counted trials that are complete, pruned or failed with a reason."""
    return [trial for trial in counted(study) if trial.state.is_finished()]


def running(study: Study) -> list[FrozenTrial]:
    """Counted trials that a worker has."""
    return [trial for trial in counted(study) if trial.state == TrialState.RUNNING]


def first_trial(study: Study) -> FrozenTrial:
    """Trial with the values of the config itself: the first one, or its latest repetition if a worker left it."""
    trials = study.get_trials(deepcopy=False)
    repeated = {trial.user_attrs[_AGAIN]: trial for trial in trials if _AGAIN in trial.user_attrs}
    first = trials[0]
    while first.number in repeated:
        first = repeated[first.number]
    return first


def failures_in_a_row(study: Study, since: datetime) -> list[FrozenTrial]:
    """Trials that failed after `since` and after the last trial that did not fail, newest first."""
    ended = [(trial.datetime_complete or since, trial.number, trial) for trial in finished(study)]
    row = []
    for _, _, trial in sorted((entry for entry in ended if entry[0] >= since), reverse=True):
        if trial.state != TrialState.FAIL:
            break
        row.append(trial)
    return row


class TrialQueue:
    """The queue of one study, for one worker.

    `Study.ask` is not used: it creates a trial where none waits, so several workers would run more than `n_trials`. It
    also starts a trial before the first heartbeat, and a worker that died in between would leave it running forever.
    The methods of `RDBStorage` that are used instead are public.

    Args:
        study: Study with its sampler and pruner.
        storage: Storage that has the study.
        n_trials: Number of trials that the study ends with.
    """

    def __init__(self, study: Study, storage: RDBStorage, n_trials: int):
        self._study = study
        self._storage = storage
        self._study_id = storage.get_study_id_from_name(study.study_name)
        self._n_trials = n_trials

    def trial_id(self, trial: FrozenTrial) -> int:
        """The key of a trial in the storage, which differs from its number in the study."""
        return self._storage.get_trial_id_from_study_id_trial_number(self._study_id, trial.number)

    def fill(self, first: Values) -> None:
        """Queue a trial where none waits and the budget allows one more; close waiting trials beyond the budget.

        Two workers that do so at once may queue one too many. `take` ignores it, and the next call closes it.

        Args:
            first: Values of the very first trial of the study; an empty mapping leaves them to the sampler.
        """
        trials = counted(self._study)
        for trial in trials[self._n_trials :]:
            if trial.state == TrialState.WAITING and self._reserve(trial):
                self._storage.set_trial_user_attr(self.trial_id(trial), CLOSED, f"sweep.n_trials={self._n_trials}")
                self.end(trial, TrialState.FAIL)  # Optuna can delete no trial; without a reason it does not count
        if len(trials) < self._n_trials and not any(trial.state == TrialState.WAITING for trial in trials):
            self._study.enqueue_trial({} if trials else first)

    def is_full(self) -> bool:
        """Tell whether the study has all trials of its budget, in whatever state."""
        return len(counted(self._study)) >= self._n_trials

    def take(self) -> FrozenTrial | None:
        """Reserve a waiting trial for this worker; None where no trial waits.

        Only the first `n_trials` that count are ever taken. A trial moves up in their order only when one before it
        stops counting, so no more than `n_trials` ever finish.
        """
        for trial in counted(self._study)[: self._n_trials]:
            if trial.state != TrialState.WAITING:
                continue
            if not self._reserve(trial):
                continue
            if trial.user_attrs.get(_DEATHS, 0) < MOST_DEATHS:
                return trial
            self.fail(trial, f"its worker died {MOST_DEATHS} times; it may need more memory than there is")
        return None

    def _reserve(self, trial: FrozenTrial) -> bool:
        """Set a waiting trial to running; False where another worker was faster."""
        trial_id = self.trial_id(trial)
        # before the trial starts: a running trial without any heartbeat never counts as stale
        self._storage.record_heartbeat(trial_id)
        try:
            return self._storage.set_trial_state_values(trial_id, TrialState.RUNNING)
        except UpdateFinishedTrialError:  # the other worker is done with it
            return False

    def start(self, trial: FrozenTrial) -> Trial:
        """A taken trial, ready to draw values with the sampler of the study."""
        return Trial(self._study, self.trial_id(trial))

    def end(self, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None = None) -> None:
        """Finish a trial of this worker.

        Raises:
            UpdateFinishedTrialError: the trial counted as stale, and was queued again for another worker.
        """
        if self._storage.get_trial(self.trial_id(trial)).state != TrialState.RUNNING:
            raise UpdateFinishedTrialError
        self._study.tell(trial.number, values, state)

    def fail(self, trial: FrozenTrial, reason: str) -> None:
        """Finish a trial as failed. It counts, as it has a reason."""
        self._storage.set_trial_user_attr(self.trial_id(trial), REASON, reason)
        self.end(trial, TrialState.FAIL)

    def give_back(self, trial: FrozenTrial) -> None:
        """Queue a trial of this worker again, as the worker has to stop."""
        with suppress(UpdateFinishedTrialError):
            self.end(trial, TrialState.FAIL)
            _queue_again(self._study, self._storage.get_trial(self.trial_id(trial)), deaths=0)


def on_stale(study: Study, trial: FrozenTrial) -> None:
    """Queue a trial again whose worker died, and end the MLflow run that the worker left open.

    Optuna has marked the trial as failed.
    """
    _queue_again(study, trial, deaths=1)
    if run_id := trial.user_attrs.get(RUN):
        from src.tracking.runs import end_run  # late, as a sweep opens its storage before it imports all it needs

        end_run(run_id, "KILLED")


def _queue_again(study: Study, trial: FrozenTrial, deaths: int) -> None:
    study.add_trial(
        create_trial(
            state=TrialState.WAITING,
            params=trial.params,
            distributions=trial.distributions,
            system_attrs={name: value for name, value in trial.system_attrs.items() if name == "fixed_params"},
            user_attrs={_AGAIN: trial.number, _DEATHS: trial.user_attrs.get(_DEATHS, 0) + deaths},
        )
    )
