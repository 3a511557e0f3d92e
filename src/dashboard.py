"""Open optuna-dashboard on the sweeps of the project, for the browser of this machine.

The studies are those of mlruns/optuna.db, or of the database that OPTUNA_STORAGE names. The server runs until Ctrl-C.
"""

import sys

from src.utils.command_line import command_parser, quiet_pipe
from src.utils.messages import system_words
from src.utils.termination import interruptible
from src.utils.validation import port_number

PORT = 8080
EXAMPLES = ("", "--port 8081", "--help")


@quiet_pipe()
def main(arguments: list[str] | None = None) -> int:
    """Start the server and wait until it ends."""
    parser = command_parser("dashboard", __doc__, EXAMPLES)
    parser.add_argument("--port", type=port_number, default=PORT, help=f"port, 1 to 65535 (default: {PORT})")
    options = parser.parse_args(arguments)
    from src.search.dashboard import serve  # only now: it takes seconds

    try:
        return serve(options.port)
    except (OSError, ValueError) as error:
        print(f"dashboard: {system_words(error)}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(interruptible("dashboard", main))
