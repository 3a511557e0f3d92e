"""The demo where a first user may have the project: odd paths, a shallow clone, a ZIP without git."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Project

pytestmark = pytest.mark.integration
SMALL = ("dataset.records=6000", "dataset.test_records=1000", "model=decision_tree")


@pytest.fixture(scope="module")
def original(new_project: Callable[[Path], Project], tmp_path_factory: pytest.TempPathFactory) -> Project:
    return new_project(tmp_path_factory.mktemp("original"))


def with_environment(root: Path, like: Project) -> Project:
    """A copy of the project that uses the environment of the tests, and has a store laid out."""
    (root / ".venv").mkdir()
    (root / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    shutil.copytree(like.root / "mlruns", root / "mlruns")
    return Project(root, {"LANG": "C", "LC_ALL": "C"})


def changed(project: Project) -> str:
    return project.run("git", "status", "--short", "--untracked-files=no")


def test_a_shallow_clone_in_an_odd_path_keeps_the_experiment_and_nothing_else(
    original: Project, tmp_path: Path
) -> None:
    root = tmp_path / "Müller & Söhne" / "a#b's copy"
    subprocess.run(["git", "clone", "-q", "--depth", "1", original.root.as_uri(), str(root)], check=True)
    project = with_environment(root, original)
    output = project.run("examples/demo.sh", *SMALL)
    assert "is empty" not in output
    assert "src.evaluate" not in output  # the commands of stages are noise here
    (run,) = project.runs()
    assert (run.info.status, run.data.tags["dvc_experiment"]) == ("FINISHED", "demo")
    later = ("commit", "--quiet", "--allow-empty", "--message", "a later one")
    project.run("git", "-c", "user.name=test", "-c", "user.email=test@example.org", *later)
    table = project.run("make", "--no-print-directory", "experiments")
    assert max(len(line) for line in table.splitlines()) <= 120
    (row,) = [line for line in table.splitlines() if "[demo]" in line]
    assert f"{run.data.metrics['test_accuracy']:.5g}" in row
    assert {"simulated", "pca", "decision_tree"} <= set(row.split())  # no column is cut off
    assert changed(project) == ""
    assert not (root / ".dvc" / "tmp" / "demo").exists()


def test_changes_that_are_not_committed_take_part_in_the_demo(original: Project, tmp_path: Path) -> None:
    subprocess.run(["git", "clone", "-q", str(original.root), str(tmp_path / "clone")], check=True)
    project = with_environment(tmp_path / "clone", original)
    with (project.root / "src" / "download.py").open("a") as file:
        file.write('\nraise SystemExit("a change")\n')
    assert "a change" in project.run("examples/demo.sh", *SMALL, fails=True)


def test_without_git_the_demo_says_what_there_is_instead(original: Project, tmp_path: Path) -> None:
    root = tmp_path / "O'Brien $x"
    shutil.copytree(original.root, root, ignore=shutil.ignore_patterns(".git", "mlruns", ".venv"))
    project = with_environment(root, original)
    output = project.run("examples/demo.sh", *SMALL)
    assert "this folder is no git repository" in output
    assert "make ui" in output
    assert [run.info.status for run in project.runs()] == ["FINISHED"]
    assert not (root / ".git").exists()
    assert "git init" in project.run("make", "experiments", fails=True)
