"""The trials of a study in a real database: never more than `n_trials`, and none lost, whichever worker dies."""

import multiprocessing
import time
from datetime import datetime, timedelta

import optuna
import pytest
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage, fail_stale_trials
from optuna.study import Study
from optuna.trial import TrialState

from src.search import trial_queue
from src.search.storage import open_storage
from src.search.trial_queue import TrialQueue
from tests.search.conftest import QueueOf


def states(study: Study) -> list[str]:
    return [trial.state.name for trial in study.get_trials(deepcopy=False)]


def finish(queue: TrialQueue) -> int:
    queue.fill({})
    trial = queue.take()
    assert trial
    queue.end(trial, TrialState.COMPLETE, [0.5])
    return trial.number


def test_a_study_ends_at_its_number_of_trials_however_often_it_is_filled(study: Study, queue_of: QueueOf) -> None:
    queue = queue_of(3)
    for _ in range(3):
        queue.fill({"x": 0.25})
        finish(queue)
    queue.fill({})
    assert queue.take() is None
    assert queue.is_full()
    assert states(study) == ["COMPLETE"] * 3
    assert not queue_of(4).is_full()  # a larger number goes on
    assert finish(queue_of(4)) == 3


def test_only_the_first_trial_starts_with_the_given_values(queue_of: QueueOf) -> None:
    queue = queue_of(2)
    values = []
    for _ in range(2):
        queue.fill({"x": 0.25})
        found = queue.take()
        assert found
        values.append(queue.start(found).suggest_float("x", 0, 1))
    assert values[0] == 0.25
    assert values[1] != 0.25


def test_trials_that_are_too_many_are_never_taken(study: Study, queue_of: QueueOf) -> None:
    for _ in range(5):  # as workers do that fill at the same moment, and as earlier versions did at the start
        study.enqueue_trial({})
    first = queue_of(3).take()
    assert first
    assert queue_of(3).take()
    assert queue_of(3).take()
    assert queue_of(3).take() is None
    assert states(study) == ["RUNNING"] * 3 + ["WAITING"] * 2


def test_trials_that_wait_beyond_the_budget_are_closed_and_are_queued_anew_for_a_larger_one(
    study: Study, queue_of: QueueOf
) -> None:
    for _ in range(6):
        study.enqueue_trial({})
    assert [finish(queue_of(2)) for _ in range(2)] == [0, 1]
    assert states(study) == ["COMPLETE"] * 2 + ["FAIL"] * 4
    assert study.trials[2].user_attrs == {trial_queue.CLOSED: "sweep.n_trials=2"}
    assert len(trial_queue.counted(study)) == 2
    assert [finish(queue_of(4)) for _ in range(2)] == [6, 7]
    assert len(trial_queue.finished(study)) == 4


def test_only_one_trial_waits_at_a_time(study: Study, queue_of: QueueOf) -> None:
    queue = queue_of(60)
    for _ in range(3):
        queue.fill({})
    assert states(study) == ["WAITING"]
    assert queue.take()
    queue.fill({})
    assert states(study) == ["RUNNING", "WAITING"]


def test_a_trial_that_is_given_back_is_run_again_with_its_values(study: Study, queue_of: QueueOf) -> None:
    queue = queue_of(2)
    queue.fill({})
    found = queue.take()
    assert found
    x = queue.start(found).suggest_float("x", 0, 1)
    queue.give_back(found)
    assert states(study) == ["FAIL", "WAITING"]
    assert len(trial_queue.counted(study)) == 1
    again = queue.take()
    assert again
    assert again.user_attrs["again"] == 0
    assert queue.start(again).suggest_float("x", 0, 1) == x


