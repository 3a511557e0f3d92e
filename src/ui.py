"""Open the MLflow UI on the runs of the project, in the browser, at the experiment with the newest run.

The store is mlruns/ or the one that MLFLOW_TRACKING_URI names. The server runs until Ctrl-C.
"""

import sys

from src.tracking.store import PORT
from src.tracking.ui.server import serve
from src.utils.command_line import command_parser, quiet_pipe
from src.utils.termination import interruptible
from src.utils.validation import port_number

EXAMPLES = ("", "--port 8080", "--no-browser")


def main() -> int:
    """Start the server and wait until it ends."""
    parser = command_parser("ui", __doc__, EXAMPLES)
    parser.add_argument("--port", type=port_number, default=PORT, help=f"port, 1 to 65535 (default: {PORT})")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    with quiet_pipe():
        options = parser.parse_args()
        return serve(options.port, open_browser=not options.no_browser)


if __name__ == "__main__":
    sys.exit(interruptible("ui", main))
