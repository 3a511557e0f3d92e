"""The budget of a study, in a real database: never too many trials, none lost, whoever dies."""

import multiprocessing
import time
from datetime import datetime, timedelta

import optuna
import pytest
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import fail_stale_trials
from optuna.study import Study
from optuna.trial import TrialState

from src.search import trial_queue
from src.search.storage import open_storage


def states(study: Study) -> list[str]:
    return [trial.state.name for trial in study.get_trials(deepcopy=False)]


def finish(study: Study, value: float = 0.5, n_trials: int = 3) -> int:
    trial = trial_queue.take(study, n_trials)
    assert trial
    trial_queue.end(study, trial, TrialState.COMPLETE, [value])
    return trial.number


def test_a_study_ends_at_its_budget_however_often_it_is_filled(study: Study) -> None:
    for _ in range(3):
        trial_queue.fill(study, 3, {"x": 0.25})
        finish(study)
    trial_queue.fill(study, 3, {})
    assert trial_queue.take(study, 3) is None
    assert states(study) == ["COMPLETE"] * 3
    trial_queue.fill(study, 4, {})  # a larger budget goes on
    assert finish(study, n_trials=4) == 3


def test_only_the_first_trial_begins_with_the_given_values(study: Study) -> None:
    trial_queue.fill(study, 2, {"x": 0.25})
    values = []
    for _ in range(2):
        found = trial_queue.take(study, 2)
        assert found
        values.append(optuna.Trial(study, found._trial_id).suggest_float("x", 0, 1))
    assert values[0] == 0.25
    assert values[1] != 0.25


def test_places_that_are_too_many_stay_empty(study: Study) -> None:
    trial_queue.fill(study, 5, {})  # as two workers would that fill at the same moment
    assert [finish(study) for _ in range(3)] == [0, 1, 2]
    assert trial_queue.take(study, 3) is None
    assert len(trial_queue.finished(study)) == 3


def test_a_trial_that_is_given_back_is_run_again_with_its_values(study: Study) -> None:
    trial_queue.fill(study, 2, {})
    found = trial_queue.take(study, 2)
    assert found
    x = optuna.Trial(study, found._trial_id).suggest_float("x", 0, 1)
    trial_queue.give_back(study, found)
    assert states(study) == ["FAIL", "WAITING", "WAITING"]
    assert len(trial_queue.counted(study)) == 2
    again = [trial_queue.take(study, 2) for _ in range(2)][1]
    assert again
    assert again.user_attrs["again"] == 0
    assert optuna.Trial(study, again._trial_id).suggest_float("x", 0, 1) == x


def test_a_failure_with_a_reason_counts(study: Study) -> None:
    trial_queue.fill(study, 3, {})
    found = trial_queue.take(study, 3)
    assert found
    trial_queue.fail(study, found, "ValueError: no")
    assert len(trial_queue.finished(study)) == 1
    assert [finish(study), finish(study)] == [1, 2]
    assert trial_queue.take(study, 3) is None


@pytest.mark.integration
def test_the_trial_of_a_dead_worker_is_run_again_and_three_deaths_fail_it(study: Study) -> None:
    study._storage._backend.grace_period = 1  # type: ignore[attr-defined]
    trial_queue.fill(study, 1, {"x": 0.5})
    for deaths in range(1, trial_queue.MOST_DEATHS + 1):
        assert trial_queue.take(study, 1)  # and no sign of life from here on
        assert trial_queue.take(study, 1) is None
        fail_stale_trials(study)
        assert len(trial_queue.running(study)) == 1, "not before the time of grace is over"
        time.sleep(2.1)  # the database counts whole seconds
        fail_stale_trials(study)
        assert states(study) == ["FAIL"] * deaths + ["WAITING"]
    assert trial_queue.take(study, 1) is None
    (trial,) = trial_queue.finished(study)
    assert "died 3 times" in trial.user_attrs[trial_queue.REASON]
    assert trial.system_attrs["fixed_params"] == {"x": 0.5}


def test_a_worker_that_was_taken_for_dead_cannot_end_its_trial(study: Study) -> None:
    trial_queue.fill(study, 1, {})
    found = trial_queue.take(study, 1)
    assert found
    study._storage.set_trial_state_values(found._trial_id, TrialState.FAIL)
    trial_queue.on_stale(study, study._storage.get_trial(found._trial_id))
    with pytest.raises(UpdateFinishedTrialError):
        trial_queue.end(study, found, TrialState.COMPLETE, [1.0])
    trial_queue.give_back(study, found)  # nothing to give
    assert states(study) == ["FAIL", "WAITING"]


def test_failures_in_a_row_are_counted_from_the_last_other_outcome_on(study: Study) -> None:
    begin = datetime.now() - timedelta(seconds=1)
    trial_queue.fill(study, 5, {})

    def fail() -> None:
        found = trial_queue.take(study, 5)
        assert found
        trial_queue.fail(study, found, "no")

    fail()
    finish(study, n_trials=5)
    assert trial_queue.failures_in_a_row(study, begin) == []
    fail()
    fail()
    assert [trial.number for trial in trial_queue.failures_in_a_row(study, begin)] == [3, 2]
    assert trial_queue.failures_in_a_row(study, datetime.now() + timedelta(seconds=1)) == []


def _take_all(url: str, n_trials: int) -> None:
    study = optuna.load_study(study_name="made", storage=open_storage(url, 1, trial_queue.on_stale))
    while True:
        trial_queue.fill(study, n_trials, {})
        if found := trial_queue.take(study, n_trials):
            trial_queue.end(study, found, TrialState.COMPLETE, [float(multiprocessing.current_process().name[-1])])
        elif not trial_queue.running(study):
            return


@pytest.mark.integration
def test_workers_that_rush_share_the_budget_to_the_last_trial(study: Study, url: str) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_take_all, args=(url, 40), name=f"worker-{n}") for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    done = trial_queue.finished(study)
    assert len(done) == 40
    assert [trial.state for trial in done] == [TrialState.COMPLETE] * 40
    assert sum(len({trial.number}) for trial in done) == 40
