"""Server of the MLflow UI on the store of the project."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Mapping

from src.tracking.connection import has_runs
from src.tracking.dead_runs import close_dead_runs
from src.tracking.runs_table import runs_page, set_view
from src.tracking.store import open_store, store_uri
from src.utils.paths import PROJECT
from src.utils.termination import Terminated, terminable

START_S = 120


def serve(port: int, *, open_browser: bool) -> int:
    """Open the runs of the experiment with the newest run: of a server that is named, or of one that is started here.

    Returns:
        Exit status of the command: 1 where the store has no run, or the server does not answer.
    """
    uri = store_uri()
    remote = uri.startswith(("http://", "https://"))
    address = uri.rstrip("/") if remote else f"http://127.0.0.1:{port}"
    try:
        pages = _pages(address, remote=remote)
    except (OSError, ValueError) as error:
        print(f"ui: {error}", file=sys.stderr)
        return 1
    if not pages:
        print(f"ui: found no run in {uri}, expected one; make demo or python -m src.train makes one", file=sys.stderr)
        return 1
    if remote:
        _show(pages, open_browser=open_browser)
        return 0
    return _serve_here(port, pages, open_browser=open_browser)


def _serve_here(port: int, pages: Mapping[str, str], *, open_browser: bool) -> int:
    """Start the server, show the pages, and wait until the server ends."""
    if not _is_free(port):
        print(
            f"ui: found port {port} taken, maybe by another make ui; end that one, or take another port: "
            f"python -m src.ui --port {port + 1 if port < 65535 else port - 1}",
            file=sys.stderr,
        )
        return 1
    server = _start(port)
    try:
        with terminable():
            if not _answers(f"http://127.0.0.1:{port}/health", server):
                print(f"ui: the server on port {port} did not start; what it printed is above", file=sys.stderr)
                return 1
            _show(pages, open_browser=open_browser)
            print("Ctrl-C ends it.", flush=True)
            return server.wait()
    except (KeyboardInterrupt, Terminated):
        return 0
    finally:
        server.terminate()
        server.wait()


def _is_free(port: int) -> bool:
    """True if nothing listens on the port: the server of another call would answer in place of ours."""
    with socket.socket() as tried:
        tried.settimeout(1)
        return tried.connect_ex(("127.0.0.1", port)) != 0


def _show(pages: Mapping[str, str], *, open_browser: bool) -> None:
    """Print the pages, and open the first in the browser."""
    print(*(f"{name}: {page}" for name, page in pages.items()), sep="\n", flush=True)
    if open_browser:
        webbrowser.open(next(iter(pages.values())))


def _start(port: int) -> "subprocess.Popen[bytes]":
    """Start MLflow's server on the store, with a start page of ours; it prints warnings and errors only."""
    command = [sys.executable, "-m", "uvicorn", "--factory", "src.tracking.ui.app:app", "--app-dir", str(PROJECT),
               "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning", "--no-access-log"]  # fmt: skip
    return subprocess.Popen(command)


def _pages(address: str, *, remote: bool) -> dict[str, str]:
    """Address of the runs of each experiment that has any, by name; that with the newest run first.

    Raises:
        ConnectionError: the server does not answer, or the store cannot be read.
    """
    uri = store_uri()
    if not has_runs(uri):
        return {}  # to ask MLflow would lay out a database
    mlflow = open_store(None)
    client = mlflow.MlflowClient()
    newest = []
    try:
        for one in client.search_experiments():
            runs = client.search_runs([one.experiment_id], max_results=1, order_by=["attributes.start_time DESC"])
            newest += [(run.info.start_time, one.name, one.experiment_id) for run in runs]
    except mlflow.exceptions.MlflowException as error:
        raise ConnectionError(
            f"could not read {uri}, expected an MLflow store or server; does it run, and is MLFLOW_TRACKING_URI right? "
            f"{error.message}"
        ) from error
    if not remote:
        close_dead_runs(mlflow, None)
        for _, name, _ in newest:  # an older version may have stored another
            set_view(mlflow, name)
    return {
        name: f"{address}/{runs_page(experiment, shared=remote)}"
        for _, name, experiment in sorted(newest, reverse=True)
    }


def _answers(address: str, server: "subprocess.Popen[bytes]") -> bool:
    """Wait until the server answers; False if it ends or takes too long."""
    end = time.monotonic() + START_S
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return False
