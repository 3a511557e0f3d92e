"""A contender's end of the pipe: it makes itself ready, and does its work each time it is told to go.

Standard library only: some contenders run where nothing of this project is installed.
"""

import ctypes
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

_MCL_CURRENT, _MCL_ONFAULT = 1, 4  # of mman.h


class Turns:
    """Waits for a turn, and tells how it went; what libraries print goes to standard error."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)

    def wait(self) -> None:
        """Return when it is our turn; end the process when there is none any more."""
        _lock(True)
        self._say("ready")
        if not sys.stdin.readline():
            os._exit(0)  # from within a fit, which would take SystemExit for a failure
        _lock(False)

    def done(self, seconds: float, **facts: Any) -> None:
        """Tell what this turn took."""
        self._say(json.dumps({"seconds": seconds, **facts}))

    def _say(self, line: str) -> None:
        self._out.write(f"{line}\n")
        self._out.flush()


def _lock(locked: bool) -> None:
    """Keep what is in memory there, where Linux and our rights allow it.

    Some machines take memory, code included, from a process that has waited for half a minute; reading it back took
    seconds of the next turn.
    """
    try:
        library = ctypes.CDLL(None)
        _ = library.mlockall(_MCL_CURRENT | _MCL_ONFAULT) if locked else library.munlockall()
    except (AttributeError, OSError):  # not Linux
        return


def serve(work: Callable[[], Any]) -> None:
    """Take every turn by doing `work`; a dict that it returns is told along with the time."""
    turns = Turns()
    while True:
        turns.wait()
        start = time.perf_counter()
        facts = work()
        turns.done(time.perf_counter() - start, **(facts if isinstance(facts, dict) else {}))
