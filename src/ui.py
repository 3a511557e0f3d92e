"""Open the MLflow UI on the runs of the project: `python -m src.ui [--port 5000]`."""

import argparse
import sys

from src.tracking.store import PORT
from src.tracking.ui_server import serve


def main() -> int:
    """Start the server and wait until it ends."""
    parser = argparse.ArgumentParser(prog="python -m src.ui", description=__doc__)
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    options = parser.parse_args()
    return serve(options.port, open_browser=not options.no_browser)


if __name__ == "__main__":
    sys.exit(main())
