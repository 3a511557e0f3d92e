"""The trials of a study as a budget: so many places in the storage, that workers take one by one.

A place is a trial that waits. As taking one is atomic in the storage, any number of workers share the budget without
talking to each other, and it is the study's: a call that is repeated finds what is left of it.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages._heartbeat import BaseHeartbeat
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState, create_trial

from src.search.space import Values

REASON = "reason"  # why a trial failed; one that failed without was left by its worker, and is run again
_DEATHS = "deaths"
MOST_DEATHS = 3

State = TrialState


def counted(study: Study) -> list[FrozenTrial]:
    """The trials that count against the budget, oldest first: all but those that their worker left."""
    trials = study.get_trials(deepcopy=False)
    return [trial for trial in trials if trial.state != State.FAIL or REASON in trial.user_attrs]


def finished(study: Study) -> list[FrozenTrial]:
    """Those of them that are done, pruned or failed with a reason."""
    return [trial for trial in counted(study) if trial.state.is_finished()]


def running(study: Study) -> list[FrozenTrial]:
    return [trial for trial in counted(study) if trial.state == State.RUNNING]


def fill(study: Study, n_trials: int, first: Values) -> None:
    """Make the places that are missing; the values of the study's very first trial may be given.

    Workers that do so at the same moment make too many, which is no harm: see `take`.
    """
    while (count := len(counted(study))) < n_trials:
        study.enqueue_trial(first if count == 0 else {})


def take(study: Study, n_trials: int) -> FrozenTrial | None:
    """A trial to run, or None where none waits.

    Only the first `n_trials` that count are ever taken, so surplus places stay empty. Their order never changes, and a
    trial stops counting only when another takes its place, so that never more than `n_trials` get finished.
    """
    storage = study._storage
    assert isinstance(storage, BaseHeartbeat)
    for trial in counted(study)[:n_trials]:
        if trial.state != State.WAITING:
            continue
        # before it runs: a running trial without a heartbeat would never count as dead
        storage.record_heartbeat(trial._trial_id)
        try:
            if not storage.set_trial_state_values(trial._trial_id, State.RUNNING):
                continue  # another worker was faster
        except UpdateFinishedTrialError:
            continue
        if trial.user_attrs.get(_DEATHS, 0) < MOST_DEATHS:
            return trial
        fail(study, trial, f"its worker died {MOST_DEATHS} times, as one does that runs out of memory")
    return None


def end(study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None = None) -> None:
    """End a trial that this worker has.

    Raises:
        UpdateFinishedTrialError: it has it no more: it was taken for dead.
    """
    if study._storage.get_trial(trial._trial_id).state != State.RUNNING:
        raise UpdateFinishedTrialError
    study.tell(trial.number, values, state)


def fail(study: Study, trial: FrozenTrial, reason: str) -> None:
    """End a trial as failed, for a reason: it counts."""
    study._storage.set_trial_user_attr(trial._trial_id, REASON, reason)
    end(study, trial, State.FAIL)


def give_back(study: Study, trial: FrozenTrial) -> None:
    """The worker has to go: another runs the same trial again."""
    with suppress(UpdateFinishedTrialError):
        end(study, trial, State.FAIL)
        _again(study, study._storage.get_trial(trial._trial_id), deaths=0)


def on_stale(study: Study, trial: FrozenTrial) -> None:
    """The worker was found dead: another runs the same trial again."""
    _again(study, trial, deaths=1)


def _again(study: Study, trial: FrozenTrial, deaths: int) -> None:
    study.add_trial(
        create_trial(
            state=State.WAITING,
            params=trial.params,
            distributions=trial.distributions,
            system_attrs={name: value for name, value in trial.system_attrs.items() if name == "fixed_params"},
            user_attrs={"again": trial.number, _DEATHS: trial.user_attrs.get(_DEATHS, 0) + deaths},
        )
    )


def failures_in_a_row(study: Study, since: datetime) -> list[FrozenTrial]:
    """The failed trials since then that no other outcome came after, newest first."""
    ended = [(trial.datetime_complete or since, trial.number, trial) for trial in finished(study)]
    row = []
    for _, _, trial in sorted((one for one in ended if one[0] >= since), reverse=True):
        if trial.state != State.FAIL:
            break
        row.append(trial)
    return row
