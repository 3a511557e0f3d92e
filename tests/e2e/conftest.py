"""The project as a user has it: a clone of its own, the real commands, a store of its own."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.entities import Run

from src.tracking.runs import PARENT_VARIABLE
from src.utils.paths import PROJECT

# Small enough for seconds, large enough for every class: what all simulated runs here are made of.
SIMULATED = ("dataset=simulated", "dataset.records=6000", "dataset.test_records=1000", "training.progress=false")
PATIENCE_S = 180
# Beginnings of variables that would lead a command to another store, run or stage than a user's; and the one that keeps
# bytecode from lying beside the code, where users have it.
NOT_INHERITED = ("MLFLOW_", "DVC_", PARENT_VARIABLE, "PYTHONDONTWRITEBYTECODE")


@dataclass
class Project:
    """A copy of the project in a folder of its own, and the commands in it."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)

    def start(self, *command: str, **options: Any) -> "subprocess.Popen[str]":
        programs = Path(sys.executable).parent
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
        env = {**inherited, "DVC_NO_ANALYTICS": "1", "MLFLOW_DISABLE_TELEMETRY": "true", **self.env}
        env["PATH"] = f"{programs}{os.pathsep}{env['PATH']}"
        return subprocess.Popen(
            command,
            cwd=self.root,
            env=env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # a shell that starts the tests in the background has them ignore Ctrl-C, and their children with them
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            **options,
        )

    def run(self, *command: str, fails: bool = False) -> str:
        """Run to the end and return what it printed; `fails` says how it must end."""
        process = self.start(*command)
        output, _ = process.communicate()
        assert (process.returncode != 0) == fails, f"{' '.join(command)} ended with {process.returncode}:\n{output}"
        return output

    def module(self, name: str, *arguments: str, fails: bool = False) -> str:
        return self.run("python", "-m", f"src.{name}", *arguments, fails=fails)

    @property
    def store(self) -> str:
        return f"sqlite:///{self.root / 'mlruns' / 'mlflow.db'}"

    def runs(self, experiment: str = "simulated") -> list[Run]:
        """Runs of the store, newest first."""
        client = mlflow.MlflowClient(self.store)
        found = client.get_experiment_by_name(experiment)
        return list(client.search_runs([found.experiment_id])) if found else []

    def statuses(self) -> list[str]:
        """Status of every run, also while another process is still laying out the store."""
        try:
            with sqlite3.connect(f"file:{self.root / 'mlruns' / 'mlflow.db'}?mode=ro", uri=True) as database:
                return [status for (status,) in database.execute("select status from runs")]
        except sqlite3.OperationalError:
            return []


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """The first true value of `condition`; an error that says `what` never came."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.2)
    raise AssertionError(f"waited {PATIENCE_S} s for {what}")


def copy_project(folder: Path) -> Project:
    """Everything git would carry, as the only commit of a new repository."""
    listed = subprocess.run(
        ["git", "-C", str(PROJECT), "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)
    identity = {
        "GIT_AUTHOR_NAME": "test",
        "GIT_AUTHOR_EMAIL": "test@example.org",
        "GIT_COMMITTER_NAME": "test",
        "GIT_COMMITTER_EMAIL": "test@example.org",
    }
    project = Project(folder, identity)
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "the project"]):
        project.run("git", *command)
    return project


@pytest.fixture
def bare_project(tmp_path: Path) -> Project:
    """A project that nothing ran in yet."""
    return copy_project(tmp_path / "project")


@pytest.fixture(scope="session")
def new_project(laid_out_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Project]:
    """Copy the project into a folder, as after its first command: with bytecode, and a store that is laid out."""
    used = copy_project(tmp_path_factory.mktemp("used") / "project")
    used.run("python", "-m", "compileall", "-q", "src")
    (used.root / "mlruns").mkdir()
    shutil.copy(laid_out_store, used.root / "mlruns")

    def make(folder: Path) -> Project:
        shutil.copytree(used.root, folder, dirs_exist_ok=True)
        return Project(folder, dict(used.env))

    return make


@pytest.fixture
def project(new_project: Callable[[Path], Project], tmp_path: Path) -> Project:
    """A project of one test."""
    return new_project(tmp_path / "project")


@pytest.fixture
def background() -> Iterator[Callable[["subprocess.Popen[str]"], "subprocess.Popen[str]"]]:
    """Processes that must not outlive their test."""
    started: list[subprocess.Popen[str]] = []

    def keep(process: "subprocess.Popen[str]") -> "subprocess.Popen[str]":
        started.append(process)
        return process

    yield keep
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        if process.stdout:
            process.stdout.close()
