"""Schemas of KDD99 and NSL-KDD, their columns and features, and readers of such records, for tests."""

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from src.data import simulator
from src.data.formats import containers
from src.data.formats.containers import RecordText
from src.data.parsing import dialect, frames, header, records
from src.data.parsing.quarantine import Quarantine
from src.data.parsing.records import Block
from src.data.schema import Column, Schema
from src.data.schema_files import declared_schema
from src.data.tables import Table
from src.features import encoding, preprocessing, unknown_words
from src.features.preprocessing import Findings

KDD: Schema = declared_schema("kdd")
NSL: Schema = replace(KDD, columns=KDD.columns | {"difficulty": Column("level")})
COLUMNS = KDD.kinds
FEATURES = KDD.features
VOCABULARIES = KDD.vocabularies
PROTOCOLS, SERVICES, FLAGS = (VOCABULARIES[name] for name in ("protocol_type", "service", "flag"))
CATEGORIES = KDD.categories
LABELS = KDD.labels
GROUPS = KDD.groups


def read_blocks(stream: BinaryIO, source: str, schema: Schema = KDD, **options: Any) -> Iterator[Block]:
    return records.read_blocks(stream, source, schema, **options)


def read_word(name: str, text: str) -> str | None:
    """A word of a column, or a label."""
    return dialect.read_label(KDD, text) if name == "label" else dialect.read_word(KDD, name, text)


def find_columns(names: Any) -> dict[str, int]:
    return header.find_columns(KDD, names)


def preprocess_in_memory(raw: Path, schema: Schema = KDD, **options: Any) -> tuple[Table, Findings]:
    return preprocessing.preprocess_in_memory(raw, schema, **options)


def preprocess_to_file(
    raw: Path, parquet: Path, quarantine: Quarantine, schema: Schema = KDD, **options: Any
) -> Findings:
    return preprocessing.preprocess_to_file(raw, parquet, quarantine, schema, **options)


def open_records(path: Path, name: str | None = None) -> AbstractContextManager[RecordText]:
    return containers.open_records(path, KDD, name)


def checked_columns(records: pd.DataFrame) -> pa.Table:
    return frames.checked_columns(records, KDD)


def encode(columns: pa.Table) -> tuple[np.ndarray, dict[str, Counter[str]]]:
    return encoding.encode(columns, KDD)


def unknown_per_record(columns: pa.Table) -> np.ndarray:
    return unknown_words.unknown_per_record(columns, KDD)


def simulate(part: Literal["train", "test"], records: int, seed: int) -> Iterator[bytes]:
    return simulator.simulate(part, records, seed, KDD)


def example_records() -> pd.DataFrame:
    """Three records: words as str, numbers as float64, values that are not set as 0."""
    examples: tuple[dict[str, Any], ...] = (
        {"protocol_type": "tcp", "service": "http", "flag": "SF", "src_bytes": 210, "dst_bytes": 1500, "logged_in": 1},
        {"protocol_type": "icmp", "service": "ecr_i", "flag": "SF", "src_bytes": 1000, "count": 500, "srv_count": 500},
        {"protocol_type": "tcp", "service": "private", "flag": "S0", "count": 200, "serror_rate": 1.0},
    )
    table = pd.DataFrame([{name: values.get(name, 0) for name in COLUMNS} for values in examples])
    numbers = [name for name, kind in COLUMNS.items() if kind != "category"]
    return table.astype(dict.fromkeys(numbers, "float64"))
