"""Evaluation of a detector on a data set that has the columns of its training data.

The evaluation is that of a run: the same metrics, intervals and report files. Only the test parts are of another data
set. Its labels become classes by the task of the detector.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from omegaconf import OmegaConf

from src.config.build import build, make
from src.config.settings import TRAINED_ON, Config, Settings
from src.data.layout import Layout
from src.data.sampling import Task, with_target
from src.data.schema import Column, Schema
from src.data.tables import LabeledTable, Table
from src.detector.card import Card
from src.detector.detector import Detector
from src.pipeline.experiment import Evaluated, TrainingRecord, evaluate
from src.pipeline.stage_data import EncodedFile, Facts, SampledParts
from src.pipeline.stage_outputs import StageOutputs
from src.utils.paths import Workspace

_COUNTS = ("records", "distinct_vectors")
_SHOWN = 8  # columns that a message lists
# Beginnings of the names of scores that need attacks, and of those that need normal records.
_OF_ATTACKS = ("f1", "macro_f1", "recall", "detection_", "precision", "roc_auc")
_OF_CLASS = ("f1", "recall", "precision")  # names that the name of a class may follow
_OF_NORMAL = ("false_alarm_rate", "detection_at_", "macro_f1", "roc_auc")


@dataclass(frozen=True)
class CrossEvaluated:
    """Result of an evaluation on another data set.

    Attributes:
        evaluated: Metrics, durations and assessments.
        record: Record of the training, with the numbers of records of the scored parts.
    """

    evaluated: Evaluated
    record: TrainingRecord


def settings_on(trained: Settings, config: Config, card: Card) -> Settings:
    """Check that a detector can be evaluated on the data set of `config`, and return the settings of the evaluation.

    Args:
        trained: Settings of the training.
        config: Config of the evaluation, from `src.config.scored_data.config_on`.
        card: Card of the detector.
    Raises:
        ValueError: the data set has other columns, labels that are of no class, or lines without an order; or its
            records are simulated and those of the training are not, or the other way round.
    """
    name, own = config["dataset"]["name"], config[TRAINED_ON]["name"]
    declared = build(OmegaConf.create(config), stage="preprocess").dataset
    if differences := list(_differences(card.schema, declared.schema)):
        raise ValueError(
            f"dataset={name}: found other columns than those of {own}, on which the detector was trained: "
            f"{'; '.join(differences)}; expected the same features. If only names differ, write the detector's names "
            "into the schema, and those of the file as aliases"
        )
    if declared.simulated != trained.dataset.simulated:
        kinds = ["simulated" if one else "real" for one in (declared.simulated, trained.dataset.simulated)]
        raise ValueError(f"dataset={name}: found {kinds[0]} records, expected {kinds[1]} ones, as in the training: "
                         "a score across the two says nothing; choose another run, or another data set")  # fmt: skip
    _check_order(trained.layout, name, ordered=declared.ordered)
    config = _with_known_values(config, declared.schema, card.schema)
    data = build(OmegaConf.create(config), stage="preprocess")
    return replace(
        trained,
        config=config,
        dataset=data.dataset,
        on_bad_record=data.on_bad_record,
        max_unknown=data.max_unknown,
        task=_task_on(trained.task, make("task", config["task"]), data.dataset.schema, name),
        evaluation=make("evaluation", config["evaluation"]),
    )


def evaluate_on(
    detector: Detector, training: SampledParts, settings: Settings, record: TrainingRecord, out: Workspace,
    outputs: StageOutputs,
) -> CrossEvaluated:  # fmt: skip
    """Evaluate a detector on all published test files of another data set, or on its one file.

    Args:
        training: Parts of the training, of which the report says what the scored records share with them.
        settings: Settings from `settings_on`.
        record: Record of the training.
        out: Workspace for the reports.
        outputs: Outputs of the first stages for `settings`.
    Raises:
        RuntimeError: the training part is not the one that the detector was trained on.
        ValueError: a record has an attack type that is of no class.
    """
    _check_training(training, record)
    files = outputs.official_tests or {"test": outputs.training_file}
    trained, scored = detector.card.schema, settings.dataset.schema
    tests = {part: _labeled(file.table, settings, trained, scored) for part, file in files.items()}
    record = replace(record, facts=_facts(record.facts, training, files, tests))
    sampled = SampledParts(training.train, training.val, tests, {})
    found = evaluate(detector, sampled, settings, record, out)
    records = {part: one.evaluation.per_class["records"].tolist() for part, one in found.assessments.items()}
    return CrossEvaluated(replace(found, metrics=counted(found.metrics, records, settings.task.class_names[0])), record)


def counted(metrics: Mapping[str, Any], records: Mapping[str, Sequence[int]], normal: str) -> dict[str, Any]:
    """Metrics without the scores of records that a part lacks, which would be 0 as nothing was counted.

    Args:
        metrics: Metrics, their names with the part before them.
        records: Numbers of records of the classes, normal traffic first, by part.
        normal: Class of normal traffic.
    """

    def lacks(name: str) -> bool:
        for part, (of_normal, *attacks) in records.items():
            of_class = name in {f"{part}_{score}_{normal}" for score in _OF_CLASS}
            if not any(attacks) and not of_class and name.startswith(tuple(f"{part}_{one}" for one in _OF_ATTACKS)):
                return True
            if not of_normal and (of_class or name.startswith(tuple(f"{part}_{one}" for one in _OF_NORMAL))):
                return True
        return False

    return {name: value for name, value in metrics.items() if not lacks(name)}


def _differences(trained: Schema, scored: Schema) -> Iterator[str]:
    """Differences between the features of two schemas, in words."""
    if missing := [name for name in trained.kinds if name not in scored.kinds]:
        yield f"it lacks {_listed(missing)}"
    if further := [name for name in scored.kinds if name not in trained.kinds]:
        yield f"it also has {_listed(further)}"
    for name in trained.kinds:
        here, there = (_words(schema.columns.get(name)) for schema in (scored, trained))
        if name in scored.kinds and here != there:
            yield f"{name} is {here}, in training {there}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _words(column: Column | None) -> str:
    """Kind of a column, and the encoding of a category: `count`, `category as code`."""
    return "" if column is None else " as ".join(filter(None, (column.kind, column.encoding)))


def _check_order(layout: Layout, name: str, *, ordered: bool) -> None:
    if layout.follows_file and not ordered:
        raise ValueError(
            f"dataset={name}: found dataset.ordered=false, expected a data set whose lines are in the order of the "
            f"traffic, as the detector (layout={layout.name}) reads the records before one; set dataset.ordered=true "
            "if you know that they are"
        )


def _with_known_values(config: Config, declared: Schema, trained: Schema) -> Config:
    """Config whose categories have the known values of the training, so that records are encoded as they were there."""
    changed = {
        name: {"kind": "category", "encoding": column.encoding, "values": list(column.values or ())}
        for name in trained.categorical
        if (column := trained.columns[name]).values != declared.columns[name].values
    }
    if not changed:
        return config
    schema = config["dataset"]["schema"]
    schema = {**schema, "columns": {**schema["columns"], **changed}, "n_features": len(trained.features)}
    return {**config, "dataset": {**config["dataset"], "schema": schema}}


def _task_on(trained: Task, task: Any, schema: Schema, name: str) -> Task:
    """Task of the detector with the attack types of another data set."""
    try:
        found: Task = task.of_schema(schema)
    except ValueError as error:
        raise ValueError(f"dataset={name}: task {trained.name!r} of the detector does not fit its labels: {error}; "
                         "dataset.schema.categories names the attack types of a data set") from None  # fmt: skip
    if found.class_names != trained.class_names:
        raise ValueError(
            f"dataset={name}: found the classes {', '.join(found.class_names)} in it, expected those of the detector "
            f"({', '.join(trained.class_names)}); give the categories of its schema the same names in the same "
            "order. An attack type of none of them has no class of this detector: put it into the category that it is "
            "most like, or score a detector of task=binary, for which it is an attack"
        )
    return found


def _labeled(table: Table, settings: Settings, trained: Schema, scored: Schema) -> LabeledTable:
    """Records with the classes of the task, and the features in the order of the training."""
    types = [table.attacks[code] for code in np.unique(table.attack)]
    target = settings.task.target(tuple(types))
    unknown = [one for one, index in zip(types, target, strict=True) if index < 0 and one not in trained.labels]
    if unknown:
        raise ValueError(
            f"dataset={settings.dataset.name}: found the attack type {unknown[0]!r}, which is in no class of task "
            f"{settings.task.name!r}, expected a class for each type that the training data lack; name it in the "
            "categories of the schema"
        )
    if scored.features != trained.features:
        order = [scored.features.index(name) for name in trained.features]
        table = replace(table, X=table.X.T[order].T)
    return with_target(table, settings.task)


def _check_training(training: SampledParts, record: TrainingRecord) -> None:
    """Check that the parts made anew have as many records as the run says."""
    for key in _COUNTS:
        found, noted = training.facts[key]["train"], record.facts.get(f"derived.{key}_train")
        if str(found) != str(noted):
            raise RuntimeError(
                f"run {record.run_id}: found {found} {key.replace('_', ' ')} in the training part made anew, expected "
                f"{noted}, as in the run: another version of this project or other files made it; train it again"
            )


def _facts(
    noted: Facts, training: SampledParts, files: dict[str, EncodedFile], tests: dict[str, LabeledTable]
) -> Facts:
    """Parameters of the evaluation that are not in its config."""
    found = {"derived.simulated": noted["derived.simulated"]}
    if "derived.network_parameters" in noted:
        found["derived.network_parameters"] = int(noted["derived.network_parameters"])
    tables: Sequence[tuple[str, Table]] = [("train", training.train), ("val", training.val), *tests.items()]
    found |= {f"derived.records_{part}": len(table) for part, table in tables}
    for part, file in files.items():
        found |= {f"derived.{key}_{part}": file.findings[key] for key in ("quarantined", "unknown")}
    return found
