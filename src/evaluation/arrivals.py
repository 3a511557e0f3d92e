"""Scores of a detector that reads previous records, where records arrive in another way than in the file."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from src.detector.arrival import IN_FILE, WAYS
from src.detector.decision import Decision
from src.evaluation.metrics import confusion_matrix, detection_name, scores
from src.utils.sections import Section


def arrivals(
    probabilities: Iterable[tuple[str, np.ndarray]],
    decision: Decision,
    target: np.ndarray,
    n_classes: int,
    cost: Sequence[Sequence[float]] | None,
) -> pd.DataFrame:
    """Score the verdicts on the same records for each way in which they arrive.

    Args:
        probabilities: Name of each way, and the probabilities of the model, float32, shape (n, classes).
        decision: Rule that turns probabilities into verdicts.
        target: Class index, int32, shape (n,).
        n_classes: Number of classes.
        cost: Cost matrix, `cost[actual][predicted]`.
    Returns:
        Columns `arrival`, `false_alarm_rate`, `detection`, `accuracy` and, with costs, `mean_cost`.
    """
    rows = []
    for name, uncalibrated in probabilities:
        verdict = decision.verdict(decision.calibrated(uncalibrated))
        found = scores(confusion_matrix(verdict, target, n_classes), cost)
        columns = {"false_alarm_rate": "false_alarm_rate", "detection": detection_name(n_classes)}
        columns |= {one: one for one in ("accuracy", "mean_cost") if one in found}
        rows.append({"arrival": name, **{column: float(found[score]) for column, score in columns.items()}})
    return pd.DataFrame(rows)


def arrival_metrics(table: pd.DataFrame, n_classes: int) -> dict[str, float]:
    """Metrics by name, such as `false_alarm_rate_single`, of the ways other than the file's order."""
    names = {"false_alarm_rate": "false_alarm_rate", "detection": detection_name(n_classes), "mean_cost": "mean_cost"}
    return {
        f"{names[column]}_{row['arrival']}": row[column]
        for row in table.to_dict("records")
        if row["arrival"] != IN_FILE
        for column in names
        if column in row
    }


def arrival_section(table: pd.DataFrame) -> Section:
    """Build a table for people."""
    costs = "mean_cost" in table
    rows = [
        (
            WAYS[row["arrival"]].words,
            *(f"{100 * row[name]:.2f}" for name in ("false_alarm_rate", "detection", "accuracy")),
            *([f"{row['mean_cost']:.4f}"] if costs else []),
        )
        for row in table.to_dict("records")
    ]
    titles = ("records arrive as", "false alarms, %", "detection, %", "accuracy, %")
    return Section(rows, (*titles, "mean cost") if costs else titles)
