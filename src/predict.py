"""Score a file of raw records: `python -m src.predict --model RUN_OR_PATH records.csv [-o verdicts.csv]`."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv
from tqdm import tqdm

from src.data.parsing import BadRecord, ahead, read_blocks
from src.detector.detector import Detector
from src.utils.files import whole_file


def main(arguments: list[str] | None = None) -> int:
    """Read, score and write block by block; the size of the file does not matter."""
    options = _parser().parse_args(arguments)
    from src.tracking.logged_models import detector_folder

    try:
        detector = Detector.load(detector_folder(options.model))
        with ExitStack() as stack:
            out = stack.enter_context(_output(options.output))
            scored, bad = score_file(detector, options.records, out, options.on_bad_record)
    except (OSError, ValueError, EOFError) as error:
        where = "" if str(options.records) in str(error) or not isinstance(error, OSError) else f"{options.records}: "
        print(f"predict: {where}{error}", file=sys.stderr)
        return 1
    for one in bad:
        print(f"predict: left out: {options.records}: {one}", file=sys.stderr)
    warning = " by a detector trained on SIMULATED data" if detector.card.simulated else ""
    print(f"{scored:,} records scored{warning}, {len(bad):,} left out", file=sys.stderr)
    return 0


def score_file(detector: Detector, records: Path, out: BinaryIO, on_bad_record: Any) -> tuple[int, list[BadRecord]]:
    """Write `line,verdict,probability_<class>...` for each record, in file order; bad records are before none.

    Args:
        records: Text, or gz of it, of 41 columns; a header line and what follows the columns (a label,
            NSL-KDD's difficulty level) are passed over.
        out: Where the CSV goes.
        on_bad_record: `stop` or `quarantine`, as `src.data.parsing.read_blocks` takes it.
    Returns:
        How many records were scored, and those left out.
    """
    names = detector.card.class_names
    header = ",".join(["line", "verdict", *(f"probability_{name}" for name in names)])
    out.write(header.encode() + b"\n")
    scored, bad = 0, []
    plain = pa.csv.WriteOptions(include_header=False, quoting_style="none")
    with ExitStack() as stack:
        file = stack.enter_context(records.open("rb"))
        bar = stack.enter_context(
            tqdm(total=os.fstat(file.fileno()).st_size, desc="predict", unit="B", unit_scale=True)
        )
        text = stack.enter_context(pa.CompressedInputStream(file, "gzip")) if records.suffix == ".gz" else file
        stream = detector.stream()
        for block in ahead(read_blocks(text, str(records), label="ignored", on_bad_record=on_bad_record)):
            bad += block.bad
            scored += len(block.line)
            probability = stream.predict_proba(block.columns)
            verdict = pa.array(names).take(pa.array(detector.verdict(probability)))
            columns = [pa.array(block.line), verdict, *(pa.array(column) for column in probability.T.copy())]
            pa.csv.write_csv(pa.table(columns, header.split(",")), out, plain)
            bar.update(file.tell() - bar.n)
    return scored, bad


@contextmanager
def _output(path: Path | None) -> Iterator[BinaryIO]:
    if path is None:
        yield sys.stdout.buffer
        return
    with whole_file(path) as part, part.open("wb") as file:
        yield file


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m src.predict", description=__doc__)
    parser.add_argument(
        "records", type=Path, help="raw records, 41 comma-separated values a line (and a label); .gz is unpacked"
    )
    parser.add_argument("--model", required=True, help="id of an MLflow run, or a folder such as models/detector")
    parser.add_argument(
        "-o", "--output", type=Path, help="CSV to write, whole or not at all (default: standard output)"
    )
    parser.add_argument(
        "--on-bad-record",
        choices=["stop", "quarantine"],
        default="stop",
        help="stop at the first malformed record (default), or leave those out and list them",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
