"""Processes that made runs: whether one has ended, seen on its own machine.

The store has digests in place of host and process id: nobody else needs to know them.
"""

import hashlib
import platform
from contextlib import suppress
from functools import cache
from pathlib import Path

import psutil

TAG = "process"
_CLOCK_S = 2.0  # by which the start of a process may seem to move when the clock is set


def process_tag(process: psutil.Process | None = None) -> str:
    """Digests of the machine and of the process id, and the start of the process in seconds since 1970.

    Args:
        process: Process of this machine; None for the present one.
    """
    process = process or psutil.Process()
    return f"{_machine()} {_number(process.pid)} {process.create_time():.0f}"


def has_ended(tag: str) -> bool:
    """Tell whether the process with this tag ran on this machine and has ended."""
    words = tag.split()
    if len(words) != 3 or words[0] != _machine():
        return False
    _, number, start = words
    for pid in psutil.pids():
        if _number(pid) == number:
            with suppress(psutil.NoSuchProcess):
                found = psutil.Process(pid)
                same = abs(found.create_time() - float(start)) <= _CLOCK_S
                return not same or found.status() == psutil.STATUS_ZOMBIE
    return True


@cache
def _machine() -> str:
    """Digest of host, installation and namespace of process ids: containers may share a host's name."""
    parts = [platform.node()]
    with suppress(OSError):  # not Linux
        parts.append(Path("/etc/machine-id").read_text(encoding="ascii"))
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return _digest(*parts)


def _number(pid: int) -> str:
    return _digest(_machine(), str(pid))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
