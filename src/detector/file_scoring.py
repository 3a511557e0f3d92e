"""Verdicts of a detector for a file of raw records, block by block: memory does not grow with the file."""

import re
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv
from tqdm import tqdm

from src.data.formats.containers import open_records
from src.data.parsing.quarantine import Quarantine
from src.data.parsing.reading import MAX_UNKNOWN, Reading
from src.data.parsing.records import BadRecord, BadRecordError, Block, OnBadRecord, ahead, read_blocks
from src.detector.card import previous_records
from src.detector.detector import Detector
from src.detector.record_file import no_records
from src.features.unknown_words import UnknownWords

FIRST = 5  # lines that were left out and are printed


@dataclass
class Scored:
    """Result of scoring a file.

    Attributes:
        records: Number of records with a verdict.
        left_out: Number of malformed lines.
        first: The first few of these.
        notes: What the file is, where it is not a plain text or gz.
        reading: What in it is not as the published files have it.
        unknown: Words that the encoding does not know.
        previous: Number of previous records that the detector reads at most.
    """

    unknown: UnknownWords
    previous: int = 0
    records: int = 0
    left_out: int = 0
    first: list[BadRecord] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    reading: Reading = field(default_factory=Reading)

    def add(self, block: Block) -> None:
        """Count a block."""
        self.records += len(block.line)
        self.left_out += len(block.bad)
        self.first += block.bad[: FIRST - len(self.first)]

    def lines(self, name: str) -> list[str]:
        """Say what was read in another form, and what was left out."""
        lines = [f"{name}: read as {note}" for note in self.notes]
        lines += [f"{name}: {note}" for note in self.reading.notes()]
        if self.unknown.counts:
            lines.append(f"{name}: {self.unknown}")
        if self.records <= self.previous:
            lines.append(
                f"{name}: found {self.records:,} records, expected more than {self.previous:,}: this detector reads "
                "the records before one, and judges the first records of a file without; give it whole files, in order"
            )
        lines += [f"left out: {name}: {bad}" for bad in self.first]
        if more := self.left_out - len(self.first):
            lines.append(f"left out: {name}: {more:,} more; --quarantine FILE keeps all of them with their reasons")
        return lines

    def summary(self, *, simulated: bool) -> str:
        """Say how many records have a verdict.

        Args:
            simulated: If true, the detector was trained on simulated data.
        """
        warning = " by a detector trained on SIMULATED data" if simulated else ""
        return f"{self.records:,} records scored{warning}, {self.left_out:,} left out"


def score_file(
    detector: Detector,
    records: Path,
    out: BinaryIO,
    on_bad_record: OnBadRecord,
    quarantine: Quarantine | None = None,
    max_unknown: float = MAX_UNKNOWN,
) -> Scored:
    """Write `line,verdict,probability_<class>...` for each record, in file order.

    A bad record that is left out is not among the records before another.

    Args:
        records: File of records in a form that `open_records` reads; `-` is standard input. Columns of which
            no features are made, such as a label, may be missing and are ignored.
        out: Open file that the CSV is written to.
        on_bad_record: `stop` or `quarantine`, as for `src.data.parsing.records.read_blocks`.
        quarantine: Files that take the malformed lines, which are left out.
        max_unknown: Share of the records that may have words that the encoding does not know.
    Raises:
        BadRecordError: a record is malformed, and `on_bad_record` is `stop`.
        HeaderError: a header lacks a column, or names it twice.
        UnknownWordsError: more records have unknown words.
        ValueError: the file has no record that can be scored.
    """
    with ExitStack() as stack:
        schema = detector.card.schema
        text = stack.enter_context(open_records(records, schema))
        scored = Scored(UnknownWords(max_unknown, text.name, "--max-unknown"), previous_records(detector.card))
        verdicts = _Verdicts(detector, out, scored.unknown)
        kept = stack.enter_context(quarantine or nullcontext())
        bar = stack.enter_context(tqdm(total=text.size, desc="predict", unit="B", unit_scale=True, disable=None))
        scored.notes = text.notes
        blocks = read_blocks(
            text.stream,
            text.name,
            schema,
            label="ignored",
            on_bad_record="quarantine",
            separator=text.separator,
            reading=scored.reading,
        )
        for block in ahead(blocks):
            block = replace(block, bad=[_in_words(bad, len(schema.kinds)) for bad in block.bad])
            if block.bad and on_bad_record == "stop" and quarantine is None:
                raise BadRecordError(
                    f"{text.name}: {block.bad[0]}; correct the line, or leave bad records out with "
                    "--on-bad-record quarantine"
                )
            if kept:
                kept.add(block.bad)
            scored.add(block)
            verdicts.write(block)
            bar.update(text.position() - bar.n)
        if not scored.left_out and not scored.records:
            raise ValueError(no_records(text.name))
        if not scored.records:
            raise ValueError(
                f"{text.name}: found {scored.left_out:,} malformed lines and no record that can be scored; "
                f"the first is {scored.first[0]}"
            )
    return scored


class _Verdicts:
    """CSV of verdicts; it begins with the first record, so that a file without records has none."""

    def __init__(self, detector: Detector, out: BinaryIO, unknown: UnknownWords):
        self._detector = detector
        self._out = out
        self._names = detector.card.class_names
        self._header = ["line", "verdict", *(f"probability_{name}" for name in self._names)]
        self._stream = detector.stream(unknown)
        self._begun = False

    def write(self, block: Block) -> None:
        """Score the records of a block."""
        if not len(block.line):
            return
        probability = self._stream.predict_proba(block.columns)
        if not self._begun:
            self._out.write(",".join(self._header).encode() + b"\n")
            self._begun = True
        verdict = pa.array(self._names).take(pa.array(self._detector.verdict(probability)))
        columns = [pa.array(block.line), verdict, *(pa.array(column) for column in probability.T.copy())]
        plain = pa.csv.WriteOptions(include_header=False, quoting_style="none")
        pa.csv.write_csv(pa.table(columns, self._header), self._out, plain)


def _in_words(bad: BadRecord, columns: int) -> BadRecord:
    """Say which fields a line of the wrong length should have: as many as the first line."""
    return bad._replace(expected=_in_every_line(bad.expected, columns))


@lru_cache
def _in_every_line(expected: str, columns: int) -> str:
    fields = f"{columns} columns of the detector, and optionally others, such as a label"
    return re.sub(r"^(\d+ fields)", rf"\1 in every line ({fields})", expected)
