"""Data that the stages hand on: encoded files, sampled parts and reduced parts, and how each follows from the last.

Nothing here reads or writes a file.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from src.config.settings import Settings
from src.data.duplicates import overlap, vector_ids
from src.data.history import History, short_histories, with_history
from src.data.layout import Layout, ModelInput, Windows
from src.data.sampling import draw, with_target
from src.data.schema import Schema
from src.data.tables import LabeledTable, Table

if TYPE_CHECKING:  # scikit-learn takes a second to import, and the first three stages do not need it
    from sklearn.pipeline import Pipeline

    from src.features.reduction import Reduced

Facts = dict[str, Any]


@dataclass(frozen=True)
class EncodedFile:
    """One file of the dataset, checked and encoded.

    Attributes:
        table: Its records, in file order.
        findings: Counts of records, attack types and unknown values, as `Findings.as_dict` gives them.
    """

    table: Table
    findings: Facts


@dataclass(frozen=True)
class SampledParts:
    """Training, validation and test parts with the classes of the task.

    Rows of `train` and `val` are lines of the training file, in random order. So are those of `test`, unless the split
    is official: then each test has the lines of its own file, in order.

    Attributes:
        tests: `test` and, with the official split, further published tests of the dataset.
        facts: Counts of records and duplicates by part, and of records by class.
    """

    train: LabeledTable
    val: LabeledTable
    tests: dict[str, LabeledTable]
    facts: Facts

    @classmethod
    def from_tables(cls, tables: dict[str, LabeledTable], facts: Facts) -> "SampledParts":
        """The parts by name as one object."""
        return cls(tables["train"], tables["val"], {name: tables[name] for name in scored_parts(tables)}, facts)

    @property
    def test(self) -> LabeledTable:
        """The main test part."""
        return self.tests["test"]

    def by_name(self) -> dict[str, LabeledTable]:
        """Every part by name, the training part first."""
        return {"train": self.train, "val": self.val, **self.tests}


@dataclass(frozen=True)
class SamplePlan:
    """Rows and classes of each part before the records are copied.

    A stage copies one part at a time: all parts beside a full-size training file would need its memory twice.

    Attributes:
        source: Training file.
        rows: Index into `source`, int64, by part.
        target: Class index of these rows, int32, by part.
        official_tests: Published tests by part; none unless the split is official.
        facts: As in `SampledParts`.
    """

    source: Table
    rows: dict[str, np.ndarray]
    target: dict[str, np.ndarray]
    official_tests: dict[str, LabeledTable]
    facts: Facts

    @property
    def names(self) -> list[str]:
        """Names of the parts, the training part first."""
        return [*self.rows, *self.official_tests]

    def table(self, part: str) -> LabeledTable:
        """Copy the records of one part."""
        if part in self.official_tests:
            return self.official_tests[part]
        return self.source.take(self.rows[part]).labeled(self.target[part])

    def all_parts(self) -> SampledParts:
        """Copy the records of every part."""
        return SampledParts.from_tables({part: self.table(part) for part in self.names}, self.facts)


@dataclass(frozen=True)
class ReducedParts:
    """Training, validation and test part as a model reads them.

    Attributes:
        preparation: Scaling and reducer, fitted on the training part.
        seconds: Duration of that fit.
        sample_facts: Facts of the sampled parts that these are made from.
        schema: Schema of the records, with all known values.
    """

    train: "Reduced"
    val: "Reduced"
    test: "Reduced"
    preparation: "Pipeline"
    seconds: float
    sample_facts: Facts
    schema: Schema

    def by_name(self) -> "dict[str, Reduced]":
        """Every part by name, the training part first."""
        return {"train": self.train, "val": self.val, "test": self.test}


def scored_parts(parts: Iterable[str]) -> list[str]:
    """Names of the parts that a detector is evaluated on: `test` and the further published tests."""
    return [part for part in parts if part not in ("train", "val")]


def plan_sample(settings: Settings, training: EncodedFile, official_tests: dict[str, EncodedFile]) -> SamplePlan:
    """Draw the task's records and divide them into parts.

    Args:
        training: Training file.
        official_tests: Published test files by part; none unless the split is official.
    Raises:
        ValueError: a part has no records.
    """
    table, task = training.table, settings.task
    drawn, target, classes = draw(
        table,
        task,
        settings.seeds.sampling,
        scale=settings.scale,
        once=settings.split.once,
        again=settings.dataset.copies,
    )
    vector = vector_ids(table.X, drawn)
    label, row = np.array(table.attacks)[table.attack[drawn]], table.row[drawn]
    categories = settings.dataset.schema.categories
    places = settings.split.divide(vector, target, settings.seeds.split, label=label, row=row, categories=categories)
    if empty := [part for part, place in places.items() if not len(place)]:
        raise ValueError(
            f"dataset={settings.dataset.name}: found {len(drawn):,} records with {len(np.unique(vector)):,} different "
            f"feature vectors, of which split={settings.split.name} gives none to the part {empty[0]!r}, expected some "
            "in each part; give more records, or other shares"
        )
    tests = {part: with_target(file.table, task) for part, file in official_tests.items()}
    ids = {part: vector[place] for part, place in places.items()}
    ids |= {part: vector_ids(test.X) for part, test in tests.items()}
    facts = {
        "classes": classes,
        **_duplicates(ids),
        **_source(training.findings),
        "official_tests": {part: _source(file.findings) for part, file in official_tests.items()},
    }
    return SamplePlan(
        source=table,
        rows={part: drawn[place] for part, place in places.items()},
        target={part: target[place] for part, place in places.items()},
        official_tests=tests,
        facts=facts,
    )


def _duplicates(ids: dict[str, np.ndarray]) -> Facts:
    """Counts of records and of distinct ones, and the share of each test that training has too.

    Args:
        ids: Vector ids of the records, uint64, by part.
    """
    return {
        "records": {part: len(one) for part, one in ids.items()},
        "distinct_vectors": {part: len(np.unique(one)) for part, one in ids.items()},
        **{f"{part}_share_seen_in_training": overlap(ids["train"], ids[part]) for part in scored_parts(ids)},
    }


def _source(findings: Facts) -> Facts:
    """Counts of a source file under the names that a run logs them by."""
    names = {
        "source_records": "records",
        "quarantined": "quarantined",
        "unknown_values": "unknown",
        "source_notes": "notes",  # there are some only where the file is not as the published ones are
    }
    return {name: findings[key] for name, key in names.items() if key in findings}


def record_inputs(preparation: "Pipeline", sampled: SampledParts) -> dict[str, ModelInput]:
    """Model input of each part where a model reads a record alone."""
    from src.features.reduction import prepare

    tables = {"train": sampled.train, "val": sampled.val, "test": sampled.test}
    return {part: prepare(preparation, table.X) for part, table in tables.items()}


def file_inputs(
    layout: Layout,
    preparation: "Pipeline",
    training_file: Table,
    sampled: SampledParts,
    schema: Schema,
    seed: int,
    *,
    official: bool,
) -> dict[str, ModelInput]:
    """Model input of each part where a model also reads the records before one in its file, whatever part these are in.

    Args:
        training_file: All records of the training file.
        schema: Schema of the records.
        seed: Seed of the draw of training records with a short history.
        official: True if the test part is a file of its own, False if it is of the training file.
    """
    tables = {"train": sampled.train, "val": sampled.val}
    if not official:
        tables["test"] = sampled.test
    inputs = _one_file_inputs(layout, preparation, schema, training_file, tables)
    if layout.short_history:
        visible = short_histories(len(training_file), layout.short_history, max(layout.history), seed)
        inputs |= _one_file_inputs(layout, preparation, schema, training_file, {"train": sampled.train}, visible)
    if official:
        inputs |= _one_file_inputs(layout, preparation, schema, sampled.test, {"test": sampled.test})
    return inputs


def _one_file_inputs(
    layout: Layout,
    preparation: "Pipeline",
    schema: Schema,
    file: Table,
    parts: dict[str, LabeledTable],
    visible: np.ndarray | None = None,
) -> dict[str, ModelInput]:
    """Model input of the parts of one file.

    Args:
        visible: Number of previous records that a history counts, for each record of the file; None counts all.
    """
    from src.features.reduction import prepare

    assert (np.diff(file.row) > 0).all()  # files and official parts are in order
    # the index of a record is not its line: quarantined lines are in no table
    index = {part: np.searchsorted(file.row, table.row) for part, table in parts.items()}
    if layout.name == "window":
        rows = prepare(preparation, file.X)
        return {part: Windows(rows, newest, layout.window) for part, newest in index.items()}
    history = History(layout.history, schema)(file.X, visible)
    return {part: with_history(prepare(preparation, table.X), history[index[part]]) for part, table in parts.items()}


def attack_types(table: Table, schema: Schema) -> np.ndarray:
    """Index of each record's attack type in the labels of the schema, int32, shape (n,): the same for all tables."""
    return np.array([schema.labels.index(name) for name in table.attacks], dtype=np.int32)[table.attack]
