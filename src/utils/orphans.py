"""Stages whose DVC is gone: DVC does not end its stages when SIGTERM or SIGKILL ends it."""

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil

_POLL_S = 1.0


def end_with_dvc() -> None:
    """Send SIGTERM to this process once the DVC that started it is gone; does nothing if none did.

    A stage that went on would write its outputs while the next `dvc repro` makes them too.
    """
    found = next((one for one in psutil.Process().parents() if _is_dvc(one)), None)
    if found:
        threading.Thread(target=_watch, args=(found,), name="dvc", daemon=True).start()


def _is_dvc(process: psutil.Process) -> bool:
    """Tell whether a process is a command of DVC, as its program or as a module of Python."""
    try:
        return any(Path(word).name == "dvc" for word in process.cmdline()[:4])
    except psutil.Error:
        return False


def _watch(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(_POLL_S)
    os.kill(os.getpid(), signal.SIGTERM)
