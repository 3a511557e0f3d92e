"""Turns raw text into encoded tables block by block, so that files of any size fit into memory."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from pydantic import ValidationError

from src.data.formats.containers import open_records
from src.data.parsing.quarantine import Quarantine
from src.data.parsing.reading import MAX_UNKNOWN, Reading
from src.data.parsing.records import Block, OnBadRecord, ahead, read_blocks
from src.data.schema import Schema
from src.data.tables import PARQUET, Table, concatenate, to_arrow
from src.features.encoding import encode
from src.features.unknown_words import UnknownWords
from src.utils.files import whole_file
from src.utils.validation import first_fault


@dataclass
class Findings:
    """Counts of the contents of a raw file, recorded with a run.

    Attributes:
        records: Number of valid records.
        attacks: Number of records of each label.
        unknown: Counts of unknown values for each category that has any.
        quarantined: Number of malformed lines that were left out.
        reading: What in the file is not as the published files have it.
    """

    records: int = 0
    attacks: Counter[str] = field(default_factory=Counter)
    unknown: dict[str, Counter[str]] = field(default_factory=dict)
    quarantined: int = 0
    reading: Reading = field(default_factory=Reading)

    def as_dict(self) -> dict[str, Any]:
        notes, missing = self.reading.notes(), dict(self.reading.missing)
        return {
            **({"notes": notes} if notes else {}),
            **({"missing": missing} if missing else {}),
            "records": self.records,
            "quarantined": self.quarantined,
            "unknown": {name: dict(sorted(counts.items())) for name, counts in sorted(self.unknown.items())},
            "attacks": dict(self.attacks.most_common()),
        }


def preprocess_to_file(
    raw: Path,
    parquet: Path,
    quarantine: Quarantine,
    schema: Schema,
    *,
    on_bad_record: OnBadRecord = "stop",
    max_unknown: float = MAX_UNKNOWN,
    name: str | None = None,
    on_bytes: Callable[[int], object] = lambda count: None,
) -> Findings:
    """Check the records of `raw` and encode them into `parquet`, completely or not at all.

    With `on_bad_record="quarantine"`, malformed lines are written to `quarantine`.

    Args:
        schema: Columns and labels, with all known values (`Schema.learned`).
        max_unknown: Share of the records that may have words that the encoding does not know.
        name: Name of the file for messages, where `raw` is a copy that nobody will find.
    Raises:
        BadRecordError: a record is malformed and `on_bad_record` is `stop`; neither file is written.
        HeaderError: a header lacks a column, or names it twice.
        UnknownWordsError: more records have unknown words.
        ValueError: the file has no records.
    """
    findings = Findings()
    words = _unknown_words(raw, name, max_unknown, findings)
    with ExitStack() as stack:
        part = stack.enter_context(whole_file(parquet))
        bad = stack.enter_context(quarantine)
        writer: pq.ParquetWriter | None = None
        blocks = _checked_blocks(raw, name, schema, on_bad_record, on_bytes, findings.reading)
        for table in _encoded_blocks(blocks, schema, findings, words, bad):
            arrow = to_arrow(table, schema.features)
            if writer is None:
                writer = stack.enter_context(pq.ParquetWriter(part, arrow.schema, **PARQUET))
            writer.write_table(arrow)
        if writer is None:
            raise ValueError(f"{name or raw}: found no records, expected at least one; fetch it again")
        writer.close()
    return findings


def preprocess_in_memory(
    raw: Path,
    schema: Schema,
    *,
    on_bad_record: OnBadRecord = "stop",
    max_unknown: float = MAX_UNKNOWN,
    name: str | None = None,
) -> tuple[Table, Findings]:
    """Check and encode the records of `raw` in memory; quarantined lines are only counted.

    Args:
        schema: Columns and labels, with all known values (`Schema.learned`).
        max_unknown: Share of the records that may have words that the encoding does not know.
        name: Name of the file for messages, where `raw` is a copy that nobody will find.
    Raises:
        BadRecordError, HeaderError, UnknownWordsError, ValueError: as for `preprocess_to_file`.
    """
    findings = Findings()
    words = _unknown_words(raw, name, max_unknown, findings)
    checked = _checked_blocks(raw, name, schema, on_bad_record, lambda count: None, findings.reading)
    blocks = list(_encoded_blocks(checked, schema, findings, words, None))
    if not blocks:
        raise ValueError(f"{name or raw}: found no records, expected at least one; fetch it again")
    for note in findings.reading.notes():  # no stage's table says it
        logging.getLogger(__name__).warning("%s: %s", name or raw, note)
    return concatenate(blocks), findings


def learn_values(raw: Path, schema: Schema, *, on_bad_record: OnBadRecord = "stop", name: str | None = None) -> Schema:
    """Complete a schema by the values of the training file; one that is complete needs no look at it.

    Args:
        name: Name of the file for messages, where `raw` is a copy that nobody will find.
    Raises:
        BadRecordError, HeaderError: as for `preprocess_to_file`.
        ValueError: a column has too many different values.
    """
    if not schema.learns:
        return schema
    words: dict[str, set[str]] = {one: set() for one in schema.learns}
    for block in _checked_blocks(raw, name, schema, on_bad_record, lambda count: None, Reading()):
        for one, found in words.items():
            for chunk in block.columns.column(one).chunks:
                found.update(chunk.unique().to_pylist())
    try:
        return schema.learned(words)
    except ValidationError as error:
        raise ValueError(f"{name or raw}: found {first_fault(error)}") from None


def _unknown_words(raw: Path, name: str | None, max_share: float, findings: Findings) -> UnknownWords:
    """Count of unknown words that `findings` has too."""
    words = UnknownWords(max_share, name or str(raw), "preprocess.max_unknown")
    findings.unknown = words.counts
    return words


def _encoded_blocks(
    blocks: Iterator[Block], schema: Schema, findings: Findings, words: UnknownWords, quarantine: Quarantine | None
) -> Iterator[Table]:
    for block in blocks:
        findings.quarantined += len(block.bad)
        if quarantine:
            quarantine.add(block.bad)
        if not len(block.line):
            continue
        X, unknown = encode(block.columns, schema)
        assert block.label is not None  # read with label="required"
        attack = block.label.indices.to_numpy()
        attacks = tuple(block.label.dictionary.to_pylist())
        findings.records += len(block.line)
        for name, count in zip(attacks, np.bincount(attack, minlength=len(attacks)), strict=True):
            findings.attacks[name] += int(count)
        words.add(block.columns, unknown, schema)
        yield Table(X, attack, attacks, block.line)


def _checked_blocks(
    raw: Path,
    name: str | None,
    schema: Schema,
    on_bad_record: OnBadRecord,
    on_bytes: Callable[[int], object],
    reading: Reading,
) -> Iterator[Block]:
    with open_records(raw, schema, name) as text:
        blocks = read_blocks(
            text.stream,
            text.name,
            schema,
            on_bad_record=on_bad_record,
            separator=text.separator,
            on_bytes=on_bytes,
            reading=reading,
        )
        yield from ahead(blocks)
