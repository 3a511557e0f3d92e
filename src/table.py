"""Print a table of runs of the store: a row for each configuration, the best on validation first.

SELECTION is a multirun (beginning of its name or id), the beginning of the names of runs, or a filter of MLflow. Runs
that differ by the seed alone are one row, with mean and 95 % interval.
"""

import sys
from pathlib import Path

from src.utils.command_line import command_parser, quiet_pipe
from src.utils.messages import system_words
from src.utils.termination import interruptible

EXAMPLES = (
    '"reducer=pca,mi k=2,3"',
    '\'params."split.name" = "grouped"\' --sort test_accuracy',
    "lstm-pca --columns model,k,accuracy,false_alarm_rate -o table.tex",
)


@quiet_pipe()
def main(arguments: list[str] | None = None) -> int:
    """Print the table, or write it to a file."""
    parser = command_parser("table", __doc__, EXAMPLES)
    add = parser.add_argument
    add("selection", nargs="?", help="multirun, beginning of run names, or filter (default: all runs)")
    formats = ["text", "csv", "markdown", "latex"]
    add("--format", choices=formats, help="format (default: that of the suffix of FILE, or text)")
    add("-o", "--output", type=Path, metavar="FILE", help="file to write: .txt, .csv, .md or .tex; it has all rows")
    add("--sort", metavar="NAME", help="metric, best first, or parameter (default: macro F1 on validation)")
    add("--columns", metavar="NAMES", help="metrics and parameters, with commas (default: what differs, scores)")
    options = parser.parse_args(arguments)
    from src.tracking.tables.stored_runs import write_selected  # only now: it takes seconds

    columns = options.columns.split(",") if options.columns else None
    try:
        table = write_selected(options.selection, options.output, options.format, options.sort, columns)
    except (OSError, ValueError) as error:
        print(f"table: {system_words(error)}", file=sys.stderr)
        return 1
    print(table)
    return 0


if __name__ == "__main__":
    sys.exit(interruptible("table", main))
