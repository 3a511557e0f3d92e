"""Commands that a signal ends, as processes: they end in two lines and leave nothing open."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import psutil
import pytest

from src.utils.paths import PROJECT
from src.utils.termination import COMMAND_VARIABLE, ignore_in_worker, interruptible, stopping

pytestmark = pytest.mark.integration

BEGIN = """
import hashlib, subprocess, sys, time
from pathlib import Path
from src.utils.termination import closed_on_stop, interruptible, stopping
def wait():
    print("ready", flush=True)
    time.sleep(60)
def call():  # into C: no signal interrupts it, and other threads run meanwhile
    print("ready", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)
def swallow():
    while True:
        try:
            wait()
        except BaseException:
            pass
def discard():  # as callbacks of the garbage collector, in which Python discards exceptions
    import gc
    gc.callbacks.append(lambda phase, info: None if stopping() else wait())
    gc.collect()
    time.sleep(60)
def work():
    {work}
interruptible("fit", work)
print("the command ended by itself")
"""


def stopped(work: str, number: signal.Signals, folder: Path, **variables: str) -> tuple[int, list[str], float]:
    """Exit status, lines on standard error and seconds until the end of a command that a signal stops at work."""
    script = folder / "script.py"
    script.write_text(BEGIN.format(work=work))
    process = subprocess.Popen(
        [sys.executable, str(script), "k=2"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.3)  # until the call has begun
    start = time.monotonic()
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert "the command ended by itself" not in output
    return process.returncode, errors.splitlines(), time.monotonic() - start


@pytest.mark.parametrize(
    ("number", "name", "status"), [(signal.SIGINT, "Ctrl-C", 130), (signal.SIGTERM, "SIGTERM", 143)]
)
@pytest.mark.parametrize("work", ["wait()", "call()", "swallow()", "discard()"])
def test_a_command_ends_in_two_lines_whatever_it_does(work, number, name, status, tmp_path):
    found, lines, seconds = stopped(work, number, tmp_path)
    assert found == status
    assert lines == [
        f"fit: stopped by {name}; what was complete is kept",
        f"start again with: python {tmp_path / 'script.py'} k=2",
    ]
    assert seconds < 10  # 3 on a machine of its own


@pytest.mark.parametrize("work", ["wait()", "call()"])
def test_the_outermost_of_what_is_open_says_what_is_kept_and_how_to_go_on(work, tmp_path):
    work = f"""
    with closed_on_stop(lambda: Path('outer').touch(), lambda: '3 of 4 runs are kept', ('k=2', 'skip=true')):
        with closed_on_stop(lambda: Path('inner').touch(), lambda: 'the run is kept'):
            {work}
"""
    _, lines, _ = stopped(work, signal.SIGINT, tmp_path)
    assert lines == [
        "fit: stopped by Ctrl-C; 3 of 4 runs are kept",
        f"go on with: python {tmp_path / 'script.py'} k=2 skip=true",
    ]
    forced = work.strip().endswith("call()")  # otherwise the blocks end by themselves
    assert [(tmp_path / name).exists() for name in ("outer", "inner")] == [forced, forced]


def test_a_command_that_another_one_started_names_that_one(tmp_path):
    _, lines, _ = stopped("wait()", signal.SIGTERM, tmp_path, **{COMMAND_VARIABLE: "make paper QUICK=1"})
    assert lines[1] == "go on with: make paper QUICK=1"


@pytest.mark.parametrize(("variables", "command"), [({}, "dvc repro"), ({"DVC_EXP_NAME": "mine"}, "dvc exp run")])
def test_a_stage_names_the_command_of_dvc(variables, command, tmp_path):
    _, lines, _ = stopped("wait()", signal.SIGTERM, tmp_path, DVC_STAGE="train", **variables)
    assert lines[1] == f"go on with: {command}"


def _wait_for_the_end_of(child: int) -> None:
    end = time.monotonic() + 10
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end, "the child goes on"
        time.sleep(0.1)


def test_children_end_with_the_command(tmp_path):
    work = "Path('child').write_text(str(subprocess.Popen(['sleep', '600']).pid)); wait()"
    stopped(work, signal.SIGTERM, tmp_path)
    _wait_for_the_end_of(int((tmp_path / "child").read_text()))


def test_a_raylet_ends_after_its_workers(tmp_path):
    """Ray's library ends this process with status 1 when it reads from the store of a raylet that is gone."""
    worker = tmp_path / "worker.py"
    worker.write_text("""
import signal, sys, time
from pathlib import Path
import psutil
def end(*_):
    time.sleep(0.3)
    Path("seen").write_text(psutil.Process(int(sys.argv[1])).status())
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
time.sleep(600)
""")
    work = f"""
    import shutil
    shutil.copy(shutil.which("sleep"), "raylet")
    raylet = subprocess.Popen(["./raylet", "600"])
    Path("child").write_text(str(raylet.pid))
    subprocess.Popen([sys.executable, {str(worker)!r}, str(raylet.pid)])
    time.sleep(60)
"""
    assert stopped(work, signal.SIGINT, tmp_path)[0] == 130
    assert (tmp_path / "seen").read_text() == psutil.STATUS_STOPPED
    _wait_for_the_end_of(int((tmp_path / "child").read_text()))


def _heard_by_worker() -> int:
    """1 if a worker hears SIGINT after a library unblocked it."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # as the start of Python's own resource tracker does
    ignore_in_worker()
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)
    except KeyboardInterrupt:
        return 1
    return 0


def test_a_worker_does_not_hear_ctrl_c():
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(_heard_by_worker).result() == 0


def test_children_are_started_with_the_signal_blocked(tmp_path):
    work = """
    from multiprocessing import resource_tracker
    from src.utils.termination import deaf_children
    with deaf_children():
        resource_tracker.ensure_running()
        print(subprocess.run(["sh", "-c", "kill -INT $$"]).returncode, file=sys.stderr)
    wait()
"""
    assert stopped(work, signal.SIGTERM, tmp_path)[1][0] == "0"


def test_a_second_signal_does_not_break_off_the_closing(tmp_path):
    work = """
    import os, signal
    try:
        wait()
    finally:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)
        Path('closed').touch()
"""
    status, lines, _ = stopped(work, signal.SIGINT, tmp_path)
    assert (status, len(lines)) == (130, 2)
    assert (tmp_path / "closed").exists()


def test_without_a_signal_a_command_returns_or_raises_as_it_is():
    before = signal.getsignal(signal.SIGTERM)
    assert interruptible("fit", lambda: interruptible("inner", lambda: 3)) == 3
    with pytest.raises(ValueError, match="no good"):
        interruptible("fit", lambda: exec("raise ValueError('no good')"))
    assert signal.getsignal(signal.SIGTERM) is before
    assert stopping() is None
