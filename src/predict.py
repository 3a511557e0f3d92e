"""Score a file of raw records: `python -m src.predict --model RUN_OR_PATH records.csv [-o verdicts.csv]`."""

import argparse
import sys
from pathlib import Path

from src.detector.detector import Detector
from src.detector.file_scoring import open_output, score_file
from src.tracking.logged_models import detector_folder


def main(arguments: list[str] | None = None) -> int:
    """Read, score and write the records, and list those that were left out."""
    parser = argparse.ArgumentParser(prog="python -m src.predict", description=__doc__)
    add = parser.add_argument
    add("records", type=Path, help="raw records, 41 comma-separated values a line (and a label); .gz is unpacked")
    add("--model", required=True, help="id of an MLflow run, or a folder such as models/detector")
    add("-o", "--output", type=Path, help="CSV to write, whole or not at all (default: standard output)")
    malformed = "stop at the first malformed record (default), or leave out and list all of them"
    add("--on-bad-record", choices=["stop", "quarantine"], default="stop", help=malformed)
    options = parser.parse_args(arguments)
    try:
        detector = Detector.load(detector_folder(options.model))
        with open_output(options.output) as out:
            scored, bad = score_file(detector, options.records, out, options.on_bad_record)
    except (OSError, ValueError, EOFError) as error:
        where = f"{options.records}: " if isinstance(error, OSError) and str(options.records) not in str(error) else ""
        print(f"predict: {where}{error}", file=sys.stderr)
        return 1
    for one in bad:
        print(f"predict: left out: {options.records}: {one}", file=sys.stderr)
    warning = " by a detector trained on SIMULATED data" if detector.card.simulated else ""
    print(f"{scored:,} records scored{warning}, {len(bad):,} left out", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
