"""Outputs of the first four stages for one config: read from the project's files, or made in memory."""

import tempfile
from functools import cached_property
from pathlib import Path

from src.config.settings import Settings
from src.data.schema import Schema
from src.data.schema_files import read_schema
from src.data.splitting import SPLIT_PARTS
from src.data.tables import read_labeled_table, read_table
from src.features.preprocessing import learn_values, preprocess_in_memory
from src.pipeline.fingerprint import current_facts, same_output
from src.pipeline.stage_data import (
    EncodedFile,
    Facts,
    ReducedParts,
    SampledParts,
    SamplePlan,
    attack_types,
    file_inputs,
    plan_sample,
    record_inputs,
)
from src.utils.paths import Workspace, prepared

# The stage that makes each cached property of `StageOutputs`.
_MADE_BY = {
    "schema": "preprocess",
    "training_file": "preprocess",
    "official_tests": "preprocess",
    "sampled": "sample",
    "reduced": "reduce",
}


class StageOutputs:
    """Outputs of the first four stages for one config, each made at most once.

    An output is read from its file where the file's note says that this config and this code made it. Otherwise it is
    made in memory, and no file is written.

    Args:
        settings: Checked config.
        made: Workspace in which the stages may have left files.
        making: Stage that is running: its own old output is not read.
    """

    def __init__(self, settings: Settings, made: Workspace, *, making: str | None = None):
        self._settings = settings
        self._made = made
        self._making = making

    def for_config(self, settings: Settings) -> "StageOutputs":
        """Outputs for another config; those already made here are reused where both configs ask for the same."""
        other = StageOutputs(settings, self._made)
        made = vars(self)
        for name, stage in _MADE_BY.items():
            if name in made and same_output(settings.config, self._settings.config, stage):
                vars(other)[name] = made[name]
        return other

    def raw_file(self, part: str, scratch: Path) -> tuple[Path, str]:
        """Path of one raw file, which is fetched into `scratch` unless the download stage left it, and its name.

        The name is for messages: nobody finds a copy in `scratch`.
        """
        dataset = self._settings.dataset
        folder = self._made.raw(dataset.name)
        if self._current_facts(folder, "download") is not None:
            path = folder / dataset.file_name(part)
            return path, str(path)
        return dataset.fetch(part, scratch), dataset.shown_name(part)

    @cached_property
    def schema(self) -> Schema:
        """Schema of the records; values that it does not know are those of the training file."""
        schema = self._settings.dataset.schema
        if not schema.learns:
            return schema
        places = [(self._made.sampled, "sample"), *((folder, "preprocess") for folder in self._preprocessed())]
        for folder, stage in places:
            if self._current_facts(folder, stage) is not None:
                return read_schema(folder)
        _ = self.training_file  # whose values complete it
        learned: Schema = vars(self)["schema"]
        return learned

    @cached_property
    def training_file(self) -> EncodedFile:
        """The encoded training file."""
        return self._encoded_file("train")

    @cached_property
    def official_tests(self) -> dict[str, EncodedFile]:
        """The encoded published test files by part."""
        return {part: self._encoded_file(part) for part in self._settings.dataset.parts if part != "train"}

    @cached_property
    def sampled(self) -> SampledParts:
        """The parts with the classes of the task."""
        folder = self._made.sampled
        if facts := self._current_facts(folder, "sample"):
            features = read_schema(folder).features
            tables = {part: read_labeled_table(folder / f"{part}.parquet", features) for part in facts["records"]}
            return SampledParts.from_tables(tables, facts)
        return self.sample_plan().all_parts()

    def sample_plan(self) -> SamplePlan:
        """Rows and classes of the parts, made in memory."""
        official_tests = self.official_tests if self._settings.split.official else {}
        return plan_sample(self._settings, self.training_file, official_tests)

    @cached_property
    def reduced(self) -> ReducedParts:
        """The parts as a model reads them, with the fitted scaling and reducer."""
        folder = self._made.reduced
        if facts := self._current_facts(folder, "reduce"):
            return _read_reduced(folder, facts)
        return self._reduce()

    def _current_facts(self, output: Path, stage: str) -> Facts | None:
        """Facts noted with an output of a stage; None where it must be made anew."""
        return None if stage == self._making else current_facts(output, self._settings.config, stage)

    def _encoded_file(self, part: str) -> EncodedFile:
        for folder in self._preprocessed():
            if facts := self._current_facts(folder, "preprocess"):
                schema = read_schema(folder)
                if part == "train":
                    vars(self)["schema"] = schema
                return EncodedFile(read_table(folder / f"{part}.parquet", schema.features), facts[part])
        with tempfile.TemporaryDirectory(prefix="ids-") as scratch:
            raw, name = self.raw_file(part, Path(scratch))
            if part == "train":  # before the others, whose values it decides
                vars(self)["schema"] = self.learned(raw, name)
            table, findings = preprocess_in_memory(
                raw,
                self.schema,
                name=name,
                on_bad_record=self._settings.on_bad_record,
                max_unknown=self._settings.max_unknown,
            )
        return EncodedFile(table, findings.as_dict())

    def _preprocessed(self) -> list[Path]:
        """Folders in which the preprocess stage may have left its tables."""
        return [made.preprocessed(self._settings.dataset.name) for made in (self._made, *prepared())]

    def learned(self, raw: Path, name: str) -> Schema:
        """Schema with the values of a raw training file.

        Args:
            name: Name of the file, for messages.
        """
        on_bad_record = self._settings.on_bad_record
        return learn_values(raw, self._settings.dataset.schema, on_bad_record=on_bad_record, name=name)

    def _reduce(self) -> ReducedParts:
        """Fit scaling and reducer on the training part, and apply them to every part."""
        from src.features.reduction import Reduced, fit_preparation

        sampled, settings = self.sampled, self._settings
        train = sampled.train
        preparation, seconds = fit_preparation(
            settings.reducer, train.X, train.target, settings.scaling.scaler(self.schema)
        )
        if settings.layout.follows_file:
            inputs = file_inputs(
                settings.layout,
                preparation,
                self.training_file.table,
                sampled,
                self.schema,
                settings.seed,
                official=settings.split.official,
            )
        else:
            inputs = record_inputs(preparation, sampled)
        tables = sampled.by_name()
        parts = {
            part: Reduced(X, tables[part].target, attack_types(tables[part], self.schema)) for part, X in inputs.items()
        }
        return ReducedParts(
            **parts, preparation=preparation, seconds=seconds, sample_facts=sampled.facts, schema=self.schema
        )


def _read_reduced(folder: Path, facts: Facts) -> ReducedParts:
    """Read the files of the reduce stage."""
    from src.features.reduction import load_preparation, load_reduced

    return ReducedParts(
        **{part: load_reduced(folder / f"{part}.npz") for part in SPLIT_PARTS},
        preparation=load_preparation(folder / "preparation.skops"),
        seconds=facts["reduce_seconds"],
        sample_facts=facts["sample"],
        schema=read_schema(folder),
    )
