"""A worker with quick trials, in a real database."""

import re
import signal
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import optuna
import pytest
from optuna.study import Study
from optuna.trial import Trial, TrialState

from src.search import trial_queue
from src.search import worker as worker_module
from src.search.config import Sweep
from src.search.progress import Lines, best
from src.search.storage import open_storage
from src.search.worker import StudyError, Worker
from src.tracking.connection import StoreAwayError
from tests.search.conftest import Define


def draw(study: Study, trial: Trial) -> list[float]:
    return [trial.suggest_float("x", 0, 1)]


def worker(sweep: Sweep, run: Callable[[Study, Trial], list[float]] = draw, first: Any = None) -> tuple[Worker, Study]:
    storage = open_storage(str(sweep.storage), sweep.heartbeat, trial_queue.on_stale)
    directions = list(sweep.objectives.values())
    study = optuna.create_study(study_name="made", storage=storage, directions=directions, load_if_exists=True)
    return Worker(sweep, study, storage, first or {}, run, Lines(sweep)), study


def states(study: Study) -> list[str]:
    return [trial.state.name for trial in study.get_trials(deepcopy=False)]


def test_it_works_until_no_trial_is_left_and_a_second_call_finds_nothing_to_do(
    define: Define, capsys: pytest.CaptureFixture[str]
) -> None:
    one, study = worker(define(), first={"x": 0.125})
    assert one.work()
    assert states(study) == ["COMPLETE"] * 4
    assert study.trials[0].params == {"x": 0.125}
    assert re.search(r"trial 3, val_macro_f1 0\.\d{5}: 4 of 4 trials done, best .*none left", capsys.readouterr().err)
    assert worker(define())[0].work()
    assert len(study.trials) == 4
    assert worker(define(n_trials=6))[0].work()
    assert states(study) == ["COMPLETE"] * 6


def test_the_same_seed_draws_the_same_trials_also_in_two_calls(define: Define, tmp_path: Any) -> None:
    found = []
    for place, calls in (("once", [6]), ("twice", [3, 6])):
        url = f"sqlite:///{tmp_path / place}.db"
        for n_trials in calls:
            sampler = {"name": "tpe", "n_startup_trials": 2, "multivariate": True, "group": True}
            one, study = worker(define(storage=url, n_trials=n_trials, sampler=sampler))
            one.work()
        found.append([trial.params["x"] for trial in study.trials])
    assert found[0] == found[1]
    assert len(set(found[0])) == 6


def test_a_failed_trial_records_its_reason_and_the_study_goes_on(
    define: Define, capsys: pytest.CaptureFixture[str]
) -> None:
    address = "postgresql://me:secret@host/runs"
    errors = iter([ValueError("\nbroken\nand more"), MemoryError(), OSError(f"{address} did not answer")])

    def run(study: Study, trial: Trial) -> list[float]:
        if trial.number < 3:
            raise next(errors)
        return draw(study, trial)

    one, study = worker(define(), run)
    assert one.work()
    assert states(study) == ["FAIL", "FAIL", "FAIL", "COMPLETE"]
    reasons = [trial.user_attrs.get(trial_queue.REASON) for trial in study.trials]
    assert reasons[:3] == ["ValueError: broken", "MemoryError", "OSError: postgresql://me:***@host/runs did not answer"]
    said = capsys.readouterr().err
    assert "trial 0, failed (ValueError: broken): 1 of 4 trials done (1 failed), " in said
    assert "4 of 4 trials done (3 failed), best val_macro_f1" in said


def test_a_store_that_goes_away_fails_no_trial_and_the_next_call_runs_it_again(define: Define) -> None:
    def run(study: Study, trial: Trial) -> list[float]:
        draw(study, trial)
        if trial.number == 1:
            raise StoreAwayError("the server no longer answers")
        return [0.5]

    one, study = worker(define(), run)
    with pytest.raises(StoreAwayError, match="no longer answers"):
        one.work()
    assert states(study) == ["COMPLETE", "FAIL", "WAITING"]
    assert trial_queue.failures_in_a_row(study, study.trials[0].datetime_start) == []
    assert study.trials[2].params == study.trials[1].params
    assert worker(define())[0].work()
    assert len(trial_queue.finished(study)) == 4


