"""Real servers of a test's own: PostgreSQL from the distribution's package, MLflow, and the nodes of a Ray cluster."""

import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
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


@contextmanager
def background(command: Sequence[str], **options: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server with its children, and end them all."""
    process = subprocess.Popen(command, start_new_session=True, **options)
    try:
        yield process
    finally:
        members = []
        with suppress(psutil.NoSuchProcess):
            members = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        for one in members:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        process.kill()
        process.wait()


@contextmanager
def mlflow_server(folder: Path, port: int) -> Iterator[str]:
    """Start MLflow's server on a store in `folder`, wait until it answers, and end it."""
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
               "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}",
               "--artifacts-destination", str(folder / "artifacts")]  # fmt: skip
    env = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    env |= {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (folder / "log").open("ab") as log, background(command, cwd=folder, env=env, stdout=log, stderr=log):
        wait_for_port(port)
        yield address


@contextmanager
def ray_node(folder: Path, port: int, *, head: bool, hidden: Path) -> Iterator[None]:
    """Start a raylet with one core that has a folder and an environment of its own, and end it.

    Args:
        port: Port of the head.
        hidden: Folder that the node does not see, as another machine would not.
    """
    where = ["--head", "--port", str(port), "--include-dashboard=false"] if head else ["--address", f"127.0.0.1:{port}"]
    ray = [str(Path(sys.executable).with_name("ray")), "start", *where, "--block", "--num-cpus=1"]
    started = shlex.join([*ray, "--disable-usage-stats", *(["--temp-dir", str(folder)] if head else [])])
    command = f"mount -t tmpfs none {shlex.quote(str(hidden))} && exec {started}"
    env = {"HOME": str(folder), "PATH": os.environ["PATH"]}
    with (
        (folder / "log").open("ab") as log,
        background(
            ["unshare", "--mount", "bash", "-c", command], cwd=folder, env=env, stdout=log, stderr=log
        ) as process,
    ):
        while b"--block" not in (folder / "log").read_bytes():  # the last line: that this command blocks
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.2)
        yield


def can_hide_folders() -> bool:
    """Tell whether this user may give a process a view of the files of its own."""
    command = ["unshare", "--mount", "true"]
    return bool(shutil.which("unshare")) and not subprocess.run(command, capture_output=True, check=False).returncode


def wait_for_port(port: int) -> None:
    """Wait until a program listens on a port."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)
    raise AssertionError(f"waited 120 s for port {port}")


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
