"""The walk of a record through the stages, for the stages themselves and for runs that need all of it at once.

`Walk` gives each stage's outcome: read from the project's files where their note says that they are what this config
makes, otherwise made in memory. The `write_*` functions are what the DVC stages do.
"""

import tempfile
from collections.abc import Callable, Iterable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from src.config.settings import Settings
from src.data.duplicates import overlap, vector_ids
from src.data.history import History, with_history
from src.data.layout import ModelInput, Windows
from src.data.sampling import draw, with_target
from src.data.schema import LABELS
from src.data.sources import OnProgress
from src.data.splitting import SPLIT_PARTS
from src.data.tables import Table, read_table, write_table
from src.features.preprocessing import preprocess_in_memory, preprocess_to_file
from src.pipeline.fingerprint import current_facts, note_path, same_output, write_note
from src.utils.paths import Workspace

if TYPE_CHECKING:  # scikit-learn costs a second, and the first three stages do without
    from sklearn.pipeline import Pipeline

    from src.features.reduction import Reduced

Facts = dict[str, Any]


class Walk:
    """What each stage makes of one config.

    Args:
        settings: The experiment.
        made: Where stages may have left their outputs.
        making: The stage that is at work: its own old output is not asked.
    """

    def __init__(self, settings: Settings, made: Workspace, *, making: str | None = None):
        self._settings = settings
        self._made = made
        self._making = making

    def again(self, settings: Settings) -> "Walk":
        """The walk of another config, that begins with what this one has made and the two have in common."""
        other = Walk(settings, self._made)
        stages = {"preprocessed": "preprocess", "tests": "preprocess", "sampled": "sample", "reduced": "reduce"}
        for made, stage in stages.items():
            if made in self.__dict__ and same_output(settings.config, self._settings.config, stage):
                other.__dict__[made] = self.__dict__[made]
        return other

    def _facts(self, output: Path, stage: str) -> Facts | None:
        return None if stage == self._making else current_facts(output, self._settings.config, stage)

    def raw(self, part: str, scratch: Path) -> Path:
        """The raw file of one part, fetched into `scratch` unless the download stage left it."""
        folder = self._made.raw(self._settings.dataset.name)
        if self._facts(folder, "download") is not None:
            return folder / self._settings.dataset.file_name(part)
        return self._settings.dataset.fetch(part, scratch)

    @cached_property
    def preprocessed(self) -> tuple[Table, Facts]:
        """The encoded training file, and what was found in it."""
        return self._encoded("train")

    @cached_property
    def tests(self) -> dict[str, tuple[Table, Facts]]:
        """The encoded official test files by part, and what was found in each."""
        return {part: self._encoded(part) for part in self._settings.dataset.parts if part != "train"}

    def _encoded(self, part: str) -> tuple[Table, Facts]:
        s = self._settings
        folder = self._made.preprocessed(s.dataset.name)
        if facts := self._facts(folder, "preprocess"):
            return read_table(folder / f"{part}.parquet"), facts[part]
        with tempfile.TemporaryDirectory(prefix="ids-") as scratch:
            raw = self.raw(part, Path(scratch))
            table, findings = preprocess_in_memory(
                raw, record_format=s.dataset.record_format, on_bad_record=s.on_bad_record
            )
        return table, findings.as_dict()

    @cached_property
    def sampled(self) -> tuple[dict[str, Table], Facts]:
        """Training, validation and test part (and the dataset's further official tests) with targets, and their facts.

        Rows of `train` and `val` are lines of the training file, in random order; so are those of `test`, unless the
        split is official: then each test has the lines of its own file, in order.
        """
        folder = self._made.sampled
        if facts := self._facts(folder, "sample"):
            return {part: read_table(folder / f"{part}.parquet") for part in facts["records"]}, facts
        parts, facts = self.division()
        return {part: make() for part, make in parts.items()}, facts

    def division(self) -> tuple[dict[str, Callable[[], Table]], Facts]:
        """How to make each part of `sampled`, and the facts of all: a full-size input is held twice with all parts."""
        s = self._settings
        table, findings = self.preprocessed
        index, target, drawn = draw(table, s.task, s.seed, scale=s.scale, once=s.split.official)
        vector = vector_ids(table.X, index)
        places = s.split.divide(vector, target, s.seed)
        official = self.tests if s.split.official else {}
        tests = {part: with_target(test, s.task) for part, (test, _) in official.items()}
        copies = _copies({part: vector[place] for part, place in places.items()}
                         | {part: vector_ids(test.X) for part, test in tests.items()})  # fmt: skip
        parts: dict[str, Callable[[], Table]]
        parts = {part: partial(table.take, index[place], target[place]) for part, place in places.items()}
        parts |= {part: partial(tests.__getitem__, part) for part in tests}
        return parts, {
            "classes": drawn,
            **copies,
            **_source(findings),
            "official_tests": {part: _source(found) for part, (_, found) in official.items()},
        }

    @cached_property
    def reduced(self) -> "tuple[dict[str, Reduced], Pipeline, Facts]":
        """The three parts as a model reads them, the fitted scaling and reducer, and what is known of them."""
        from src.features.reduction import Reduced, fit_preparation, load_preparation, load_reduced, prepare

        s, folder = self._settings, self._made.reduced
        if facts := self._facts(folder, "reduce"):
            parts = {part: load_reduced(folder / f"{part}.npz") for part in SPLIT_PARTS}
            return parts, load_preparation(folder / "preparation.skops"), facts
        tables, sampled = self.sampled
        train = tables["train"]
        pipeline, seconds = fit_preparation(s.reducer, train.X, _target(train), s.scaling.scaler())
        if s.layout.follows_file:
            inputs = self._in_file(pipeline, tables)
        else:
            inputs = {part: prepare(pipeline, tables[part].X) for part in SPLIT_PARTS}
        parts = {part: Reduced(inputs[part], _target(tables[part]), _types(tables[part])) for part in SPLIT_PARTS}
        return parts, pipeline, {"sample": sampled, "reduce_seconds": seconds}

    def _in_file(self, pipeline: "Pipeline", tables: dict[str, Table]) -> dict[str, ModelInput]:
        """The records of each part with those before them in their file, whatever part these are in."""
        from src.features.reduction import prepare

        layout, inputs = self._settings.layout, dict[str, ModelInput]()
        for file, parts in (self.preprocessed[0], ("train", "val")), (tables["test"], ("test",)):
            assert (np.diff(file.row) > 0).all()  # so files and official parts come
            # a line is not a place: lines that were quarantined are before no record
            places = {part: np.searchsorted(file.row, tables[part].row) for part in parts}
            if layout.name == "window":
                rows = prepare(pipeline, file.X)
                inputs |= {part: Windows(rows, at, layout.window) for part, at in places.items()}
            else:
                history = History(layout.history)(file.X)
                inputs |= {
                    part: with_history(prepare(pipeline, tables[part].X), history[at]) for part, at in places.items()
                }
        return inputs


