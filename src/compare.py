"""Compare two runs on the same test records: `python -m src.compare RUN RUN`."""

import argparse
import sys

from src.evaluation.comparison import compare, explain
from src.evaluation.verdicts import Verdicts
from src.tracking.verdicts import differing, find_verdicts
from src.utils.validation import whole_number_from_1


def main(arguments: list[str] | None = None) -> int:
    """Print the differences between two runs, with intervals and a test."""
    parser = argparse.ArgumentParser(prog="python -m src.compare", description=__doc__)
    add = parser.add_argument
    for name in ("one", "other"):
        add(name, metavar="RUN", help="id of an MLflow run, or a folder with its reports")
    add("--part", default="test", help="name of the test part, such as test_21 (default: test)")
    add("--resamples", type=whole_number_from_1, default=1000, help="number of bootstrap resamples (default: 1000)")
    add("--seed", type=int, default=0, help="seed of the bootstrap (default: 0)")
    options = parser.parse_args(arguments)
    try:
        one, other = (find_verdicts(run, options.part) for run in (options.one, options.other))
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
    sys.exit(main())
