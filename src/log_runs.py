"""Log runs that MLflow lacks since its store went away, from the folders that their commands left.

A run goes on under its id, with its detector, curves, metrics and reports.
"""

import sys
from pathlib import Path

from src.utils.command_line import command_parser, quiet_pipe
from src.utils.messages import system_words
from src.utils.termination import interruptible

EXAMPLES = ("", "outputs/2026-11-26/20-01-02-123456", "multirun/2026-11-26")


@quiet_pipe()
def main(arguments: list[str] | None = None) -> int:
    """Log the runs, a line each."""
    parser = command_parser("log_runs", __doc__, EXAMPLES)
    folders = "folder with models/unlogged.json, or one above such folders (default: those of the project)"
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help=folders)
    options = parser.parse_args(arguments)
    from src.tracking.log_later import log_kept  # only now: it takes seconds

    try:
        for line in log_kept(options.folders):
            print(line, flush=True)
    except BrokenPipeError:
        raise  # nobody reads the lines any more
    except (OSError, ValueError, RuntimeError) as error:
        print(f"log_runs: {system_words(error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(interruptible("log_runs", main))
