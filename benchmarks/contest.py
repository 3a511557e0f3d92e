"""Compares contenders: each runs in its own process, in alternating turns, and its fastest turn counts.

Turns alternate because the speed of a machine drifts; a slow round then affects all contenders. Frameworks run in
separate processes because in one process they would share threads and settings.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from src.utils.paths import PROJECT

# Environment of PyTorch and JAX, which this project does not depend on; `make bench-peers` creates it.
PEERS_VARIABLE = "BENCH_PEERS"
PEERS = PROJECT / ".venv-peers" / "bin" / "python"

Turn = dict[str, Any]  # `seconds`, and other facts from the contender


class Contender:
    """Process that does one piece of work on each command.

    Args:
        module: Module of `benchmarks.contenders`.
        *arguments: Command line of the module.
        python: Interpreter of the process.
        env: Additional environment variables.
    """

    def __init__(
        self, module: str, *arguments: str, python: str = sys.executable, env: Mapping[str, str] | None = None
    ):
        self._command = [python, "-m", f"benchmarks.contenders.{module}", *arguments]
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed with the process
        self._process = subprocess.Popen(
            self._command,
            cwd=PROJECT,
            env={**os.environ, **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        try:
            self._read_line()  # "ready": imports, compilation and first run end before the next contender starts
        except BaseException:
            self.stop()
            raise

    def turn(self) -> Turn:
        """Do the work once."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        turn: Turn = json.loads(self._read_line())
        self._read_line()
        return turn

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def _read_line(self) -> str:
        assert self._process.stdout is not None
        if line := self._process.stdout.readline():
            return line
        self._process.wait()
        self._errors.seek(0)
        raise SystemExit(f"{' '.join(self._command)} ended with {self._process.returncode}:\n{self._errors.read()}")


@contextmanager
def _running(makers: Mapping[str, Callable[[], Contender]]) -> Iterator[dict[str, Contender]]:
    contenders: dict[str, Contender] = {}
    try:
        for name, make in makers.items():
            contenders[name] = make()
        yield contenders
    finally:
        for contender in contenders.values():
            contender.stop()


def race(makers: Mapping[str, Callable[[], Contender]], rounds: int) -> dict[str, Turn]:
    """Run `rounds` rounds in which each contender takes one turn; returns the fastest turn of each."""
    with _running(makers) as contenders:
        taken: dict[str, list[Turn]] = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, contender in contenders.items():
                taken[name].append(contender.turn())
    return {name: min(turns, key=lambda turn: turn["seconds"]) for name, turns in taken.items()}


def race_here(work: Mapping[str, Callable[[], Any]], rounds: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Compare functions of this process; returns the least seconds and the last result of each."""
    seconds: dict[str, list[float]] = {name: [] for name in work}
    returned: dict[str, Any] = {}
    for _ in range(rounds):
        for name, function in work.items():
            start = time.perf_counter()
            returned[name] = function()
            seconds[name].append(time.perf_counter() - start)
    return {name: min(taken) for name, taken in seconds.items()}, returned


def least(work: Callable[[], Any], rounds: int) -> float:
    """Measure the least seconds of several rounds of one function."""
    return race_here({"work": work}, rounds)[0]["work"]


def peers_python() -> str:
    """Interpreter of the environment with PyTorch and JAX."""
    return os.environ.get(PEERS_VARIABLE) or str(PEERS)


def peer_version(library: str) -> str | None:
    """Version of a library in the environment of the peers; None if it is not installed."""
    if not Path(peers_python()).exists():
        return None
    asked = subprocess.run(
        [peers_python(), "-c", f"from importlib.metadata import version; print(version({library!r}))"],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip() or None