def _copies(ids: dict[str, np.ndarray]) -> Facts:
    """Records, distinct ones, and those that training has too, of the vector ids of each part."""
    return {
        "records": {part: len(one) for part, one in ids.items()},
        "distinct_vectors": {part: len(np.unique(one)) for part, one in ids.items()},
        **{f"{part}_share_seen_in_training": overlap(ids["train"], ids[part]) for part in scored_parts(ids)},
    }


def _source(findings: Facts) -> Facts:
    """What a file held, as a run tells it."""
    names = {"source_records": "records", "quarantined": "quarantined", "unknown_values": "unknown"}
    return {name: findings[key] for name, key in names.items()}


def scored_parts(parts: Iterable[str]) -> list[str]:
    """Parts that a detector is evaluated on: `test`, and the dataset's further tests where the split is official."""
    return [part for part in parts if part not in ("train", "val")]


def _target(table: Table) -> np.ndarray:
    assert table.target is not None  # set by sampling
    return table.target


def _types(table: Table) -> np.ndarray:
    """The place of each record's attack type in LABELS, int32, shape (n,): the same whatever codes the table has."""
    return np.array([LABELS.index(name) for name in table.attacks], dtype=np.int32)[table.attack]


def write_raw(settings: Settings, out: Workspace) -> None:
    """Download stage: the files as published, those already there as published left alone."""
    folder = out.raw(settings.dataset.name)
    for part in settings.dataset.parts:
        with tqdm(desc=settings.dataset.file_name(part), unit="B", unit_scale=True) as bar:
            settings.dataset.fetch(part, folder, _shown_on(bar))
    write_note(folder, settings.config, "download", {})


def _shown_on(bar: "tqdm[Any]") -> OnProgress:
    def show(name: str, done: int, total: int | None) -> None:
        bar.total = total
        bar.update(done - bar.n)

    return show


def write_preprocessed(settings: Settings, out: Workspace, made: Workspace) -> Facts:
    """Preprocess stage: every file checked and encoded."""
    folder = out.preprocessed(settings.dataset.name)
    note_path(folder).unlink(missing_ok=True)
    facts: Facts = {}
    with tempfile.TemporaryDirectory(prefix="ids-") as scratch:
        for part in settings.dataset.parts:
            raw = Walk(settings, made, making="preprocess").raw(part, Path(scratch))
            with tqdm(desc=f"preprocess {part}", unit="B", unit_scale=True) as bar:
                findings = preprocess_to_file(
                    raw,
                    folder / f"{part}.parquet",
                    folder / f"{part}.quarantine.csv",
                    record_format=settings.dataset.record_format,
                    on_bad_record=settings.on_bad_record,
                    on_bytes=bar.update,
                )
            facts[part] = findings.as_dict()
    write_note(folder, settings.config, "preprocess", facts)
    return facts


def write_sampled(settings: Settings, out: Workspace, made: Workspace) -> Facts:
    """Sample stage: the parts with their targets."""
    note_path(out.sampled).unlink(missing_ok=True)
    parts, facts = Walk(settings, made, making="sample").division()
    for part, make in parts.items():
        write_table(make(), out.sampled / f"{part}.parquet")
    write_note(out.sampled, settings.config, "sample", facts)
    return facts


def write_reduced(walk: Walk, settings: Settings, out: Workspace) -> None:
    """Reduce stage: the model's input, and the fitted scaling and reducer."""
    from src.features.reduction import save_preparation, save_reduced

    note_path(out.reduced).unlink(missing_ok=True)
    parts, pipeline, facts = walk.reduced
    for name, part in parts.items():
        save_reduced(part, out.reduced / f"{name}.npz")
    save_preparation(pipeline, out.reduced / "preparation.skops")
    write_note(out.reduced, settings.config, "reduce", facts)


def write_reduction_reports(walk: Walk, settings: Settings, out: Workspace) -> None:
    """Explained variance and mutual information of the training part, whatever the reducer."""
    from src.evaluation.outputs import write_reduction
    from src.features.reduction import explained_variance, mutual_information_ranking

    train_part = walk.sampled[0]["train"]
    assert train_part.target is not None  # set by sampling
    write_reduction(
        explained_variance(train_part.X, settings.scaling.scaler()),
        mutual_information_ranking(
            settings.scaling.unscaled(train_part.X), train_part.target, settings.scaling.features
        ),
        out.reports,
        settings.input_caption,
    )
