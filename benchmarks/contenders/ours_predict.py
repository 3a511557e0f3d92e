"""Computes verdicts from raw text like `src.predict`, in a process that has started.

python -m benchmarks.contenders.ours_predict DETECTOR first.csv records.csv verdicts.csv

The few records of first.csv are scored before the first turn, which covers the work of a first use.
"""

import sys
from pathlib import Path

from benchmarks.contenders.turns import serve
from src.detector.detector import Detector
from src.detector.file_scoring import score_file


def main() -> None:
    """Serve the turns."""
    folder, first, records, verdicts = map(Path, sys.argv[1:])
    detector = Detector.load(folder)

    def score(records: Path) -> None:
        with verdicts.open("wb") as out:
            score_file(detector, records, out, "stop")

    score(first)
    serve(lambda: score(records))


if __name__ == "__main__":
    main()
