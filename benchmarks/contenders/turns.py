"""Contender's side of the protocol: reports that it is ready, and does its work on each command.

Uses the standard library only, because some contenders run without the packages of this project.
"""

import ctypes
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

_MCL_CURRENT, _MCL_ONFAULT = 1, 4  # constants of mman.h


class Turns:
    """Waits for turns and reports their results; output of libraries goes to standard error."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)

    def wait(self) -> None:
        """Wait for the next turn; exits the process when no more turns come."""
        _lock(True)
        self._write("ready")
        if not sys.stdin.readline():
            os._exit(0)  # a fit would treat SystemExit as a failure
        _lock(False)

    def done(self, seconds: float, **facts: Any) -> None:
        """Report the seconds of a turn."""
        self._write(json.dumps({"seconds": seconds, **facts}))

    def _write(self, line: str) -> None:
        self._out.write(f"{line}\n")
        self._out.flush()


def _lock(locked: bool) -> None:
    """Lock the memory of the process if Linux and its permissions allow it.

    Some machines swap out a process, code included, that has waited for half a minute. Reading the memory back took
    seconds of the next turn.
    """
    try:
        library = ctypes.CDLL(None)
        _ = library.mlockall(_MCL_CURRENT | _MCL_ONFAULT) if locked else library.munlockall()
    except (AttributeError, OSError):  # not Linux
        return


def serve(work: Callable[[], Any]) -> None:
    """Do `work` in every turn; a dict that it returns is reported with the time."""
    turns = Turns()
    while True:
        turns.wait()
        start = time.perf_counter()
        facts = work()
        turns.done(time.perf_counter() - start, **(facts if isinstance(facts, dict) else {}))
