"""Lines of progress of multiruns. (Their runs on the launchers are in tests/e2e.)"""

import shutil
import time
from typing import Any

import pytest
from omegaconf import OmegaConf

from src.tracking.multirun import progress as progress_module
from src.tracking.multirun.progress import MultirunProgress, MultirunWatch, PlannedJob, shared, shared_progress
from src.tracking.parents import children, start_parent
from src.tracking.store import open_store
from src.utils.progress import Ended, Job, Progress


def planned(digest: str, *, in_store: bool = False, skips: bool = False) -> PlannedJob:
    return PlannedJob(OmegaConf.create({}), digest, Job("lstm", 1), in_store, skips, lambda: f"run-{digest}")


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line.partition(", 0:00:")[0] for line in capsys.readouterr().err.splitlines()]


def test_each_job_that_ends_is_one_line_and_stays_counted(capsys):
    progress = MultirunProgress("grid", {"grid": [planned("a"), planned("b"), planned("c", in_store=True)]})
    first = {0: Ended(2, "run-a", 0.9)}
    progress.show(first)
    progress.show(first)
    progress.show({**first, 1: Ended(2, "run-b", None)})
    assert lines(capsys) == [
        "grid: 2 of 3 runs done (1 was in the store), best val_macro_f1 0.90000 (run-a)",
        "grid: 3 of 3 runs done (1 was in the store, 1 failed), best val_macro_f1 0.90000 (run-a)",
    ]
    assert progress.kept == "2 of 3 runs are done and kept"
    progress.finish()
    assert lines(capsys) == []


def test_a_look_at_runs_that_are_known_lists_the_open_jobs_once_however_many_ended(capsys, monkeypatch):
    progress = MultirunProgress("grid", {"grid": [planned(str(number)) for number in range(20)]})
    ended = {number: Ended(2, f"run-{number}", 0.9) for number in range(19)}
    progress.show(ended)
    listed = []
    whole = MultirunProgress._open.fget
    monkeypatch.setattr(MultirunProgress, "_open", property(lambda self: listed.append(whole(self)) or listed[-1]))
    progress.show(ended)
    assert listed == [[19]]
    assert progress.is_open(19)
    assert not progress.is_open(18)


def test_a_config_of_two_multiruns_runs_once(capsys):
    jobs = {"one": [planned("a", skips=True)], "other": [planned("a", skips=True), planned("b", skips=True)]}
    progress = MultirunProgress("paper", jobs)
    progress.show({0: Ended(2, "run-a", 0.9)})
    assert lines(capsys) == ["paper: 2 of 3 runs done (1 was in the store), best val_macro_f1 0.90000 (run-a)"]
    assert {number: job.digest for number, job in progress.jobs("other").items()} == {1: "a", 2: "b"}


def test_a_config_of_two_multiruns_that_skip_nothing_runs_twice(capsys):
    progress = MultirunProgress("paper", {"one": [planned("a")], "other": [planned("a")]})
    progress.show({0: Ended(2, "run-a", 0.9)})
    progress.show({1: Ended(2, "run-a", 0.9)})
    assert [line.partition(" runs")[0] for line in lines(capsys)] == ["paper: 1 of 2", "paper: 2 of 2"]


def test_a_job_that_was_skipped_is_counted_once(capsys):
    progress = MultirunProgress("grid", {"grid": [planned("a", in_store=True), planned("b")]})
    progress.skip(0)
    progress.skip(1)
    progress.skip(1)
    assert lines(capsys) == ["grid: 2 of 2 runs done (2 were in the store)"]


def test_a_multirun_that_had_nothing_to_do_still_ends_with_a_line(capsys):
    progress = MultirunProgress("grid", {"grid": [planned("a", in_store=True)]})
    progress.finish()
    assert lines(capsys) == ["grid: 1 of 1 runs done (1 was in the store)"]


def test_multiruns_share_a_progress_within_its_block_only():
    progress = MultirunProgress("paper", {"one": []})
    with shared_progress(progress):
        assert shared() is progress
    assert shared() is None


