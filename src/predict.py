"""Score raw records with a trained detector: line, verdict and probability of each class, as CSV.

The detector is that of a run in MLflow, a registered model, or a folder; code that a model brings is never run.
Records are read and scored block by block, in the order of the file, and a file of any size is accepted.
"""

import sys
from pathlib import Path

from src.detector.record_file import check_record_file
from src.tracking.logged_models import detector_folder
from src.utils.command_line import command_parser, quiet_pipe
from src.utils.termination import interruptible

EXAMPLES = (
    "--model models/detector examples/records.csv -o verdicts.csv",
    "--model 3f2a records.csv.gz --on-bad-record quarantine > verdicts.csv",
    "--model models:/ids@champion records.csv | cut -d, -f2 | sort | uniq -c",
)


@quiet_pipe()
def main(arguments: list[str] | None = None) -> int:
    """Read, score and write the records, and list those that were left out."""
    parser = command_parser("predict", __doc__, EXAMPLES)
    add = parser.add_argument
    fields = "raw records: 41 comma-separated columns a line; a label behind them, a header and .gz are accepted"
    add("records", type=Path, help=fields)
    model = (
        "name of a run, its id or the first digits of it; models:/NAME@ALIAS, models:/NAME/VERSION or "
        "runs:/RUN/detector; or a folder such as models/detector"
    )
    add("--model", required=True, help=model)
    add("-o", "--output", type=Path, help="CSV to write, whole or not at all (default: standard output)")
    malformed = "stop at the first malformed record (default), or leave out and list all of them"
    add("--on-bad-record", choices=["stop", "quarantine"], default="stop", help=malformed)
    options = parser.parse_args(arguments)
    try:
        check_record_file(options.records)
        folder = detector_folder(options.model)
        # only now: they take seconds
        from src.detector.detector import Detector
        from src.detector.file_scoring import open_output, score_file

        detector = Detector.load(folder)
        with open_output(options.output) as out:
            scored, bad = score_file(detector, options.records, out, options.on_bad_record)
    except BrokenPipeError:
        raise
    except (OSError, ValueError, EOFError) as error:
        of_records = isinstance(error, OSError) and not isinstance(error, ConnectionError)  # not of the MLflow store
        where = f"{options.records}: " if of_records and str(options.records) not in str(error) else ""
        print(f"predict: {where}{error}", file=sys.stderr)
        return 1
    for one in bad:
        print(f"predict: left out: {options.records}: {one}", file=sys.stderr)
    warning = " by a detector trained on SIMULATED data" if detector.card.simulated else ""
    print(f"{scored:,} records scored{warning}, {len(bad):,} left out", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(interruptible("predict", main))
