"""Checks a declared schema against a file: each disagreement with column, line, value, expectation and count."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError

from src.data.formats.containers import open_records
from src.data.parsing.dialect import split
from src.data.parsing.header import HeaderError, read_head
from src.data.parsing.line_reader import LineReader, Wrong
from src.data.parsing.lines import LongLine, whole_lines
from src.data.parsing.reading import Reading
from src.data.parsing.records import SHOWN, BadRecord, plain, read_blocks
from src.data.proposals.dataset_file import file_line
from src.data.proposals.undeclared import check_plain_file, words_of
from src.data.schema import Schema
from src.data.schema_files import DECLARED, declared_schema
from src.utils.validation import first_fault, key_fault

_HEAD_BYTES = 1 << 20
_LISTED = 20  # disagreements that are listed one by one
_MOST_WORDS = 100_000  # unknown words of all columns that are told apart


@dataclass
class Disagreement:
    """Values of a column that the schema does not expect, by the first of them.

    Attributes:
        line: 1-based line of the first.
        value: The first of them.
        expected: Values that the schema expects, in words.
        count: Number of lines.
        values: Different values, up to a number.
    """

    line: int
    value: str
    expected: str
    count: int = 0
    values: set[str] = field(default_factory=set)


class _Disagreements:
    """Disagreements by column and expectation."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], Disagreement] = {}
        self._kept = 0

    def add(self, column: str, line: int, value: str, expected: str, count: int = 1) -> None:
        one = self.found.setdefault((column, expected), Disagreement(line, value, expected))
        one.count += count
        if value not in one.values and self._kept < _MOST_WORDS:
            one.values.add(value)
            self._kept += 1

    def lines(self) -> list[str]:
        """Say each of them in a line, in the order of the file."""
        return [
            f"column {column}: {one.count:,} line{'s' * (one.count != 1)}, {len(one.values):,} different "
            f"value{'s' * (len(one.values) != 1)}; the first in line {one.line:,}: found {_cut(one.value)!r}, expected "
            f"{one.expected}"
            for (column, _), one in sorted(self.found.items(), key=lambda item: item[1].line)
        ]


def check_file(path: Path, name: str) -> tuple[list[str], bool]:
    """Check a schema of `conf/dataset/schema` against a file.

    Args:
        name: Name of the schema.
    Returns:
        Lines for the user, and True if the file agrees.
    Raises:
        ValueError: there is no such schema, or it is wrong, or the file is of a kind that is not read.
        OSError: the file cannot be read, or is damaged.
    """
    check_plain_file(path)
    lines, agrees = check(path, _declared(name))
    if agrees:
        lines += [
            "As a file of a data set with this schema, behind `train:` or `test:` in a file of conf/dataset:",
            f"  {file_line(path)}",
        ]
    return lines, agrees


def check(path: Path, schema: Schema) -> tuple[list[str], bool]:
    """Check a schema against a file; as `check_file`."""
    found, reading = _Disagreements(), Reading()
    words: dict[str, set[str]] = {name: set() for name in schema.learns}
    labels: dict[str, int] = {}
    records = bad = 0
    separator = ""
    try:
        line_check = _LineCheck(path, schema)
        with open_records(path, schema) as text:
            separator = text.wrong_separator
            blocks = read_blocks(
                text.stream,
                text.name,
                schema,
                on_bad_record="quarantine",
                separator=text.separator,
                reading=reading,
            )
            for block in blocks:
                records, bad = records + len(block.line), bad + len(block.bad)
                for record in block.bad:
                    for wrong in line_check.wrong(record):
                        found.add(wrong.column, record.line, wrong.value, wrong.expected)
                _add_unknown(found, block, schema)
                for one, known in words.items():
                    known.update(words_of(block, one).dictionary.to_pylist())
                for label, count in _counts(block.label).items():
                    labels[label] = labels.get(label, 0) + count
    except HeaderError as error:
        return [str(error), f"{path} does not agree with schema {schema.name!r}"], False
    if not records and not bad:
        raise ValueError(f"{path}: found no records, expected at least one")
    disagreements = [*([f"separator: {separator}"] if separator else []), *found.lines()]
    if words and records:
        try:
            schema.learned(words)
        except ValidationError as error:
            disagreements.append(f"values of the file: found {first_fault(error)}")
    notes = [f"note: {note}" for note in reading.notes()]
    if lacking := [label for label in schema.labels if label not in labels]:
        notes.append(f"note: no record has the label {', '.join(lacking)}")
    shown_lines = disagreements[:_LISTED]
    if len(disagreements) > _LISTED:
        shown_lines.append(f"{len(disagreements) - _LISTED:,} further disagreements")
    agrees = not disagreements
    verdict = "agree with" if agrees else f"of {records + bad:,} agree with" if bad else "are read, but disagree with"
    return [*shown_lines, *notes, f"{path}: {records:,} records {verdict} schema {schema.name!r}"], agrees