def test_jobs_side_by_side_halve_the_time_left():
    """After 10 s two workers have ended one job of 10 s each: the other four need 20 s."""
    progress = Progress("grid", [Job("lstm", 1)] * 6, now=iter([0, 10]).__next__)
    line = progress.line({0: Ended(10, "a", 0.9), 1: Ended(10, "b", 0.8)})
    assert line.endswith("0:00:10 elapsed, about 0:00:20 left")


def test_running_jobs_count_for_what_they_have_done():
    """One job of 10 s is done, another has run for 10 s, and a third waits: 10 s at two jobs a time is 5 s."""
    progress = Progress("grid", [Job("lstm", 1)] * 3, now=iter([0, 10]).__next__)
    line = progress.line({0: Ended(10, "a", 0.9)}, running={1: 10.0})
    assert line.endswith("about 0:00:05 left")


def test_scores_on_other_records_are_not_ranked():
    jobs = [Job("lstm", 1, "kdd99 binary random"), Job("lstm", 1, "kdd99 five official")]
    ended = {0: Ended(10, "a", 0.9)}
    assert "best val_macro_f1 0.90000" in Progress("grid", jobs[:1] * 2, now=iter([0, 10]).__next__).line(ended)
    assert "best" not in Progress("report", jobs, now=iter([0, 10]).__next__).line(ended)


def test_jobs_that_failed_before_they_began_say_nothing_on_time():
    progress = Progress("grid", [Job("lstm", 1)] * 2, now=iter([0, 10]).__next__)
    assert progress.line({0: Ended(0, "", None)}).endswith("time left not known yet")


def test_a_line_has_the_score_of_the_run_that_ended_last(capsys):
    progress = MultirunProgress("grid", {"grid": [planned("a"), planned("b")]})
    progress.show({0: Ended(2, "run-a", 0.9), 1: Ended(2, "run-b", 0.8)})
    assert lines(capsys) == [
        "grid: 1 of 2 runs done, best val_macro_f1 0.90000 (run-a)",
        "grid: 2 of 2 runs done, best val_macro_f1 0.90000 (run-a), last 0.80000 (run-b)",
    ]


def test_a_line_names_the_run_that_comes_next(capsys):
    progress = MultirunProgress("grid", {"grid": [planned("a", in_store=True), planned("b"), planned("c")]})
    progress.begin()
    progress.begin()
    progress.show({1: Ended(2, "run-b", 0.9)})
    progress.show({2: Ended(2, "run-c", 0.8)})
    first, second, last = capsys.readouterr().err.splitlines()
    assert first.startswith("grid: 1 of 3 runs done (1 was in the store), ")
    assert first.endswith("; now run-b")
    assert second.endswith("; now run-c")
    assert last.endswith("none left")


def test_a_long_run_prints_a_line_after_half_a_minute_and_then_more_and_more_seldom(capsys):
    clock = [0.0]
    progress = MultirunProgress("grid", {"grid": [planned("a"), planned("b")]}, now=lambda: clock[0])
    progress.begin()
    for second in range(1, 301):
        clock[0] = second
        progress.show({}, {0: float(second)})
    progress.show({0: Ended(300, "run-a", 0.9)})
    clock[0] = 331
    progress.show({0: Ended(300, "run-a", 0.9)}, {1: 31.0})
    progress.show({1: Ended(40, "run-b", 0.8)})
    clock[0] = 400
    progress.show({1: Ended(40, "run-b", 0.8)})
    printed = [line.partition("runs done")[2] for line in capsys.readouterr().err.splitlines()]
    assert [line.partition("elapsed")[0].split()[-1] for line in printed] == [
        "0:00:00", "0:00:30", "0:01:30", "0:03:30", "0:05:00", "0:05:31", "0:05:31",
    ]  # fmt: skip
    assert all(line.endswith("time left not known yet; now run-a") for line in printed[:4])


# Runs of the store are those of jobs


