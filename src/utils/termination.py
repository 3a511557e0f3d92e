"""Ctrl-C, SIGTERM, SIGHUP: a command ends within three seconds, says in two lines what was kept, leaves no run open.

The first signal raises an exception in the main thread, so that open files and runs get closed. That is not enough:
C++ code of libraries discards exceptions while it imports modules, and a call into C returns only when it is done. So a
thread waits for the signal too. It ends the process where the main thread does not do so in time.
"""

import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import parent_process
from types import FrameType
from typing import Any, NoReturn, TypeVar

from src.utils.command_line import open_closed_streams
from src.utils.environment_variables import environment_kept
from src.utils.secrets import hide_secrets

COMMAND_VARIABLE = "IDS_COMMAND"  # command that started this one, such as `make paper`
_NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM", signal.SIGHUP: "the end of its terminal"}
_UNWINDING_S = 1.5  # for the main thread to close what is open
_CLOSING_S = 5.0  # for the thread to close it instead: less than a second, but on a loaded machine
_WORKERS_S = 1.0  # for workers to end their runs
_NO_SIGNAL = 0  # ends the thread

Result = TypeVar("Result")


class Terminated(SystemExit):
    """SIGTERM arrived."""

    def __init__(self) -> None:
        super().__init__(128 + signal.SIGTERM)


@dataclass(frozen=True)
class Open:
    """Something to close when the process has to end.

    Attributes:
        close: Function that closes it from any thread.
        kept: Function that says in words what is kept of it.
        resume: Overrides that make the same command go on; None where the command starts anew.
    """

    close: Callable[[], object]
    kept: Callable[[], str]
    resume: tuple[str, ...] | None = None


@dataclass
class _Stop:
    """Signals that this process received, and what is open in it."""

    received: int | None = None
    raised: bool = False  # in the main thread
    open: list[Open] = field(default_factory=list)
    name: str | None = None  # of the command; None outside of one
    previous: dict[int, Any] = field(default_factory=dict)  # handlers
    said: tuple[str, tuple[str, ...] | None] | None = None  # what is kept, and how to go on
    reported: bool = False
    ended: threading.Event = field(default_factory=threading.Event)
    reporting: threading.Lock = field(default_factory=threading.Lock)


_STOP = _Stop()


def interruptible(name: str, command: Callable[[], Result]) -> Result:
    """Run a command, which a signal ends in two lines, with the exit status of a shell: 130 or 143.

    Args:
        name: Name of the command for its messages.
    """
    if _STOP.name or threading.current_thread() is not threading.main_thread():
        return command()
    open_closed_streams()
    hide_secrets()
    discarded = sys.unraisablehook
    sys.unraisablehook = lambda raised: None if _is_stop(raised.exc_value) else discarded(raised)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    _STOP.name = name
    _STOP.ended.clear()
    _handle_signals(_raise)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    os.register_at_fork(after_in_child=_forget)
    threading.Thread(target=_watch, args=(reader,), name="signals", daemon=True).start()
    if "DVC_STAGE" in os.environ:
        from src.utils.orphans import end_with_dvc  # late, as it imports psutil

        end_with_dvc()
    try:
        result = command()
    except BaseException:
        if stopping() is None:
            raise
        _exit()
    finally:
        _STOP.ended.set()
        _forget()
        sys.unraisablehook = discarded
        os.write(writer, bytes([_NO_SIGNAL]))
    return result


def stopping() -> int | None:
    """Return the signal that ends this process; None if no signal has arrived."""
    return _STOP.received


@contextmanager
def closed_on_stop(
    close: Callable[[], object], kept: Callable[[], str], resume: tuple[str, ...] | None = None
) -> Iterator[None]:
    """Close something when the process has to end within the block; parameters as in `Open`."""
    one = Open(close, kept, resume)
    _STOP.open.append(one)
    try:
        yield
    finally:
        if stopping() is not None:  # blocks end from the inside out, so that the outermost has the last word
            _STOP.said = (kept(), resume)
        with suppress(ValueError):  # forgotten in a child process
            _STOP.open.remove(one)


@contextmanager
def terminable() -> Iterator[None]:
    """Turn SIGTERM into an exception, so that open runs and files get closed.

    It has no effect in an interruptible command, which does so already, and outside the main thread.
    """
    if _STOP.name or threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


