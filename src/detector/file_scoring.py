"""Verdicts of a detector for a file of raw records, block by block: memory does not grow with the file."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv
from tqdm import tqdm

from src.data.parsing import BadRecord, OnBadRecord, ahead, read_blocks
from src.detector.detector import Detector
from src.utils.files import whole_file


def score_file(
    detector: Detector, records: Path, out: BinaryIO, on_bad_record: OnBadRecord
) -> tuple[int, list[BadRecord]]:
    """Write `line,verdict,probability_<class>...` for each record, in file order.

    A bad record that is left out is not among the records before another.

    Args:
        records: Text, or gz of it, of 41 columns. A header line is ignored, and so is what follows the columns, such
            as a label or the difficulty level of NSL-KDD.
        out: Open file that the CSV is written to.
        on_bad_record: `stop` or `quarantine`, as for `src.data.parsing.read_blocks`.
    Returns:
        Number of scored records, and the records that were left out.
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
def open_output(path: Path | None) -> Iterator[BinaryIO]:
    """Open a file that is written whole or not at all, or standard output for None."""
    if path is None:
        yield sys.stdout.buffer
        return
    with whole_file(path) as part, part.open("wb") as file:
        yield file
