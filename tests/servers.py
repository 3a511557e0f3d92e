"""A real PostgreSQL server of a test's own, from the distribution's package."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PLACES = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt/postgresql", "/usr/local/opt/postgresql")


@dataclass(frozen=True)
class PostgreSQL:
    """A running server with an empty database."""

    url: str
    password: str
    stop: Callable[[], None]
    start: Callable[[], None]


def free_port() -> int:
    """A port that no program listens on, for a server that is about to start."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@contextmanager
def postgresql(folder: Path) -> Iterator[PostgreSQL]:
    """Start a server in `folder`, and end it; skips where it is not installed, unless IDS_REQUIRE_POSTGRESQL is set."""
    programs = _programs()
    port = free_port()
    password, data = "not-to-be-shown", folder / "data"
    (folder / "password").write_text(password)
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:  # which PostgreSQL refuses to run as
        as_user = {"user": "postgres", "group": "postgres", "extra_groups": []}
        for place in (folder, *folder.parents):
            if place.owner() == "root" and str(place).startswith("/tmp/"):
                place.chmod(place.stat().st_mode | 0o055)
        shutil.chown(folder, "postgres")
        shutil.chown(folder / "password", "postgres")

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **as_user)

    run("initdb", "-D", str(data), "-U", "ids", "-A", "scram-sha-256", "--pwfile", str(folder / "password"))
    options = f"-h 127.0.0.1 -p {port} -k {folder}"

    def start() -> None:
        run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")

    def stop() -> None:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")

    start()
    try:
        yield PostgreSQL(f"postgresql+psycopg://ids:{password}@127.0.0.1:{port}/postgres", password, stop, start)
    finally:
        stop()


def _programs() -> Path:
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    for place in PLACES:
        for folder in sorted(Path(place).glob("*/bin"), reverse=True):
            if (folder / "initdb").is_file():
                return folder
    if os.environ.get("IDS_REQUIRE_POSTGRESQL"):
        pytest.fail("found no PostgreSQL server, and IDS_REQUIRE_POSTGRESQL is set; apt-get install postgresql")
    pytest.skip("install a PostgreSQL server to run this (Debian: apt-get install postgresql)")
