"""Server of the MLflow UI on the store of the project."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from typing import Any

from src.tracking.runs_table import runs_page
from src.tracking.store import open_store, store_uri
from src.utils.termination import Terminated, terminable

START_S = 120


def serve(port: int, *, open_browser: bool) -> int:
    """Start the server, print the addresses of the runs, and wait until it ends.

    Returns:
        Exit status of the command.
    """
    mlflow = open_store("kdd99_10pct")
    address = f"http://127.0.0.1:{port}"
    server = _start(port)
    try:
        with terminable():
            if not _answers(f"{address}/health", server):
                print(f"ui: the server on port {port} did not start; is the port taken? try --port", file=sys.stderr)
                return 1
            pages = _pages(mlflow, address)
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


def _pages(mlflow: Any, address: str) -> dict[str, str]:
    """Address of the runs of each experiment, by name."""
    experiments = [one for one in mlflow.search_experiments() if one.name != "Default"]
    return {one.name: f"{address}/{runs_page(one.experiment_id)}" for one in experiments}


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
