"""Evaluate detectors on other data sets with the same columns, as on a test part of their own: one row for each.

A data set is scored on its published test files, or else on its one file. Labels become classes by the task of the
detector. The table says what share of the scored records the detector was trained on. Each evaluation is a run of
MLflow.
"""

import sys
from datetime import datetime
from pathlib import Path

from src.utils.command_line import command_parser, quiet_pipe
from src.utils.files import write_text
from src.utils.messages import system_words
from src.utils.paths import PROJECT, shown_path
from src.utils.termination import interruptible

EXAMPLES = (
    "decision_tree-pca-2-binary --on nsl_kdd",
    "3f2a 77b1 --on kdd99_10pct nsl_kdd -o table.md",
    "models:/ids@champion --on nsl_kdd --set preprocess.max_unknown=0.1",
)


@quiet_pipe()
def main(arguments: list[str] | None = None) -> int:
    """Evaluate each detector on each data set, and print the table."""
    parser = command_parser("cross_evaluate", __doc__, EXAMPLES)
    add = parser.add_argument
    add("runs", nargs="+", metavar="RUN", help="name of a run, its id or the first digits of it, or a model of it")
    add("--on", nargs="+", required=True, metavar="DATASET", help="files of conf/dataset, such as nsl_kdd")
    values = "keys of dataset, preprocess or evaluation, for all data sets; otherwise those of the run hold"
    add("--set", nargs="+", default=[], metavar="KEY=VALUE", help=values)
    add("-o", "--output", type=Path, metavar="FILE", help="file to write the table to as well: .txt, .csv, .md or .tex")
    options = parser.parse_args(arguments)
    from src.tracking.store import check_store
    from src.tracking.tables.formats import formatted, kind_of

    try:
        kind = kind_of(options.output) if options.output else None
        check_store()
        # only now: they take seconds
        from src.tracking.cross_evaluation import cross_evaluate
        from src.tracking.tables.cross_table import cross_table

        folder = PROJECT / "outputs" / f"{datetime.now():%Y-%m-%d/%H-%M-%S-%f}"
        runs = []
        for run in cross_evaluate(options.runs, options.on, options.set, folder):
            print(f"cross_evaluate: {run.name}: run {run.id[:8]}", file=sys.stderr)
            runs.append(run)
        table = cross_table(runs)
    except (OSError, ValueError, RuntimeError) as error:
        print(f"cross_evaluate: {system_words(error)}", file=sys.stderr)
        return 1
    print(formatted(table, "text", most=None))
    print(f"\nreports      {shown_path(folder)}", flush=True)
    try:
        if kind:  # only now: a file that cannot be written leaves the table on the screen
            write_text(options.output, formatted(table, kind, most=None) + "\n")
    except OSError as error:
        print(f"cross_evaluate: {system_words(error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(interruptible("cross_evaluate", main))
