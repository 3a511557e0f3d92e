"""Turns raw text into encoded tables block by block, so that files of any size fit into memory."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from src.data.containers import open_records
from src.data.parsing import Block, OnBadRecord, ahead, read_blocks
from src.data.quarantine import Quarantine
from src.data.schema import RecordFormat
from src.data.tables import PARQUET, Table, concatenate, to_arrow
from src.features.encoding import encode
from src.utils.files import whole_file


@dataclass
class Findings:
    """Counts of the contents of a raw file, recorded with a run.

    Attributes:
        records: Number of valid records.
        attacks: Number of records of each label.
        unknown: Counts of unknown values for each symbolic column that has any.
        quarantined: Number of malformed lines that were left out.
    """

    records: int = 0
    attacks: Counter[str] = field(default_factory=Counter)
    unknown: dict[str, Counter[str]] = field(default_factory=dict)
    quarantined: int = 0

    def as_dict(self) -> dict[str, Any]:
        return {
            "records": self.records,
            "quarantined": self.quarantined,
            "unknown": {name: dict(sorted(counts.items())) for name, counts in sorted(self.unknown.items())},
            "attacks": dict(self.attacks.most_common()),
        }


def preprocess_to_file(
    raw: Path,
    parquet: Path,
    quarantine: Quarantine,
    *,
    record_format: RecordFormat = "kdd99",
    on_bad_record: OnBadRecord = "stop",
    name: str | None = None,
    on_bytes: Callable[[int], object] = lambda count: None,
) -> Findings:
    """Check the records of `raw` and encode them into `parquet`, completely or not at all.

    With `on_bad_record="quarantine"`, malformed lines are written to `quarantine`.

    Args:
        name: Name of the file for messages, where `raw` is a copy that nobody will find.
    Raises:
        BadRecordError: a record is malformed and `on_bad_record` is `stop`; neither file is written.
        ValueError: the file has no records.
    """
    findings = Findings()
    with ExitStack() as stack:
        part = stack.enter_context(whole_file(parquet))
        bad = stack.enter_context(quarantine)
        writer: pq.ParquetWriter | None = None
        for table in _encoded_blocks(_checked_blocks(raw, name, record_format, on_bad_record, on_bytes), findings, bad):
            arrow = to_arrow(table)
            if writer is None:
                writer = stack.enter_context(pq.ParquetWriter(part, arrow.schema, **PARQUET))
            writer.write_table(arrow)
        if writer is None:
            raise ValueError(f"{name or raw}: found no records, expected at least one; fetch it again")
        writer.close()
    return findings


def preprocess_in_memory(
    raw: Path,
    *,
    record_format: RecordFormat = "kdd99",
    on_bad_record: OnBadRecord = "stop",
    name: str | None = None,
) -> tuple[Table, Findings]:
    """Check and encode the records of `raw` in memory; quarantined lines are only counted.

    Args:
        name: Name of the file for messages, where `raw` is a copy that nobody will find.
    """
    findings = Findings()
    checked = _checked_blocks(raw, name, record_format, on_bad_record, lambda count: None)
    blocks = list(_encoded_blocks(checked, findings, None))
    if not blocks:
        raise ValueError(f"{name or raw}: found no records, expected at least one; fetch it again")
    return concatenate(blocks), findings


def _encoded_blocks(blocks: Iterator[Block], findings: Findings, quarantine: Quarantine | None) -> Iterator[Table]:
    for block in blocks:
        findings.quarantined += len(block.bad)
        if quarantine:
            quarantine.add(block.bad)
        if not len(block.line):
            continue
        X, unknown = encode(block.columns)
        assert block.label is not None  # read with label="required"
        attack = block.label.indices.to_numpy()
        attacks = tuple(block.label.dictionary.to_pylist())
        findings.records += len(block.line)
        for name, count in zip(attacks, np.bincount(attack, minlength=len(attacks)), strict=True):
            findings.attacks[name] += int(count)
        for name, counts in unknown.items():
            findings.unknown.setdefault(name, Counter()).update(counts)
        yield Table(X, attack, attacks, block.line)


def _checked_blocks(
    raw: Path,
    name: str | None,
    record_format: RecordFormat,
    on_bad_record: OnBadRecord,
    on_bytes: Callable[[int], object],
) -> Iterator[Block]:
    with open_records(raw, name) as text:
        blocks = read_blocks(
            text.stream,
            text.name,
            record_format=record_format,
            on_bad_record=on_bad_record,
            separator=text.separator,
            on_bytes=on_bytes,
        )
        yield from ahead(blocks)
