"""Verdicts of a detector for a file of raw records, block by block: memory does not grow with the file."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv
from tqdm import tqdm

from src.data.parsing import BadRecord, BadRecordError, OnBadRecord, ahead, read_blocks
from src.data.schema import COLUMNS
from src.detector.detector import Detector
from src.detector.record_file import no_records
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
    Raises:
        BadRecordError: a record is malformed, and `on_bad_record` is `stop`.
        ValueError: the file has no record, not even a bad one.
    """
    names = detector.card.class_names
    header = ["line", "verdict", *(f"probability_{name}" for name in names)]
    scored = 0
    bad: list[BadRecord] = []
    begun = False
    plain = pa.csv.WriteOptions(include_header=False, quoting_style="none")
    with ExitStack() as stack:
        file = stack.enter_context(records.open("rb"))
        bar = stack.enter_context(
            tqdm(total=os.fstat(file.fileno()).st_size, desc="predict", unit="B", unit_scale=True, disable=None)
        )
        text = stack.enter_context(pa.CompressedInputStream(file, "gzip")) if records.suffix == ".gz" else file
        stream = detector.stream()
        for block in ahead(read_blocks(text, str(records), label="ignored", on_bad_record="quarantine")):
            if block.bad and on_bad_record == "stop":
                raise BadRecordError(
                    f"{records}: {_in_words(block.bad[0])}; correct the line, or leave bad records out with "
                    "--on-bad-record quarantine"
                )
            if not begun and (len(block.line) or block.bad):  # a file without records has no output either
                out.write(",".join(header).encode() + b"\n")
                begun = True
            bad += map(_in_words, block.bad)
            scored += len(block.line)
            probability = stream.predict_proba(block.columns)
            verdict = pa.array(names).take(pa.array(detector.verdict(probability)))
            columns = [pa.array(block.line), verdict, *(pa.array(column) for column in probability.T.copy())]
            pa.csv.write_csv(pa.table(columns, header), out, plain)
            bar.update(file.tell() - bar.n)
    if not begun:
        raise ValueError(no_records(records))
    return scored, bad


def _in_words(bad: BadRecord) -> BadRecord:
    """Say which fields a line of the wrong length should have: as many as the first line."""
    if not bad.expected.endswith("fields"):
        return bad
    fields = f"{len(COLUMNS)} columns, and optionally a label and a difficulty level"
    return replace(bad, expected=f"{bad.expected} in every line ({fields})")


@contextmanager
def open_output(path: Path | None) -> Iterator[BinaryIO]:
    """Open a file that is written whole or not at all, or standard output for None."""
    if path is None:
        yield sys.stdout.buffer
        return
    with whole_file(path) as part, part.open("wb") as file:
        yield file
