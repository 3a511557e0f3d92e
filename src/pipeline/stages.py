"""The first four DVC stages: each makes its output and writes it, with a note of the config and code behind it."""

import tempfile
from pathlib import Path
from typing import Any

from tqdm import tqdm

from src.config.settings import Settings
from src.data.parsing.quarantine import Quarantine
from src.data.schema_files import write_schema
from src.data.sources import OnProgress
from src.data.tables import write_table
from src.features.preprocessing import preprocess_to_file
from src.pipeline.fingerprint import note_path, of_stage, write_note
from src.pipeline.stage_data import Facts
from src.pipeline.stage_outputs import StageOutputs
from src.utils.leftovers import remove_leftovers
from src.utils.paths import Workspace


def write_raw(settings: Settings, out: Workspace) -> None:
    """Download stage: fetch the files as published; those already there as published are left alone."""
    folder, fingerprint = out.raw(settings.dataset.name), of_stage(settings.config, "download")
    remove_leftovers(folder)  # DVC keeps the folder, and would take them for files of the dataset
    for part in settings.dataset.parts:
        with tqdm(desc=settings.dataset.file_name(part), unit="B", unit_scale=True) as bar:
            settings.dataset.fetch(part, folder, _shown_on(bar))
    write_note(folder, fingerprint, {})


def _shown_on(bar: "tqdm[Any]") -> OnProgress:
    def show(name: str, done: int, total: int | None) -> None:
        bar.total = total
        bar.update(done - bar.n)

    return show


def write_preprocessed(settings: Settings, out: Workspace, made: Workspace) -> dict[str, Facts]:
    """Preprocess stage: check and encode every file; returns the findings by part."""
    folder, fingerprint = out.preprocessed(settings.dataset.name), of_stage(settings.config, "preprocess")
    note_path(folder).unlink(missing_ok=True)
    outputs = StageOutputs(settings, made, making="preprocess")
    schema, findings = settings.dataset.schema, dict[str, Facts]()
    with tempfile.TemporaryDirectory(prefix="ids-") as scratch:
        for part in settings.dataset.parts:
            raw, name = outputs.raw_file(part, Path(scratch))
            if part == "train":  # the first part, whose values complete the schema
                schema = outputs.learned(raw, name)
            with tqdm(desc=f"preprocess {part}", unit="B", unit_scale=True) as bar:
                found = preprocess_to_file(
                    raw,
                    folder / f"{part}.parquet",
                    Quarantine(folder / f"{part}.quarantine.txt", folder / f"{part}.quarantine.csv"),
                    schema,
                    on_bad_record=settings.on_bad_record,
                    name=name,
                    max_unknown=settings.max_unknown,
                    on_bytes=bar.update,
                )
            findings[part] = found.as_dict()
    write_schema(schema, folder)
    write_note(folder, fingerprint, findings)
    return findings


def write_sampled(settings: Settings, out: Workspace, made: Workspace) -> Facts:
    """Sample stage: write the parts with their targets; returns the facts of the sample."""
    fingerprint = of_stage(settings.config, "sample")
    note_path(out.sampled).unlink(missing_ok=True)
    outputs = StageOutputs(settings, made, making="sample")
    plan, schema = outputs.sample_plan(), outputs.schema
    for part in plan.names:
        write_table(plan.table(part), out.sampled / f"{part}.parquet", schema.features)
    write_schema(schema, out.sampled)
    write_note(out.sampled, fingerprint, plan.facts)
    return plan.facts


def write_reduced(outputs: StageOutputs, settings: Settings, out: Workspace) -> None:
    """Reduce stage: write the model's input, and the fitted scaling and reducer."""
    from src.features.reduction import save_preparation, save_reduced

    fingerprint = of_stage(settings.config, "reduce")
    note_path(out.reduced).unlink(missing_ok=True)
    reduced = outputs.reduced
    for name, part in reduced.by_name().items():
        save_reduced(part, out.reduced / f"{name}.npz")
    write_schema(reduced.schema, out.reduced)
    save_preparation(reduced.preparation, out.reduced / "preparation.skops")
    facts = {"sample": reduced.sample_facts, "reduce_seconds": reduced.seconds}
    write_note(out.reduced, fingerprint, facts)


def write_reduction_reports(outputs: StageOutputs, settings: Settings, out: Workspace) -> None:
    """Report explained variance and mutual information of the training part, for every reducer."""
    from src.evaluation.outputs import write_reduction
    from src.features.reduction import explained_variance, mutual_information_ranking

    train, scaling, schema = outputs.sampled.train, settings.scaling, outputs.schema
    write_reduction(
        explained_variance(train.X, scaling.scaler(schema)),
        mutual_information_ranking(scaling.unscaled(train.X, schema), train.target, scaling.features(schema)),
        out.reports,
        settings.input_caption,
    )