@pytest.fixture
def watched(tmp_path, monkeypatch, laid_out_store):
    """Function that watches a multirun of some jobs, and one that makes a run of it, or of another call."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setattr(MultirunWatch, "_poll", lambda self: None)
    (tmp_path / "mlruns").mkdir()
    shutil.copy(laid_out_store, tmp_path / "mlruns")
    parent = start_parent("simulated", "shared", {})
    client = open_store("simulated").MlflowClient()
    experiment = client.get_run(parent).info.experiment_id

    def watch(*jobs: PlannedJob) -> MultirunWatch:
        progress = MultirunProgress("grid", {"grid": jobs})
        return MultirunWatch(progress, progress.jobs("grid"), "simulated", parent, "call-1")

    def run(digest: str, status: str = "FINISHED", call: str = "call-1", start_ms: int | None = None) -> str:
        tags = {"mlflow.parentRunId": parent, "fingerprint.config": digest, "multirun_call": call}
        made = client.create_run(experiment, start_ms, tags, f"run-{digest}").info.run_id
        if status == "FINISHED":
            client.log_metric(made, "val_macro_f1", 0.9)
        if status != "RUNNING":
            client.set_terminated(made, status)
        return made

    return watch, run, lambda run_id: client.get_run(run_id).info.status


def test_equal_jobs_of_a_grid_are_runs_of_their_own(watched, capsys):
    watch, run, _ = watched
    grid = watch(planned("a"), planned("a"))
    run("a")
    grid.job_ended(0, None)
    run("a")
    grid.job_ended(1, None)
    grid.finish()
    assert lines(capsys) == [f"grid: {done} of 2 runs done, best val_macro_f1 0.90000 (run-a)" for done in (1, 2)]


def test_a_job_that_failed_is_counted_once_where_another_has_its_config(watched, capsys):
    watch, run, _ = watched
    grid = watch(planned("a"), planned("a"), planned("a"))
    run("a", "FAILED")
    grid.job_ended(0, ValueError())
    grid.job_ended(1, ValueError())  # before its run began
    run("a")
    grid.job_ended(2, None)
    grid.finish()
    assert lines(capsys) == [
        "grid: 1 of 3 runs done (1 failed)",
        "grid: 2 of 3 runs done (2 failed)",
        "grid: 3 of 3 runs done (2 failed), best val_macro_f1 0.90000 (run-a)",
    ]


def test_with_workers_an_equal_job_is_skipped_or_runs_too(watched, capsys):
    """Workers say nothing: what has no run at the end was skipped, or failed before its run began."""
    watch, run, _ = watched
    grid = watch(planned("a", skips=True), planned("a", skips=True), planned("b", skips=True))
    run("a")
    grid.finish()
    assert (
        lines(capsys)[-1] == "grid: 3 of 3 runs done (1 was in the store, 1 failed), best val_macro_f1 0.90000 (run-a)"
    )


def test_two_multiruns_with_one_parent_count_and_end_their_own_runs(watched, capsys):
    watch, run, status = watched
    grid = watch(planned("a"), planned("b"))
    others = [run("a", call="call-2"), run("b", "RUNNING", call="call-2")]
    own = run("b", "RUNNING")
    grid.show()
    assert lines(capsys) == []
    grid.end_open_runs()
    assert [status(one) for one in (*others, own)] == ["FINISHED", "RUNNING", "KILLED"]


def test_runs_that_ended_are_read_from_the_store_once(watched, capsys, monkeypatch):
    """A look at the store takes 10 ms for each run that it reads, and a grid has hundreds."""
    read: list[list[str]] = []

    def noted(*args: Any, **options: Any) -> list[Any]:
        found = children(*args, **options)
        read.append(sorted(one.info.run_name for one in found))
        return found

    monkeypatch.setattr(progress_module, "children", noted)
    watch, run, _ = watched
    grid, now = watch(*map(planned, "abcd")), int(time.time() * 1000)
    run("a", start_ms=now)
    still_runs = run("b", "RUNNING", start_ms=now + 301_000)
    grid.show()
    run("c", start_ms=now + 2_000)  # by a clock that is almost five minutes late
    grid.show()
    open_store("simulated").MlflowClient().set_terminated(still_runs, "FAILED")
    run("d", start_ms=now + 900_000)
    grid.show()
    grid.finish()
    assert read == [["run-a", "run-b"], ["run-b", "run-c"], ["run-b", "run-c", "run-d"], *[["run-d"]] * 2]
    assert lines(capsys)[-1].startswith("grid: 4 of 4 runs done (1 failed), best val_macro_f1 0.90000 (run-a)")
