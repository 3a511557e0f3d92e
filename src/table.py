"""Print a table of runs of the store, best first, a row for each configuration: `python -m src.table [SELECTION]`."""

import argparse
import sys
from pathlib import Path

_EPILOG = """examples:
  python -m src.table                                         all runs
  python -m src.table "reducer=pca,mi k=2,3"                  the runs of a multirun (beginning of name or id)
  python -m src.table 'params."split.name" = "grouped"' --sort test_accuracy
  python -m src.table --columns model,k,accuracy,mean_cost -o table.tex"""


def main(arguments: list[str] | None = None) -> int:
    """Print the table, or write it to a file."""
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m src.table", None, __doc__, _EPILOG, formatter_class=layout)
    add = parser.add_argument
    add("selection", nargs="?", help="multirun (beginning of name or id), beginning of run names, or MLflow filter")
    add("--format", choices=["text", "csv", "markdown", "latex"], help="default: that of FILE's suffix, or text")
    add("-o", "--output", type=Path, metavar="FILE", help="file to write (.txt, .csv, .md, .tex), with all rows")
    add("--sort", metavar="NAME", help="metric (best first) or parameter (default: macro F1 on validation)")
    add("--columns", metavar="NAMES", help="metrics and parameters, comma-separated (default: what differs, scores)")
    options = parser.parse_args(arguments)
    from src.tracking.stored_runs import write_selected  # late: --help starts without MLflow

    columns = options.columns.split(",") if options.columns else None
    try:
        print(write_selected(options.selection, options.output, options.format, options.sort, columns))
    except (OSError, ValueError) as error:
        print(f"table: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
