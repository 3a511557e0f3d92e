"""`python -m src.sweep` as users run it: worker processes, real storages, kills; simulated records."""

import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import optuna
import psutil
import pytest
from filelock import FileLock
from mlflow.entities import Run
from optuna.study import Study
from optuna.trial import FrozenTrial

from src.search import trial_queue
from src.tracking.processes import process_tag
from tests.e2e.conftest import SIMULATED, Project, wait_for
from tests.servers import PostgreSQL, free_port, postgresql

pytestmark = pytest.mark.integration
# The space of sweep=components with small networks; two threads of one process each would fight for the cores.
TINY = (*SIMULATED[:-1], "training.epochs=3", "model.units=8", "model.fourier.n_frequencies=4")
SWEEP = (*TINY, "sweep.threads=1", "sweep.heartbeat=1")
STUDY = "components-binary-simulated"


def study_of(project: Project, url: str | None = None) -> Study | None:
    """The study, once it is there."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    file = project.root / "mlruns" / "optuna.db"
    if url is None and not file.is_file():
        return None
    try:
        with FileLock(file.with_suffix(".lock")):  # Optuna creates missing tables, perhaps while a worker does so too
            return optuna.load_study(study_name=STUDY, storage=url or f"sqlite:///{file}")
    except KeyError:
        return None


def runs_of(project: Project) -> tuple[Run, list[Run]]:
    """The study's run and its trials' runs."""
    (parent,) = [run for run in project.runs() if run.data.tags.get("multirun")]
    return parent, [run for run in project.runs() if "trial" in run.data.tags]


def assert_whole(project: Project, study: Study, n_trials: int) -> None:
    """Check that exactly `n_trials` are finished, each with a run of the same outcome, and that the report exists."""
    done = trial_queue.finished(study)
    assert len(done) == n_trials
    assert not trial_queue.running(study)
    parent, runs = runs_of(project)
    assert parent.info.status == "FINISHED"
    by_id = {run.info.run_id: run for run in runs}
    for trial in done:
        run = by_id[trial.user_attrs["mlflow_run"]]
        assert run.data.tags["trial.state"] == trial.state.name
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        if trial.values and trial.state.name == "COMPLETE":
            assert run.data.metrics["val_macro_f1"] == trial.values[0]
    assert not [run for run in runs if run.info.status == "RUNNING"]
    assert parent.data.metrics["best_val_macro_f1"] == study.best_value
    names = {item.path for item in mlflow.MlflowClient(project.store).list_artifacts(parent.info.run_id)}
    assert {"README.md", "index.html", "trials.csv", "history.svg", "slices.svg", "parallel_coordinates.svg"} <= names
    assert (project.root / "reports" / "sweeps" / STUDY / "index.html").is_file()


def kill_in_mid_trial(project: Project, study: Study, worker: "subprocess.Popen[str]") -> FrozenTrial:
    """SIGKILL a worker during a trial, and return that trial.

    The worker is stopped first: otherwise it could end the trial and start another before the kill.
    """

    own = psutil.Process(worker.pid)

    def halted() -> FrozenTrial | None:
        worker.send_signal(signal.SIGSTOP)
        _, runs = runs_of(project)
        its_own = {run.info.run_id for run in runs if run.data.tags["process"] == process_tag(own)}
        for trial in trial_queue.running(study):
            if trial.user_attrs.get("mlflow_run") in its_own:
                return trial
        worker.send_signal(signal.SIGCONT)  # between two trials
        return None

    trial: FrozenTrial = wait_for(halted, "a trial of that worker")
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    return trial


def test_a_trial_of_a_killed_worker_is_run_again(project, background):
    command = ("python", "-m", "src.sweep", *SWEEP, "sweep.n_trials=5", "sweep/pruner=none")
    first = background(project.start(*command, "worker=0"))
    study = wait_for(lambda: study_of(project), "the study")
    second = background(project.start(*command, "worker=1"))
    wait_for(lambda: len(trial_queue.running(study)) == 2, "two trials at once")
    dead = kill_in_mid_trial(project, study, first)
    output, _ = second.communicate(timeout=300)
    assert second.returncode == 0, output

    assert_whole(project, study, 5)
    assert [trial.number for trial in study.trials if trial.state.name == "FAIL"] == [dead.number]
    (again,) = [trial for trial in study.trials if trial.user_attrs.get("again") == dead.number]
    assert again.params == dead.params
    _, runs = runs_of(project)
    assert [run.info.status for run in runs if run.info.run_id == dead.user_attrs["mlflow_run"]] == ["KILLED"]
    assert len(runs) == 6


def test_an_interrupted_study_goes_on_and_its_winner_can_be_made_again(project, background):
    command = ("sweep", *SWEEP, "sweep.n_trials=4")
    process = background(project.start("python", "-m", f"src.{command[0]}", *command[1:]))
    study = wait_for(lambda: study_of(project), "the study")
    wait_for(lambda: len(trial_queue.finished(study)) >= 1 and trial_queue.running(study), "the second trial")
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    before = len(trial_queue.finished(study))
    assert 1 <= before < 4
    assert f"{STUDY}: new study of 4 trials, maximizes val_macro_f1, kept in mlruns/optuna.db" in said.splitlines()[0]
    kept, resume = said.splitlines()[-2:]
    assert kept == f"sweep: stopped by Ctrl-C; {before} of 4 trials of {STUDY} are kept in mlruns/optuna.db"
    assert resume == f"go on with: {' '.join(['python', '-m', 'src.sweep', *command[1:]])}"
    assert runs_of(project)[0].info.status == "KILLED"

    output = project.module(*command)
    assert (
        f"{STUDY}: goes on, {before} of 4 trials done, maximizes val_macro_f1, kept in mlruns/optuna.db"
        in output.splitlines()[0]
    )
    assert f": {before + 1} of 4 trials done" in output
    assert f": {before} of 4 trials done" not in output
    assert_whole(project, study, 4)
    assert "train it: python -m src.train +experiment=local/components-binary-simulated" in output
    assert f"{STUDY}: trial" in project.module(*command), "a complete study: nothing to run, the report again"
    assert len(trial_queue.finished(study)) == 4

    output = project.module("train", f"+experiment=local/{STUDY}", "tracking.log_model=false")
    (run,) = [run for run in project.runs() if "test_accuracy" in run.data.metrics]
    assert run.data.metrics["val_macro_f1"] == study.best_value
    assert re.search(rf"^macro F1, % .* {100 * study.best_value:.2f} ", output, re.MULTILINE)

    refused = project.module(*command, "task=multiclass", f"sweep.study={STUDY}", fails=True)
    assert "has a study of that name with another config" in refused


def test_a_wrong_space_fails_before_the_first_trial(project):
    output = project.module("sweep", *SWEEP, "sweep.space.reducer='choice(pca, mi, ica)'", fails=True)
    assert "reducer=ica" in output
    assert not (project.root / "mlruns" / "optuna.db").exists()


@pytest.fixture(scope="module")
def of_two_workers(new_project: Callable[[Path], Project], tmp_path_factory: pytest.TempPathFactory):
    """Project with the study of two joblib workers, and their output."""
    project = new_project(tmp_path_factory.mktemp("swept"))
    return project, project.module(
        "sweep", "-m", *SWEEP, "sweep.n_trials=4", "worker=0,1", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2"
    )


def test_two_joblib_workers_share_a_study(of_two_workers):
    project, output = of_two_workers
    study = study_of(project)
    assert_whole(project, study, 4)
    _, runs = runs_of(project)
    assert len({run.data.tags["process"] for run in runs}) == 2
    assert output.count("is the best") == 1, "the last one reports"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    with postgresql(tmp_path_factory.mktemp("postgresql")) as running:
        yield running


def test_two_workers_started_by_hand_share_a_study_on_a_postgresql_that_is_away_for_six_seconds(
    project, background, server
):
    project.env["OPTUNA_STORAGE"] = server.url
    command = ("python", "-m", "src.sweep", *SWEEP, "sweep.n_trials=4")
    workers = [background(project.start(*command, f"worker={n}")) for n in (0, 1)]
    wait_for(lambda: project.statuses().count("RUNNING") == 3, "the study's run and two trials at once")
    server.stop()
    time.sleep(6)
    server.start()
    outputs = [worker.communicate(timeout=400)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], "\n".join(outputs)
    study = study_of(project, server.url)
    assert_whole(project, study, 4)
    study._storage._backend.engine.dispose()
    assert len({run.data.tags["process"] for run in runs_of(project)[1]}) == 2
    assert not (project.root / "mlruns" / "optuna.db").exists()
    assert server.password not in "".join(outputs)


RAY = ("hydra/launcher=ray", "hydra.launcher.ray.init.address=local", "+hydra.launcher.ray.init.num_cpus=2")


def test_two_workers_on_a_ray_cluster_share_a_study(project):
    project.module("sweep", "-m", *SWEEP, "sweep.n_trials=4", "worker=0,1", *RAY)
    study = study_of(project)
    assert_whole(project, study, 4)
    _, runs = runs_of(project)
    assert len({run.data.tags["process"] for run in runs}) == 2


def test_the_dashboard_opens_on_the_study(of_two_workers, background):
    pytest.importorskip("optuna_dashboard")
    project, _ = of_two_workers
    port = str(free_port())
    server: Any = background(project.start("python", "-m", "src.dashboard", "--port", port))

    def listed(*options: str) -> str:
        found = subprocess.run(
            ["curl", "--silent", *options, f"http://127.0.0.1:{port}/api/studies"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return found.stdout

    assert STUDY in wait_for(listed, "the dashboard")
    for foreign in ("Host: elsewhere.example", "Origin: http://elsewhere.example"):
        assert "expected those of this machine" in listed("--header", foreign)
    assert server.poll() is None
