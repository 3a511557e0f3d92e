"""Compare runs on the same test records: scores, intervals of their differences, and tests.

A run is an MLflow run that was evaluated, or a folder with its reports. Resamples of the test records (bootstrap) give
the intervals. Two runs also have McNemar's test. Of three or more, each is compared with the first, and the p-values
are corrected for the number of comparisons (Holm).
"""

import sys

from src.tracking.find_runs import folder_or_id
from src.utils.command_line import command_parser, quiet_pipe
from src.utils.messages import system_words
from src.utils.termination import interruptible
from src.utils.validation import whole_number_from

EXAMPLES = (
    "lstm-pca-2-binary random_forest-mi-4-binary",
    "outputs/one/reports outputs/other/reports --part test_21 --resamples 10000",
    "lstm-pca-2-binary svm-pca-2-binary decision_tree-pca-2-binary",
)


@quiet_pipe()
def main(arguments: list[str] | None = None) -> int:
    """Print the differences between runs, with intervals and tests."""
    parser = command_parser("compare", __doc__, EXAMPLES)
    add = parser.add_argument
    run = (
        "name of a run, its id or the first digits of it, a model of it (models:/NAME@ALIAS), or a folder with reports"
    )
    add("one", metavar="RUN", help=f"{run}; the reference of three or more")
    add("others", metavar="RUN", nargs="+", help="one or more other runs")
    add("--part", default="test", help="name of the test part, such as test_21 (default: test)")
    add("--resamples", type=whole_number_from(100), default=1000,
        help="number of bootstrap resamples, 100 or more (default: 1000)")  # fmt: skip
    add("--seed", type=whole_number_from(0), default=0, help="seed of the bootstrap, 0 or more (default: 0)")
    options = parser.parse_args(arguments)
    try:
        runs = [folder_or_id(run) for run in (options.one, *options.others)]
        # only now: they take seconds
        from src.evaluation.comparison import compare, explain, explain_several, short_names
        from src.tracking.verdicts import find_verdicts, read_comparable

        found = [find_verdicts(run, options.part) for run in runs]
        verdicts = read_comparable(found)
        names = short_names(len(found))
        if len(found) > 2:
            lines = explain_several(verdicts, names, resamples=options.resamples, seed=options.seed)
        else:
            result = compare(*verdicts, resamples=options.resamples, seed=options.seed)
            lines = explain(result, (names[0], names[1]))
    except (OSError, ValueError) as error:
        print(f"compare: {system_words(error)}", file=sys.stderr)
        return 1
    print("\n".join([*(f"{name}  {one}" for name, one in zip(names, found, strict=True)), "", *lines]))
    return 0


if __name__ == "__main__":
    sys.exit(interruptible("compare", main))
