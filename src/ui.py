"""The MLflow UI on the project's store: `python -m src.ui [--port 5000]`, opening on the runs with their columns."""

import argparse
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser

from src.tracking import store
from src.utils.termination import Terminated, terminable

START_S = 120


def main() -> int:
    """Start the server, say where the runs are, and stay until it ends."""
    parser = argparse.ArgumentParser(prog="python -m src.ui", description=__doc__)
    parser.add_argument("--port", type=int, default=store.PORT)
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    options = parser.parse_args()
    mlflow = store.open_store("kdd99_10pct")
    address = f"http://127.0.0.1:{options.port}"
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store.store_uri(),
               "--host", "127.0.0.1", "--port", str(options.port), "--workers", "1"]  # fmt: skip
    # the job runner, for features not used here, costs a dozen processes and 2.5 GB
    server = subprocess.Popen(command, env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"})
    try:
        with terminable():
            if not _answers(f"{address}/health", server):
                print(
                    f"ui: the server on port {options.port} did not start; is the port taken? try --port",
                    file=sys.stderr,
                )
                return 1
            pages = {
                one.name: f"{address}/{store.runs_page(one.experiment_id)}"
                for one in mlflow.search_experiments()
                if one.name != "Default"
            }
            print("", *(f"{name}: {page}" for name, page in pages.items()), "Ctrl-C ends it.", sep="\n", flush=True)
            if not options.no_browser:
                webbrowser.open(next(iter(pages.values())))
            return server.wait()
    except (KeyboardInterrupt, Terminated):
        return 0
    finally:
        server.terminate()
        server.wait()


def _answers(address: str, server: "subprocess.Popen[bytes]") -> bool:
    end = time.monotonic() + START_S
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return False


if __name__ == "__main__":
    sys.exit(main())
