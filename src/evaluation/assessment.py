"""Assesses a detector on one test part: metrics, leakage, calibration, intervals and verdicts."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from src.data.duplicates import vector_ids
from src.data.sampling import Task
from src.data.tables import LabeledTable
from src.detector.decision import Decision, attack_probability
from src.evaluation import leakage, metrics
from src.evaluation.calibration import calibration_error, reliability
from src.evaluation.config import EvaluationProtocol
from src.evaluation.intervals import bootstrap
from src.evaluation.leakage import Background
from src.evaluation.left_out import left_out_scores
from src.evaluation.metrics import Evaluation
from src.evaluation.operating_points import Labels, OperatingPoints, Scored, TrainingThresholds, operating_points
from src.evaluation.verdicts import Verdicts

AS_FITTED = "as fitted"


@dataclass(frozen=True)
class Assessment:
    """Results of a detector on one test part.

    Attributes:
        metrics: Metrics by name, without the name of the part.
        evaluation: Confusion matrix, tables and curves.
        leakage: Table of `leakage.Leakage`.
        reliability: Columns `probabilities` (`as fitted`, or at a temperature), `records`, `confidence`, `accuracy`.
        verdicts: Verdict on every record, in the order of the part.
        operating: Scores at equal false alarms; None if the part lacks normal records or attacks.
    """

    metrics: dict[str, float]
    evaluation: Evaluation
    leakage: pd.DataFrame
    reliability: pd.DataFrame
    verdicts: Verdicts
    operating: OperatingPoints | None = None


def assess(
    uncalibrated: np.ndarray,
    decision: Decision,
    test: LabeledTable,
    background: Background,
    task: Task,
    protocol: EvaluationProtocol,
    seed: int,
    thresholds: TrainingThresholds | None = None,
) -> Assessment:
    """Assess a detector by its probabilities on a test part.

    Args:
        uncalibrated: Probabilities of the model, float32, shape (n, classes).
        decision: Rule that turns probabilities into verdicts.
        test: Records of the test part.
        background: Vectors and labels of the training part.
        task: Classes and costs.
        protocol: Settings of the evaluation.
        seed: Seed of the resampling.
        thresholds: Thresholds that training chose for the rates of equal false alarms.
    """
    target, n_classes = test.target, len(task.classes)
    attack, vectors = np.array(test.attacks)[test.attack], vector_ids(test.X)
    probability = decision.calibrated(uncalibrated)
    predicted = decision.verdict(probability)
    evaluation = metrics.evaluate(
        probability,
        target,
        attack,
        task.class_names,
        predicted=predicted,
        uncalibrated=uncalibrated,
        known=background.attacks,
        cost=task.cost,
    )
    leaked = leakage.report(background, vectors, predicted, target, attack, n_classes, task.cost)
    everything = evaluation.metrics | leaked.metrics
    everything |= left_out_scores(probability, predicted, target, attack, background.attacks, task.cost)
    tables = {AS_FITTED: reliability(uncalibrated, target)}
    if decision.temperature != 1:
        tables[f"at temperature {decision.temperature:.3g}"] = reliability(probability, target)
        everything["calibration_error_as_fitted"] = calibration_error(tables[AS_FITTED])
    everything["calibration_error"] = calibration_error(list(tables.values())[-1])
    if protocol.bootstrap:
        intervals = bootstrap(
            vectors, predicted, target, n_classes, resamples=protocol.bootstrap, seed=seed, cost=task.cost
        )
        for name, interval in intervals.items():
            everything |= {f"{name}_low": interval.low, f"{name}_high": interval.high}
    verdicts = Verdicts(
        test.row,
        vectors,
        target,
        predicted.astype(np.int32),
        attack_probability(probability).astype(np.float32),
        task.class_names,
        task.cost,
    )
    operating = operating_points(
        Scored.of(probability, target, vectors, task.cost),
        Labels(test.attacks, test.attack, background.attacks),
        thresholds,
        resamples=protocol.bootstrap,
        seed=seed,
        records_a_day=protocol.records_a_day,
    )
    if operating:
        everything |= operating.metrics
    curves = pd.concat(tables, names=["probabilities", None]).reset_index(level=0).reset_index(drop=True)
    return Assessment(everything, evaluation, leaked.table, curves, verdicts, operating)
