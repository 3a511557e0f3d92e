"""Server of the MLflow UI on the store of the project."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path

from src.tracking.runs_table import runs_page
from src.tracking.store import open_store, store_uri
from src.utils.termination import Terminated, terminable

START_S = 120


def serve(port: int, *, open_browser: bool) -> int:
    """Start the server, open the runs of the experiment with the newest run, and wait until the server ends.

    Returns:
        Exit status of the command: 1 where the store has no run, or the server does not start.
    """
    address = f"http://127.0.0.1:{port}"
    pages = _pages(address)
    if not pages:
        print(f"ui: found no run in {store_uri()}, expected one; make demo or python -m src.train makes one",
              file=sys.stderr)  # fmt: skip
        return 1
    server = _start(port)
    try:
        with terminable():
            if not _answers(f"{address}/health", server):
                print(f"ui: the server on port {port} did not start; is the port taken? try --port", file=sys.stderr)
                return 1
            print("", *(f"{name}: {page}" for name, page in pages.items()), "Ctrl-C ends it.", sep="\n", flush=True)
            if open_browser:
                webbrowser.open(next(iter(pages.values())))
            return server.wait()
    except (KeyboardInterrupt, Terminated):
        return 0
    finally:
        server.terminate()
        server.wait()


def _start(port: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store_uri(),
               "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]  # fmt: skip
    # the job runner serves features that are not used here, and costs a dozen processes and 2.5 GB
    return subprocess.Popen(command, env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"})


def _pages(address: str) -> dict[str, str]:
    """Address of the runs of each experiment that has any, by name; that with the newest run first."""
    uri = store_uri()
    if uri.startswith("sqlite:///") and not Path(uri.removeprefix("sqlite:///")).exists():
        return {}  # to ask MLflow would make a database
    client = open_store(None).MlflowClient()
    newest = []
    for one in client.search_experiments():
        runs = client.search_runs([one.experiment_id], max_results=1, order_by=["attributes.start_time DESC"])
        newest += [(run.info.start_time, one.name, one.experiment_id) for run in runs]
    return {name: f"{address}/{runs_page(experiment)}" for _, name, experiment in sorted(newest, reverse=True)}


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