def test_an_error_that_a_library_makes_of_a_signal_fails_no_trial(
    define: Define, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OmegaConf raises an AttributeError where the signal arrives while it copies a config."""

    def run(study: Study, trial: Trial) -> list[float]:
        draw(study, trial)
        if trial.number == 1:
            monkeypatch.setattr(worker_module, "stopping", lambda: signal.SIGINT)
            raise AttributeError("'NoneType' object has no attribute '_invalidate_flags_cache'")
        return [0.5]

    one, study = worker(define(), run)
    with pytest.raises(AttributeError):
        one.work()
    assert states(study) == ["COMPLETE", "FAIL", "WAITING"]
    monkeypatch.undo()
    assert worker(define())[0].work()
    assert len(trial_queue.finished(study)) == 4


def test_a_value_that_is_nan_fails_only_its_trial(define: Define) -> None:
    one, study = worker(define(), lambda study, trial: [float("nan") if trial.number == 1 else 0.5])
    assert one.work()
    assert states(study) == ["COMPLETE", "FAIL", "COMPLETE", "COMPLETE"]
    assert study.trials[1].user_attrs[trial_queue.REASON]


def test_too_many_failures_in_a_row_stop_the_study_and_a_fixed_one_goes_on(define: Define) -> None:
    def run(study: Study, trial: Trial) -> list[float]:
        raise RuntimeError("the disk is full")

    one, study = worker(define(n_trials=9), run)
    with pytest.raises(StudyError, match=r"made: 4 trials failed .* trial 3: RuntimeError: the disk is full.*goes on"):
        one.work()
    assert states(study) == ["FAIL"] * 4 + ["WAITING"]
    one, study = worker(define(n_trials=9))
    assert one.work()
    assert states(study) == ["FAIL"] * 4 + ["COMPLETE"] * 5


def test_a_pruned_trial_counts_and_keeps_what_was_reported(define: Define) -> None:
    def run(study: Study, trial: Trial) -> list[float]:
        for epoch in range(1, 6):
            trial.report(1.0 - trial.number / 10 + epoch / 1000, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return draw(study, trial)

    one, study = worker(define(pruner={"name": "median", "n_startup_trials": 1, "n_warmup_steps": 2}), run)
    assert one.work()
    assert states(study) == ["COMPLETE", "PRUNED", "PRUNED", "PRUNED"]
    assert sorted(study.trials[1].intermediate_values) == [1, 2]
    assert best(study).number == 0


def test_ctrl_c_leaves_the_trial_to_the_next_call(define: Define) -> None:
    drawn = []

    def run(study: Study, trial: Trial) -> list[float]:
        drawn.append(trial.suggest_float("x", 0, 1))
        if len(drawn) == 2:
            raise KeyboardInterrupt
        return [drawn[-1]]

    one, study = worker(define(), run)
    with pytest.raises(KeyboardInterrupt):
        one.work()
    assert states(study) == ["COMPLETE", "FAIL", "WAITING"]
    one, study = worker(define(), run)
    assert one.work()
    assert len(trial_queue.finished(study)) == 4
    assert drawn[2] == drawn[1], "the same values again, and at once"


def test_a_trial_that_another_thread_releases_is_queued_again_once(define: Define) -> None:
    def run(study: Study, trial: Trial) -> list[float]:
        one.release()  # as the thread does that ends the process
        raise KeyboardInterrupt

    one, study = worker(define(), run)
    with pytest.raises(KeyboardInterrupt):
        one.work()
    assert states(study) == ["FAIL", "WAITING"]


def test_a_smaller_budget_after_an_interruption_leaves_no_trial_waiting_and_a_larger_one_goes_on(
    define: Define,
) -> None:
    def run(study: Study, trial: Trial) -> list[float]:
        if trial.number == 2:
            raise KeyboardInterrupt
        return draw(study, trial)

    one, study = worker(define(n_trials=60), run)
    with pytest.raises(KeyboardInterrupt):
        one.work()
    assert states(study) == ["COMPLETE", "COMPLETE", "FAIL", "WAITING"]
    assert worker(define(n_trials=2))[0].work()
    assert states(study) == ["COMPLETE", "COMPLETE", "FAIL", "FAIL"]
    assert len(trial_queue.finished(study)) == 2
    assert worker(define(n_trials=4))[0].work()
    assert states(study) == ["COMPLETE", "COMPLETE", "FAIL", "FAIL", "COMPLETE", "COMPLETE"]


def test_no_trial_begins_after_the_timeout(define: Define, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(worker_module, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    def run(study: Study, trial: Trial) -> list[float]:
        clock[0] += 60
        return draw(study, trial)

    one, study = worker(define(timeout=100), run)
    assert one.work()
    assert len(trial_queue.finished(study)) == 2


def test_a_worker_that_counted_as_dead_goes_on_with_other_trials(
    define: Define, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(study: Study, trial: Trial) -> list[float]:
        if trial.number == 0:  # the machine slept, and others found the trial stale
            study.tell(trial, state=TrialState.FAIL)
            trial_queue.on_stale(study, study.trials[trial.number])
        return draw(study, trial)

    one, study = worker(define(), run)
    assert one.work()
    assert len(trial_queue.finished(study)) == 4
    assert states(study) == ["FAIL"] + ["COMPLETE"] * 4
    assert "trial 0: another worker has it now" in capsys.readouterr().err


@pytest.mark.integration
def test_workers_do_not_wait_for_each_other_and_the_last_one_returns_true(
    define: Define, capsys: pytest.CaptureFixture[str]
) -> None:
    slow_began, results = threading.Event(), {}

    def slow(study: Study, trial: Trial) -> list[float]:
        slow_began.set()
        time.sleep(3)
        return draw(study, trial)

    def quick(study: Study, trial: Trial) -> list[float]:
        slow_began.wait()
        return draw(study, trial)

    workers = {"slow": worker(define(n_trials=8), slow)[0], "quick": worker(define(n_trials=8), quick)[0]}
    threads = [
        threading.Thread(target=lambda name=name, one=one: results.update({name: one.work()}))
        for name, one in workers.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == {"slow": True, "quick": False}
    waits = re.findall(r"waits for other workers, which have trial \d; what a dead one had", capsys.readouterr().err)
    assert len(waits) == 1
    _, study = worker(define(n_trials=8))
    assert [trial.state for trial in trial_queue.finished(study)] == [TrialState.COMPLETE] * 8


def test_the_best_is_the_first_of_equals_by_the_first_objective(define: Define) -> None:
    objectives = {"fit_seconds": "minimize", "val_macro_f1": "maximize"}
    values = [[2.0, 0.9], [1.0, 0.5], [1.0, 0.9], [3.0, 1.0]]
    one, study = worker(define(objectives=objectives), lambda study, trial: values[trial.number])
    one.work()
    assert best(study).number == 1
