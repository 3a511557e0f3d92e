"""Evaluations of stored detectors on other data sets, each logged as a run of its own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf

from src.config.build import build
from src.config.scored_data import config_on
from src.config.settings import TRAINED_ON, Config, Settings
from src.detector.card import Card, read_card
from src.detector.detector import Detector
from src.pipeline.cross_data import evaluate_on, settings_on
from src.pipeline.experiment import TrainingRecord
from src.pipeline.fingerprint import config_digest
from src.pipeline.run_summary import summarize
from src.pipeline.stage_outputs import StageOutputs
from src.tracking.find_runs import FoundRun, find_run
from src.tracking.logged_models import detector_folder
from src.tracking.runs import CONFIG_FILE, parameters, tracked_run
from src.tracking.store import open_store
from src.utils.paths import Workspace, project

_OF_TRAINING = ("train_", "val_", "epochs", "teacher_")  # beginnings of the names of metrics
_TIMINGS = ("fit_seconds", "reduce_seconds")


@dataclass(frozen=True)
class CrossRun:
    """Evaluation of a detector on a data set.

    Attributes:
        id: Id of its MLflow run.
        name: Name of that run: `decision_tree-pca-2-binary on nsl_kdd`.
        parts: Names of the scored parts.
        params: Parameters of the run, as MLflow logs them.
        metrics: Metrics of the run.
        records: Numbers of records of the classes, normal traffic first, by part.
    """

    id: str
    name: str
    parts: Sequence[str]
    params: Mapping[str, str]
    metrics: Mapping[str, Any]
    records: Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class _Stored:
    """Stored run with its detector.

    Attributes:
        folder: Folder of the detector.
        settings: Settings of the training.
        record: Record of the training.
    """

    name: str
    folder: Path
    card: Card
    settings: Settings
    record: TrainingRecord

    def on(self, dataset: str, overrides: Sequence[str]) -> Settings:
        """Settings of the evaluation on a data set."""
        return settings_on(self.settings, config_on(self.settings.config, dataset, overrides), self.card)


def cross_evaluate(
    runs: Sequence[str], datasets: Sequence[str], overrides: Sequence[str], folder: Path
) -> Iterator[CrossRun]:
    """Evaluate each detector on each data set once, one after the other; all are checked before the first is scored.

    Args:
        runs: Ids of runs, their first digits, names of runs, or addresses of models.
        datasets: Choices of conf/dataset.
        overrides: Values of the data sets, of preprocessing and of the evaluation, as on a command line.
        folder: Folder for the reports, one below it for each evaluation.
    Raises:
        ValueError: there is no such run or data set, or a detector cannot be evaluated on it.
        RuntimeError: the training part of a run cannot be made anew.
    """
    found_runs = {run.id: run for run in map(find_run, runs)}  # a name and an id may be those of one run
    pairs = [
        (one, one.on(name, overrides)) for one in map(_stored, found_runs.values()) for name in dict.fromkeys(datasets)
    ]
    training, scored = None, dict[str, StageOutputs]()
    for number, (stored, settings) in enumerate(pairs, 1):
        on = settings.config["dataset"]["name"]
        training = _outputs(stored.settings, training)
        scored[on] = _outputs(settings, scored.get(on))
        out = Workspace(folder / f"{number}-{on}")
        tags = {TRAINED_ON: settings.config[TRAINED_ON]["name"], "scored_on": on, "detector_run": stored.record.run_id}
        name = f"{stored.name} on {on}"
        with tracked_run(settings, name=name, extra_tags=tags, out=out) as run:
            detector = Detector.load(stored.folder)
            found = evaluate_on(detector, training.sampled, settings, stored.record, out, scored[on])
            run.log_training(found.record.facts, [], found.record.metrics | found.record.timings)
            summary = summarize(settings, found.record, found.evaluated)
            run.log_evaluation(summary.numbers, out.reports, summary.markdown)
        params = {key: str(value) for key, value in (parameters(settings.config) | found.record.facts).items()}
        records = {
            part: one.evaluation.per_class["records"].tolist() for part, one in found.evaluated.assessments.items()
        }
        yield CrossRun(run.id, name, list(records), params, summary.numbers, records)


def _outputs(settings: Settings, before: StageOutputs | None) -> StageOutputs:
    """Outputs of the first stages; those made before are reused where they are the same."""
    return before.for_config(settings) if before else StageOutputs(settings, project())


def _stored(run: FoundRun) -> _Stored:
    """Read a run, and check its config and its detector.

    Raises:
        ValueError: the run has no detector, or it is an evaluation of another run's detector.
    """
    mlflow = open_store(None)
    logged = mlflow.get_run(run.id).data
    if detector := logged.tags.get("detector_run"):
        raise ValueError(f"run {run.name}: found an evaluation of the detector of run {detector}, expected that run")
    folder = detector_folder(run.id)
    card, _, _ = read_card(folder)
    config: Config = yaml.safe_load(mlflow.artifacts.load_text(f"runs:/{run.id}/{CONFIG_FILE}"))
    if config_digest(config) != logged.tags.get("fingerprint.config"):
        raise ValueError(
            f"run {run.name}: found a {CONFIG_FILE} that is not the config of the run, expected its values in their "
            "order, which earlier versions did not keep; train it again"
        )
    record = TrainingRecord(
        run_id=run.id,
        metrics={
            name: int(value) if name == "epochs" else value
            for name, value in logged.metrics.items()
            if name.startswith(_OF_TRAINING)
        },
        timings={name: logged.metrics[name] for name in _TIMINGS},
        facts={name: value for name, value in logged.params.items() if name.startswith("derived.")},
        epochs=[],
        fingerprint={},
    )
    return _Stored(run.name, folder, card, build(OmegaConf.create(config)), record)
