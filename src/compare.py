"""Compare two runs on the same test records: scores, intervals of their differences, and McNemar's test.

A run is an MLflow run that was evaluated, or a folder with its reports. Resamples of the test records (bootstrap) give
the intervals.
"""

import sys

from src.tracking.find_runs import folder_or_id
from src.utils.command_line import command_parser, quiet_pipe
from src.utils.termination import interruptible
from src.utils.validation import whole_number_from_1

EXAMPLES = (
    "lstm-pca-2-binary random_forest-mi-4-binary",
    "3f2a 91bc --resamples 10000",
    "outputs/one/reports outputs/other/reports --part test_21",
)


@quiet_pipe()
def main(arguments: list[str] | None = None) -> int:
    """Print the differences between two runs, with intervals and a test."""
    parser = command_parser("compare", __doc__, EXAMPLES)
    add = parser.add_argument
    run = (
        "name of a run, its id or the first digits of it, a model of it (models:/NAME@ALIAS), or a folder with reports"
    )
    for name in ("one", "other"):
        add(name, metavar="RUN", help=run)
    add("--part", default="test", help="name of the test part, such as test_21 (default: test)")
    resamples = "number of bootstrap resamples, 1 or more (default: 1000)"
    add("--resamples", type=whole_number_from_1, default=1000, help=resamples)
    add("--seed", type=int, default=0, help="seed of the bootstrap, 0 or more (default: 0)")
    options = parser.parse_args(arguments)
    try:
        runs = [folder_or_id(run) for run in (options.one, options.other)]
        # only now: they take seconds
        from src.evaluation.comparison import compare, explain
        from src.evaluation.verdicts import Verdicts
        from src.tracking.verdicts import differing, find_verdicts

        one, other = (find_verdicts(run, options.part) for run in runs)
        verdicts = (Verdicts.read(one.path), Verdicts.read(other.path))
        try:
            result = compare(*verdicts, resamples=options.resamples, seed=options.seed)
        except ValueError as error:
            raise ValueError(f"{one.run} and {other.run}: {error}{differing(one, other)}") from None
    except (OSError, ValueError) as error:
        print(f"compare: {error}", file=sys.stderr)
        return 1
    print(f"A  {one}\nB  {other}\n")
    print("\n".join(explain(result, ("A", "B"))))
    return 0


if __name__ == "__main__":
    sys.exit(interruptible("compare", main))
