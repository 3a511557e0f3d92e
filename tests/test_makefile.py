"""Makefile: which environment it installs, uses or leaves alone. `make --dry-run` says what it would do."""

import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from src.utils.paths import PROJECT

EMPTIES = "-m venv --clear .venv"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Folder with what make reads; its lock files are as old as an environment that was installed from them."""
    root = tmp_path / "Müller & Söhne #1's $x"
    root.mkdir()
    for name in ("Makefile", "requirements.lock", "requirements-dev.lock"):
        shutil.copy2(PROJECT / name, root / name)
    return root


def installed(folder: Path, config: str) -> Path:
    """Environment as an install leaves it, without its packages."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to("/bin/sh")
    (folder / "pyvenv.cfg").write_text(config)
    for name in (".ready", ".ready-dev"):
        (folder / name).touch()
    return folder


def dry_run(root: Path, target: str = "setup") -> str:
    command = ["make", "--no-print-directory", "--dry-run", target]  # the tests themselves run under make
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout


def test_the_first_call_says_how_much_it_installs_and_a_later_one_installs_nothing(checkout: Path) -> None:
    first = dry_run(checkout)
    assert EMPTIES in first
    assert "2.5 GB on disk" in first
    installed(checkout / ".venv", "relocatable = true\n")
    assert EMPTIES not in dry_run(checkout)
    assert EMPTIES not in dry_run(checkout, "setup-dev")


@pytest.mark.parametrize("whole", [True, False], ids=["the folder", "its programs"])
def test_an_environment_that_is_linked_to_is_never_emptied(checkout: Path, tmp_path: Path, whole: bool) -> None:
    other = installed(tmp_path / "other", "")
    (other / ".ready").unlink()  # even where it lacks what this checkout wants
    if whole:
        (checkout / ".venv").symlink_to(other)
    else:
        (checkout / ".venv").mkdir()
        (checkout / ".venv" / "bin").symlink_to(other / "bin")
    assert "venv" not in dry_run(checkout).replace("make: Nothing to be done for 'setup'.", "")
    assert (other / "bin" / "python").exists()


def test_an_environment_whose_programs_do_not_work_after_a_move_is_installed_again(checkout: Path) -> None:
    installed(checkout / ".venv", "version = 3.11.7\n")
    assert EMPTIES in dry_run(checkout)


def test_an_environment_whose_python_is_gone_is_installed_again(checkout: Path) -> None:
    environment = installed(checkout / ".venv", "relocatable = true\n")
    (environment / "bin" / "python").unlink()
    (environment / "bin" / "python").symlink_to("/no/such/python")
    assert EMPTIES in dry_run(checkout)


def test_the_dashboard_reads_its_storage_from_the_environment(checkout: Path) -> None:
    """Other users of a machine see the arguments of a process, and the address may hold a password."""
    assert dry_run(checkout, "dashboard").rpartition("exec ")[2] == ".venv/bin/python -m src.dashboard\n"


@pytest.mark.parametrize(
    ("status", "handler", "ended", "said"),
    [
        (130, signal.SIG_DFL, -signal.SIGINT, ""),
        (130, signal.SIG_IGN, 2, "Error 130"),  # as in the background of a script
        (7, signal.SIG_DFL, 2, "Error 7"),
        (0, signal.SIG_DFL, 0, ""),
    ],
)
def test_a_command_that_ctrl_c_stopped_has_the_last_word(
    checkout: Path, status: int, handler: signal.Handlers, ended: int, said: str
) -> None:
    """Its last line is the command that goes on; make says something of other errors, and never goes on itself."""
    (checkout / "ends.mk").write_text(f"ends:\n\t@exit {status}\n\t@echo done\n")
    result = subprocess.run(
        ["make", "--no-print-directory", "-f", "Makefile", "-f", "ends.mk", "ends"],
        cwd=checkout, capture_output=True, text=True, check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, handler),
    )  # fmt: skip
    assert result.returncode == ended
    assert said in result.stderr
    assert bool(said) == bool(result.stderr)
    assert bool(result.stdout) == (status == 0)


def test_an_install_shows_seconds_and_errors_alone(checkout: Path) -> None:
    assert "uv --system-certs pip install --quiet" in dry_run(checkout)