def _declared(name: str) -> Schema:
    path = DECLARED / f"{name}.yaml"
    try:
        schema = declared_schema(name)
    except FileNotFoundError:
        known = ", ".join(sorted(one.stem for one in DECLARED.glob("*.yaml")))
        raise ValueError(f"--schema: found no schema {name!r}, expected one of {known}") from None
    except ValidationError as error:
        raise ValueError(f"{path}: {key_fault(error)}") from None
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ValueError(f"{path}{line}: {error.problem}; expected a schema in YAML, each key once") from None
    except (yaml.YAMLError, OmegaConfBaseException, UnicodeError) as error:
        raise ValueError(f"{path}: {' '.join(str(error).split())}; expected a schema in YAML") from None
    if schema.name != name:
        raise ValueError(f"{path}: name: found {schema.name!r}, expected {name!r}, the name of the file")
    return schema


class _LineCheck:
    """Finds all wrong values of a malformed line, where a reader of records stops at the first.

    Args:
        path: File of the lines.
        schema: Schema to check.
    Raises:
        HeaderError: the header is not that of the schema.
    """

    def __init__(self, path: Path, schema: Schema):
        with open_records(path, schema) as text:
            self._separator = text.separator
            raw = next(whole_lines(text.stream, _HEAD_BYTES), b"")
            start = b"" if isinstance(raw, LongLine) else plain(raw, text.separator, first=True)
            head = read_head(start, text.name, schema=schema, label="required", reading=Reading())
        self._readers = [LineReader(schema, {name: kind}) for name, kind in head.fields.items()]

    def wrong(self, record: BadRecord) -> list[Wrong]:
        """List the wrong values of a line; the line itself where it has another number of fields, or is damaged."""
        first = Wrong(record.column, record.value, record.expected)
        if record.column == "(record)":
            return [first]
        line = plain(record.raw + b"\n", self._separator, first=record.line == 1)[:-1]
        texts = split(line.decode("utf-8", "replace")) or []
        read = [
            reader.read((f'"{text}"' if "," in text else text).encode())
            for reader, text in zip(self._readers, texts, strict=False)
        ]
        return [one for one in read if isinstance(one, Wrong)] or [first]


def _add_unknown(found: _Disagreements, block: Any, schema: Schema) -> None:
    """Add words that are none of the listed values of a category: training reads them as unknown."""
    for name in schema.categorical:
        listed = schema.columns[name].values
        if listed == "learn" or not len(block.line):
            continue
        column = words_of(block, name)
        known = listed or []
        codes = [code for code, word in enumerate(column.dictionary.to_pylist()) if word not in known]
        indices = column.indices.to_numpy()
        for code in codes:
            rows = np.flatnonzero(indices == code)
            if len(rows):
                expected = f"one of {', '.join(known)}, or values: learn in the schema"
                found.add(name, int(block.line[rows[0]]), column.dictionary[code].as_py(), expected, len(rows))


def _counts(column: Any) -> dict[str, int]:
    if column is None or not len(column):
        return {}
    counts = np.bincount(column.indices.to_numpy(), minlength=len(column.dictionary))
    return {name: int(count) for name, count in zip(column.dictionary.to_pylist(), counts, strict=True) if count}


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
