"""Lines of a sweep: what runs, what it tries, how far it is."""

from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import optuna
import pytest
from optuna.study import Study
from optuna.trial import TrialState, create_trial

from src.search import progress, trial_queue
from src.search.progress import SAME, Lines, from_best
from tests.search.conftest import Define, QueueOf

Capture = pytest.CaptureFixture[str]


def add(study: Study, value: float | None, seconds: float, *, running: bool = False, **attrs: object) -> int:
    """Add a trial, and return its number; without a value it failed."""
    start = datetime(2026, 1, 1)
    failed = {} if value is not None or running else {trial_queue.REASON: "ValueError: no"}
    state = TrialState.RUNNING if running else TrialState.FAIL if value is None else TrialState.COMPLETE
    trial = create_trial(state=state, value=value, user_attrs={**failed, **attrs})
    trial.datetime_start = start
    trial.datetime_complete = None if running else start + timedelta(seconds=seconds)
    study.add_trial(trial)
    return len(study.get_trials(deepcopy=False)) - 1


@pytest.fixture
def memory() -> Study:
    return optuna.create_study(study_name="made", direction="maximize")


def test_the_first_line_says_that_the_study_is_new_and_creates_no_file(
    define: Define, url: str, capsys: Capture
) -> None:
    Lines(define()).open()
    file = url.removeprefix("sqlite:///")
    assert capsys.readouterr().err == (
        f"made: new study of 4 trials, maximizes val_macro_f1, kept in {file}; Ctrl-C stops it, and the same command "
        "goes on\n"
    )
    assert not Path(file).exists()


@pytest.mark.parametrize(
    ("n_trials", "said"),
    [
        (4, "made: goes on, 1 of 4 trials done, maximizes val_macro_f1, kept in "),
        (1, "made: 1 trial done, and sweep.n_trials=1 asks for no more, maximizes val_macro_f1, kept in "),
    ],
)
def test_the_first_line_of_a_later_call_counts_the_trials_that_are_done(
    study: Study, define: Define, queue_of: QueueOf, capsys: Capture, n_trials: int, said: str
) -> None:
    queue_of(4).fill({})
    taken = queue_of(4).take()
    assert taken
    queue_of(4).end(taken, TrialState.COMPLETE, [0.5])
    queue_of(4).fill({})
    Lines(define(n_trials=n_trials)).open()
    assert capsys.readouterr().err.startswith(said)


def test_an_interrupted_sweep_says_how_many_trials_are_kept_and_where(
    define: Define, memory: Study, url: str, capsys: Capture
) -> None:
    lines = Lines(define(n_trials=6))
    lines.open()
    lines.end(memory, add(memory, 0.95, 10))
    assert lines.kept() == f"1 of 6 trials of made are kept in {url.removeprefix('sqlite:///')}"


def test_a_storage_without_the_study_has_none_done(study: Study, define: Define, capsys: Capture) -> None:
    Lines(define(study="another", n_trials=1)).open()
    assert "another: new study of 1 trial, maximizes val_macro_f1, kept in" in capsys.readouterr().err


def test_a_trial_starts_with_its_values_and_only_the_first_says_what_else_takes_time(
    define: Define, capsys: Capture
) -> None:
    lines = Lines(define())
    lines.start(3, {"reducer": "mi", "k": 3})
    lines.start(4, {"reducer": "pca", "training.learning_rate": 0.00712373})
    assert capsys.readouterr().err.splitlines() == [
        "trial 3: reducer=mi k=3 (the first one here also loads the data and the libraries)",
        "trial 4: reducer=pca learning_rate=0.007124",
    ]


def test_a_long_trial_shows_its_epoch_now_and_then(
    define: Define, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now[0]))
    lines = Lines(define())
    for epoch in range(1, 101):
        now[0] = epoch
        lines.epoch(3, epoch, 200, 0.99)
    assert capsys.readouterr().err.splitlines() == [
        f"trial 3: epoch {epoch} of at most 200, val_accuracy 0.99000" for epoch in (30, 60, 90)
    ]


def test_a_trial_ends_with_its_score_the_best_so_far_and_the_time_left(
    define: Define, memory: Study, capsys: Capture
) -> None:
    lines = Lines(define(n_trials=6))
    lines.end(memory, add(memory, 0.95, 10))
    lines.end(memory, add(memory, 0.94, 20))
    lines.end(memory, add(memory, 0.95, 0, **{SAME: 0}))
    lines.end(memory, add(memory, None, 10))
    assert capsys.readouterr().err.splitlines() == [
        "trial 0, val_macro_f1 0.95000: 1 of 6 trials done, best val_macro_f1 0.95000 (trial 0), 0:00:00 elapsed, "
        "about 0:00:50 left",
        "trial 1, val_macro_f1 0.94000: 2 of 6 trials done, best val_macro_f1 0.95000 (trial 0), 0:00:00 elapsed, "
        "about 0:01:00 left",
        "trial 2, same values as trial 0, val_macro_f1 0.95000: 3 of 6 trials done, "
        "best val_macro_f1 0.95000 (trial 0), 0:00:00 elapsed, about 0:00:30 left",
        "trial 3, failed (ValueError: no): 4 of 6 trials done (1 failed), best val_macro_f1 0.95000 (trial 0), "
        "0:00:00 elapsed, about 0:00:20 left",
    ]


def test_several_workers_name_themselves_and_share_the_time_left(
    define: Define, memory: Study, capsys: Capture
) -> None:
    lines = Lines(define(n_trials=5), worker=1)
    add(memory, None, 0, running=True)
    lines.end(memory, add(memory, 0.95, 10))
    lines.start(2, {"k": 3})
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("worker 1, trial 1, val_macro_f1 0.95000: 1 of 5 trials done")
    assert first.endswith("about 0:00:20 left")
    assert second.startswith("worker 1, trial 2: k=3")


def test_a_worker_that_waits_says_for_which_trials_and_for_how_long_at_most(define: Define, capsys: Capture) -> None:
    Lines(define(heartbeat=15), worker=0).wait([3, 4])
    assert capsys.readouterr().err == (
        "worker 0, waits for other workers, which have trials 3, 4; what a dead one had is run again "
        "60 s after its last sign of life\n"
    )


def test_no_more_time_is_left_than_until_the_timeout(define: Define, memory: Study, capsys: Capture) -> None:
    Lines(define(n_trials=60, timeout=100.0)).end(memory, add(memory, 0.95, 10))
    assert "about 0:01:40 left" in capsys.readouterr().err


def test_the_best_come_first_and_of_equal_ones_the_oldest(memory: Study) -> None:
    for value in (0.5, 0.9, 0.9, 0.7):
        add(memory, value, 1)
    assert [trial.number for trial in from_best(memory)] == [1, 2, 3, 0]
    with pytest.raises(ValueError, match="study other: found no complete trial"):
        from_best(optuna.create_study(study_name="other"))
