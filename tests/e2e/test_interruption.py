"""Ctrl-C, SIGTERM and errors in the real commands; progress on every launcher."""

import os
import re
import signal
import threading
import time

import pytest

from tests.e2e.conftest import SIMULATED, wait_for

pytestmark = pytest.mark.integration

ENDLESS = (*SIMULATED, "training.epochs=100000", "training.patience=null", "tracking.log_model=false")
TREES = (*SIMULATED, "model=decision_tree", "tracking.log_model=false", "evaluation.bootstrap=100")
JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
RAY = ("hydra/launcher=ray", "hydra.launcher.ray.init.address=local", "+hydra.launcher.ray.init.num_cpus=2")
LAUNCHERS = pytest.mark.parametrize("launcher", [(), JOBLIB, RAY], ids=["basic", "joblib", "ray"])
# The tree ends; the network would run for hours.
GRID = (*ENDLESS, "-m", "model=decision_tree,lstm", "evaluation.bootstrap=100")


class Started:
    """A command whose output is read while it runs."""

    def __init__(self, process):
        self.process = process
        self.output = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while text := self.process.stdout.read(1):
            self.output += text

    def stop(self, number):
        """Send a signal, to the workers too if they are in its group; return the lines since, and the seconds."""
        before, start = len(self.output), time.monotonic()
        if os.getpgid(self.process.pid) == self.process.pid:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        self.process.wait(60)
        seconds = time.monotonic() - start
        self._reader.join(5)  # also what helpers of the workers print after the command has ended
        return self.output[before:].splitlines(), seconds


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_single_run_ends_in_two_lines(project, background, number, status):
    command = ("python", "-m", "src.train", *ENDLESS, "training.progress=true")
    started = Started(background(project.start(*command)))
    wait_for(lambda: "val_accuracy" in started.output, "the first epoch")
    lines, seconds = started.stop(number)
    assert started.process.returncode == status
    kept, again = lines[-2:]
    (run,) = project.runs()
    name = "Ctrl-C" if status == 130 else "SIGTERM"
    assert kept == f"train: stopped by {name}; MLflow run {run.info.run_id[:8]} is kept, as KILLED"
    assert again == f"start again with: {' '.join(command)}"
    assert run.info.status == "KILLED"
    assert "Traceback" not in started.output
    assert seconds < 10  # 3 on a machine of its own


@pytest.mark.parametrize(
    ("launcher", "times", "number"),
    [((), 1, signal.SIGTERM), ((), 2, signal.SIGINT), (JOBLIB, 2, signal.SIGINT), (RAY, 1, signal.SIGINT)],
    ids=["basic-terminated", "basic-twice", "joblib-twice", "ray-once"],
)
def test_a_grid_keeps_what_is_done_and_names_the_command_that_goes_on(project, background, launcher, times, number):
    command = ("python", "-m", "src.train", *GRID, *launcher)
    started = Started(background(project.start(*command, start_new_session=True)))  # as from a terminal
    wait_for(lambda: "1 of 2 runs done" in started.output, "the tree")
    wait_for(lambda: project.statuses().count("RUNNING") == 2, "the parent and the network")
    if times == 2:
        threading.Timer(0.3, started.process.send_signal, [number]).start()
    lines, seconds = started.stop(number)
    assert started.process.returncode == 128 + number, started.output
    name = "Ctrl-C" if number == signal.SIGINT else "SIGTERM"
    place = lines.index(f"train: stopped by {name}; 1 of 2 runs are done and kept")
    assert lines[place + 1] == f"go on with: {' '.join(command)} tracking.skip_finished=true"
    assert launcher == RAY or place == len(lines) - 2  # Ray's own processes may print after that
    assert "2 of 2" not in started.output
    assert "Traceback" not in started.output
    assert sorted(project.statuses()) == ["FINISHED", "KILLED", "KILLED"]
    assert project.runs()[-1].data.tags["multirun"] == "true"  # the parent, which began first
    assert project.runs()[-1].info.status == "KILLED"
    assert seconds < 10


