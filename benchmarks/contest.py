"""Contenders side by side: each in a process of its own, in turn, the best of each counts.

In turn, since a machine's speed drifts: what slows one round slows all. In processes, since frameworks in one process
take each other's threads and settings.
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

# Where PyTorch and JAX are installed: they are no part of this project's environment; `make bench-peers` makes it.
PEERS_VARIABLE = "BENCH_PEERS"
PEERS = PROJECT / ".venv-peers" / "bin" / "python"

Turn = dict[str, Any]  # `seconds`, and what else the contender tells


class Contender:
    """A process that does one piece of work each time it is told to.

    Args:
        module: Of `benchmarks.contenders`.
        *arguments: Its command line.
        python: The interpreter; this one unless given.
        env: What its environment has beside this one's.
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
            self._hear()  # "ready": imports, compilation and first run are over before the next contender starts
        except BaseException:
            self.stop()
            raise

    def turn(self) -> Turn:
        """Do the work once."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        told: Turn = json.loads(self._hear())
        self._hear()
        return told

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def _hear(self) -> str:
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
        for one in contenders.values():
            one.stop()


def race(makers: Mapping[str, Callable[[], Contender]], rounds: int) -> dict[str, Turn]:
    """Let all contenders take `rounds` turns, one after the other in each round; the quickest turn of each."""
    with _running(makers) as contenders:
        taken: dict[str, list[Turn]] = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, one in contenders.items():
                taken[name].append(one.turn())
    return {name: min(turns, key=lambda turn: turn["seconds"]) for name, turns in taken.items()}


def race_here(work: Mapping[str, Callable[[], Any]], rounds: int) -> tuple[dict[str, float], dict[str, Any]]:
    """The same for functions of this process: the least seconds of each, and what each returned last."""
    seconds: dict[str, list[float]] = {name: [] for name in work}
    returned: dict[str, Any] = {}
    for _ in range(rounds):
        for name, function in work.items():
            start = time.perf_counter()
            returned[name] = function()
            seconds[name].append(time.perf_counter() - start)
    return {name: min(taken) for name, taken in seconds.items()}, returned


def least(work: Callable[[], Any], rounds: int) -> float:
    """The least seconds of several rounds of one function."""
    return race_here({"work": work}, rounds)[0]["work"]


def peers_python() -> str:
    """The interpreter that PyTorch and JAX are looked for in."""
    return os.environ.get(PEERS_VARIABLE) or str(PEERS)


def peer_version(library: str) -> str | None:
    """The version of a library in the peers' environment; None where it is not installed."""
    if not Path(peers_python()).exists():
        return None
    asked = subprocess.run(
        [peers_python(), "-c", f"from importlib.metadata import version; print(version({library!r}))"],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip() or None