def test_the_first_trial_is_found_under_the_number_of_its_latest_repetition(study: Study, queue_of: QueueOf) -> None:
    queue = queue_of(4)
    queue.fill({"x": 0.25})
    first = queue.take()
    queue.fill({})
    sampled = queue.take()  # of another worker
    assert first
    assert sampled
    assert trial_queue.first_trial(study).number == 0
    queue.end(sampled, TrialState.COMPLETE, [0.9])
    for number in (2, 3):  # given back twice
        queue.give_back(first)
        assert trial_queue.first_trial(study).number == number
        first = queue.take()
        assert first
    assert queue.start(first).suggest_float("x", 0, 1) == 0.25
    queue.end(first, TrialState.COMPLETE, [0.5])
    assert trial_queue.counted(study)[0].number == sampled.number
    assert trial_queue.first_trial(study).values == [0.5]


def test_a_failure_with_a_reason_counts(study: Study, queue_of: QueueOf) -> None:
    queue = queue_of(3)
    queue.fill({})
    found = queue.take()
    assert found
    queue.fail(found, "ValueError: no")
    assert len(trial_queue.finished(study)) == 1
    assert [finish(queue), finish(queue)] == [1, 2]
    queue.fill({})
    assert queue.take() is None


@pytest.mark.integration
def test_the_trial_of_a_dead_worker_is_run_again_and_three_deaths_fail_it(
    study: Study, storage: RDBStorage, queue_of: QueueOf
) -> None:
    storage.grace_period = 1
    queue = queue_of(1)
    queue.fill({"x": 0.5})
    for deaths in range(1, trial_queue.MOST_DEATHS + 1):
        assert queue.take()  # and no heartbeat from here on
        assert queue.take() is None
        fail_stale_trials(study)
        assert len(trial_queue.running(study)) == 1, "not before the time of grace is over"
        time.sleep(2.1)  # the database counts whole seconds
        fail_stale_trials(study)
        assert states(study) == ["FAIL"] * deaths + ["WAITING"]
    assert queue.take() is None
    (trial,) = trial_queue.finished(study)
    assert "died 3 times" in trial.user_attrs[trial_queue.REASON]
    assert trial.system_attrs["fixed_params"] == {"x": 0.5}


def test_a_worker_that_counted_as_dead_cannot_end_its_trial(
    study: Study, storage: RDBStorage, queue_of: QueueOf
) -> None:
    queue = queue_of(1)
    queue.fill({})
    found = queue.take()
    assert found
    storage.set_trial_state_values(queue.trial_id(found), TrialState.FAIL)
    trial_queue.on_stale(study, study.trials[found.number])
    with pytest.raises(UpdateFinishedTrialError):
        queue.end(found, TrialState.COMPLETE, [1.0])
    queue.give_back(found)  # nothing to give
    assert states(study) == ["FAIL", "WAITING"]


def test_failures_in_a_row_are_counted_from_the_last_other_outcome_on(study: Study, queue_of: QueueOf) -> None:
    since, queue = datetime.now() - timedelta(seconds=1), queue_of(5)

    def fail() -> None:
        queue.fill({})
        found = queue.take()
        assert found
        queue.fail(found, "no")

    fail()
    finish(queue)
    assert trial_queue.failures_in_a_row(study, since) == []
    fail()
    fail()
    assert [trial.number for trial in trial_queue.failures_in_a_row(study, since)] == [3, 2]
    assert trial_queue.failures_in_a_row(study, datetime.now() + timedelta(seconds=1)) == []


def _take_all(url: str, n_trials: int) -> None:
    storage = open_storage(url, 1, trial_queue.on_stale)
    study = optuna.load_study(study_name="made", storage=storage)
    queue = TrialQueue(study, storage, n_trials)
    while True:
        queue.fill({})
        if found := queue.take():
            queue.end(found, TrialState.COMPLETE, [float(multiprocessing.current_process().name[-1])])
        elif queue.is_full() and not trial_queue.running(study):
            return


@pytest.mark.integration
def test_workers_at_full_speed_share_the_trials_to_the_last_one(study: Study, url: str) -> None:
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