@contextmanager
def deaf_children() -> Iterator[None]:
    """Start processes that do not hear Ctrl-C, which a terminal sends to them too: this process ends them.

    The main thread blocks the signal, as its children inherit. The thread that waits for signals still receives it.
    joblib's tracker of shared resources tidies up after the workers that are ended, and warns of each it finds.
    """
    if not _STOP.name or not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker  # late: it loads much

    resource_tracker.ensure_running()  # before the signal is blocked, as its start unblocks it
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with environment_kept("PYTHONWARNINGS"):
            filters = (os.environ.get("PYTHONWARNINGS"), "ignore:resource_tracker:UserWarning")
            os.environ["PYTHONWARNINGS"] = ",".join(filter(None, filters))
            yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def ignore_in_worker() -> None:
    """Ignore Ctrl-C in a worker, where a library may unblock it; no effect in the process of a command."""
    if parent_process() and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _raise(number: int, frame: FrameType | None) -> None:
    """Raise at the first signal of a command. The others do nothing, as they would break off the closing."""
    if _STOP.name:
        if _STOP.raised:
            return
        _STOP.received, _STOP.raised = number, True
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise Terminated


def _is_stop(raised: BaseException | None) -> bool:
    """Tell the exception of a signal, which Python would print where it discards it: in finalizers and callbacks."""
    return stopping() is not None and isinstance(raised, KeyboardInterrupt | Terminated)


def _handle_signals(handler: Any) -> None:
    for number in _NAMES:
        if signal.getsignal(number) is not signal.SIG_IGN:  # ignored where a shell runs it in the background
            _STOP.previous[number] = signal.signal(number, handler)


def _forget() -> None:
    """Restore the signals of a process that runs no command, or of a child process, to which they do not belong."""
    if not _STOP.name:
        return
    _STOP.name, _STOP.received, _STOP.said = None, None, None
    _STOP.raised = _STOP.reported = False
    _STOP.open.clear()
    signal.set_wakeup_fd(-1)
    while _STOP.previous:
        signal.signal(*_STOP.previous.popitem())


def _watch(reader: int) -> None:
    """Wait for a signal; then give the main thread some time to end, and end the process."""
    while (number := os.read(reader, 1)[0]) not in _NAMES:
        if number == _NO_SIGNAL:
            os.close(reader)
            return
    if _STOP.received is None:  # the main thread is in a long call, or a library handles the signal in its own way
        _STOP.received = number
    if _STOP.ended.wait(_UNWINDING_S):
        return
    closing = threading.Thread(target=_close_all, daemon=True)
    closing.start()
    closing.join(_CLOSING_S)
    _exit()


def _end_children() -> None:
    """End the workers, which would go on without this process: first by SIGTERM, so that they end their runs.

    A raylet would start the tasks of such workers again, so it is held until they have ended. It is killed last: once
    it is gone, Ray's library ends this process with status 1 at the next read from Ray's store.
    """
    import psutil

    workers, raylets = [], []
    with suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                if child.name() == "raylet":
                    child.suspend()
                    raylets.append(child)
                elif "resource_tracker" not in " ".join(child.cmdline()):  # ends itself, and tidies up after workers
                    workers.append(child)
    for child in workers:
        with suppress(psutil.Error):
            child.terminate()
    for child in [*psutil.wait_procs(workers, timeout=_WORKERS_S)[1], *raylets]:
        with suppress(psutil.Error):
            child.kill()


def _close_all() -> None:
    for one in reversed(_STOP.open):
        with suppress(Exception):
            one.close()


def _exit() -> NoReturn:
    """Say what was kept and end at once: with TensorFlow loaded, the interpreter needs seconds to end."""
    _report()
    _end_children()
    os._exit(128 + (_STOP.received or 0))


def _report() -> None:
    """Print the two lines, once."""
    with _STOP.reporting:
        if _STOP.reported:
            return
        _STOP.reported = True
        kept, resume = _STOP.said or ("what was complete is kept", None)
        for one in _STOP.open[:1]:  # the outermost: a multirun, rather than its run
            kept, resume = one.kept(), one.resume
        name = _NAMES[signal.Signals(_STOP.received or signal.SIGINT)]
        lines = f"{_STOP.name}: stopped by {name}; {kept}\n{_next_command(resume)}\n"
        with suppress(OSError, ValueError):  # nobody reads any more
            sys.stdout.flush()
            sys.stderr.write(("\n" if sys.stderr.isatty() else "") + lines)
            sys.stderr.flush()


def _next_command(resume: tuple[str, ...] | None) -> str:
    """Line with the command that goes on."""
    if command := os.environ.get(COMMAND_VARIABLE):
        return f"go on with: {command}"
    if "DVC_STAGE" in os.environ:
        return f"go on with: dvc {'exp run' if 'DVC_EXP_NAME' in os.environ else 'repro'}"
    arguments = list(sys.orig_argv[1:])
    if resume is None:
        return f"start again with: {shlex.join(['python', *arguments])}"
    missing = [one for one in resume if one not in arguments]
    return f"go on with: {shlex.join(['python', *arguments, *missing])}"
