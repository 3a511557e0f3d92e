"""Whether two runs differ on the test records that both judged: `python -m src.compare RUN RUN`."""

import argparse
import sys

from src.evaluation.comparison import compare, explain
from src.evaluation.verdicts import Verdicts


def main(arguments: list[str] | None = None) -> int:
    """Print the comparison of two runs of the store."""
    options = _parser().parse_args(arguments)
    from src.tracking.verdicts import differing, find_verdicts

    try:
        one, other = (find_verdicts(run, options.part) for run in (options.one, options.other))
        try:
            result = compare(
                Verdicts.read(one.path), Verdicts.read(other.path), resamples=options.resamples, seed=options.seed
            )
        except ValueError as error:
            raise ValueError(f"{one.run} and {other.run}: {error}{differing(one, other)}") from None
    except (OSError, ValueError) as error:
        print(f"compare: {error}", file=sys.stderr)
        return 1
    print(f"A  {one}\nB  {other}\n")
    print("\n".join(explain(result, ("A", "B"))))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m src.compare", description=__doc__)
    for name in ("one", "other"):
        parser.add_argument(name, metavar="RUN", help="id of an MLflow run, or a folder with its reports")
    parser.add_argument("--part", default="test", help="which test part, such as test_21 (default: test)")
    parser.add_argument("--resamples", type=_positive, default=1000, help="of the bootstrap (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap (default: 0)")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a whole number from 1")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