def test_a_terminated_grid_leaves_nothing_running_with_joblib(project, background):
    started = Started(background(project.start("python", "-m", "src.train", *GRID, *JOBLIB)))
    wait_for(lambda: project.statuses().count("RUNNING") == 2, "the parent and the network")
    started.stop(signal.SIGTERM)
    assert started.process.returncode == 143
    assert "RUNNING" not in project.statuses()


def test_a_sweep_with_several_workers_leaves_nothing_running(project, background):
    command = ("python", "-m", "src.sweep", "-m", "worker=0,1", *JOBLIB, *ENDLESS)
    started = Started(background(project.start(*command)))
    wait_for(lambda: project.statuses().count("RUNNING") == 3, "the study and a trial of each worker")
    lines, _ = started.stop(signal.SIGINT)
    assert started.process.returncode == 130
    assert lines[-2] == "sweep: stopped by Ctrl-C; the trials that ended are kept"
    assert lines[-1] == f"go on with: {' '.join(command)}"
    assert set(project.statuses()) == {"KILLED"}


@LAUNCHERS
def test_every_launcher_shows_progress_under_one_parent_and_goes_on_after_a_job_that_fails(project, launcher):
    output = project.module("train", "-m", *TREES, "k=2,54,3", *launcher, fails=True)
    lines = [line for line in output.splitlines() if line.startswith("multirun: ")]
    best = r"best val_macro_f1 0\.\d{5} \(.+\), |"  # none before the first run
    form = rf"multirun: (\d) of 3 runs done(?: \(1 failed\))?, (?:{best})0:\d\d:\d\d elapsed, .*"
    found = [re.fullmatch(form, line) for line in lines]
    assert all(found), lines
    # on a busy machine a line may come again, to say that work goes on
    assert list(dict.fromkeys(match[1] for match in found if match)) == ["0", "1", "2", "3"]
    assert re.search(r" time left not known yet; now decision_tree-pca-(2|54|3)-binary", lines[0])
    assert lines[-1].endswith("none left")

    failed = "k=54: expected a whole number from 1 to 53"
    assert output.index(failed) < output.index("3 of 3 runs done (1 failed)") < output.rindex(failed)
    assert "Traceback" not in output
    (parent,) = [run for run in project.runs() if run.data.tags.get("multirun")]
    children = [run for run in project.runs() if run.info.run_id != parent.info.run_id]
    assert [run.info.status for run in (parent, *children)] == ["FAILED", "FINISHED", "FINISHED"]
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent.info.run_id}


def test_the_grids_of_a_report_have_one_progress_and_are_skipped_once_they_are_done(project):
    same = ("paper", *TREES, "recipe=none", "task=binary", "reducer=pca", "k=2", "seed=0", "training.epochs=1")
    n = len(list((project.root / "conf" / "experiment" / "paper").glob("*.yaml")))  # grids, of the same run here
    output = project.module("grids", *same)
    assert re.search(rf"^paper: {n} of {n} runs done \({n - 1} were in the store\), best .* none left$", output, re.M)
    (child,) = [run for run in project.runs() if "mlflow.parentRunId" in run.data.tags]
    again = project.module("grids", *same)
    said, done = again.splitlines()
    assert said == f"paper: looks for the runs of {n} grids in the store"
    assert done.startswith(f"paper: {n} of {n} runs done ({n} were in the store), ")
    assert [run.info.run_id for run in project.runs() if "mlflow.parentRunId" in run.data.tags] == [child.info.run_id]


def test_an_expected_error_shows_a_traceback_only_when_asked(bare_project):
    message = "train: model.units='oops': Input should be a valid integer"
    output = bare_project.module("train", "model.units=oops", fails=True)
    assert output.startswith(message)
    assert len(output.splitlines()) == 1
    bare_project.env["HYDRA_FULL_ERROR"] = "1"
    assert "Traceback" in bare_project.module("train", "model.units=oops", fails=True)
