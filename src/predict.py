"""Score raw records with a trained detector: line, verdict and probability of each class, as CSV.

The detector is that of a run in MLflow, a registered model, or a folder; code that a model brings is never run.
Records are read and scored block by block, in the order of the file, and a file of any size is accepted. It is read as
what it is: text, packed text, Parquet or Arrow.
"""

import sys
from pathlib import Path

from src.data.parsing.reading import MAX_UNKNOWN
from src.detector.record_file import ClosedStreamError, check_files, in_words, shown_name
from src.tracking.logged_models import detector_folder
from src.utils.command_line import command_parser, quiet_pipe
from src.utils.termination import interruptible

EXAMPLES = (
    "--model models/detector examples/records.csv -o verdicts.csv",
    "--model 3f2a - --quarantine bad.csv < records.csv.gz > verdicts.csv",
    "--model models:/ids@champion records.csv | cut -d, -f2 | sort | uniq -c",
)


@quiet_pipe()
def main(arguments: list[str] | None = None) -> int:
    """Read, score and write the records, and list those that were left out."""
    parser = command_parser("predict", __doc__, EXAMPLES)
    add = parser.add_argument
    fields = "raw records with the columns of training, also with a header or label; or packed, or Parquet; - is stdin"
    add("records", type=Path, help=fields)
    model = "name, id or first digits of a run; models:/NAME@ALIAS, models:/NAME/VERSION, runs:/RUN/detector; a folder"
    add("--model", required=True, help=model)
    add("-o", "--output", type=Path, help="CSV to write, whole or not at all (default: standard output)")
    malformed = "stop at the first malformed record (default), or leave them out: counted, the first five printed"
    add("--on-bad-record", choices=["stop", "quarantine"], default="stop", help=malformed)
    kept = "leave malformed records out and write them to FILE as they are, the reasons to FILE.reasons.csv"
    add("--quarantine", type=Path, metavar="FILE", help=kept)
    add("--max-unknown", type=float, default=MAX_UNKNOWN, metavar="SHARE", help="records with unknown words (0.01)")
    options = parser.parse_args(arguments)
    try:
        check_files(options.records, options.output, options.quarantine)
        folder = detector_folder(options.model)
        # only now: they take seconds
        from src.detector.detector import Detector
        from src.detector.file_scoring import score_file
        from src.detector.outputs import open_output, open_quarantine

        detector = Detector.load(folder)
        with open_output(options.output) as out:
            kept_bad = open_quarantine(options.quarantine)
            scored = score_file(detector, options.records, out, options.on_bad_record, kept_bad, options.max_unknown)
    except (OSError, ValueError, EOFError) as error:
        if isinstance(error, BrokenPipeError) and options.output is None:
            raise
        print(f"predict: {in_words(error, options.records)}", file=sys.stderr)
        return 2 if isinstance(error, ClosedStreamError) else 1
    for line in scored.lines(shown_name(options.records)):
        print(f"predict: {line}", file=sys.stderr)
    print(scored.summary(simulated=detector.card.simulated), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(interruptible("predict", main))
