"""Writes the report files of reduction, training and evaluation: tables and figures in one folder each."""

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from src.evaluation import plots
from src.evaluation.arrivals import arrival_section
from src.evaluation.assessment import Assessment
from src.evaluation.metrics import Evaluation
from src.evaluation.operating_points import OperatingPoints
from src.evaluation.operating_tables import operating_tables
from src.evaluation.verdicts import verdicts_file
from src.utils.files import whole_file, write_text
from src.utils.sections import as_markdown


def write_reduction(variance: pd.DataFrame, information: pd.DataFrame, folder: Path, caption: str) -> None:
    """Write explained variance by component and mutual information by feature, each as CSV and PNG."""
    _write_csv(variance, folder / "explained_variance.csv")
    _write_csv(information, folder / "mutual_information.csv")
    plots.save(plots.explained_variance(variance, caption), folder / "explained_variance.png")
    plots.save(plots.mutual_information(information, caption), folder / "mutual_information.png")


def write_history(epochs: list[dict[str, float]], folder: Path, caption: str) -> None:
    """Write the training history as CSV and, if the model has epochs, as PNG."""
    table = pd.DataFrame(epochs, columns=["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds"])
    _write_csv(table, folder / "history.csv")
    if epochs:
        plots.save(plots.history(table, caption), folder / "history.png")


def write_assessment(
    assessment: Assessment, metrics: Mapping[str, float | int | str | bool], class_names: tuple[str, ...],
    folder: Path, caption: str, part: str,
) -> None:  # fmt: skip
    """Write the evaluation of a test part, its leakage report, its reliability curve and its verdicts."""
    write_evaluation(assessment.evaluation, metrics, class_names, folder, caption)
    _write_csv(assessment.leakage, folder / "leakage.csv")
    _write_csv(assessment.reliability, folder / "reliability.csv")
    plots.save(plots.reliability(assessment.reliability, caption), folder / "reliability.png")
    assessment.verdicts.write(folder / verdicts_file(part))
    if assessment.operating:
        write_operating_points(assessment.operating, folder, caption)


def write_arrivals(table: pd.DataFrame, folder: Path) -> None:
    """Write the scores by way of arrival as CSV and Markdown."""
    _write_csv(table, folder / "arrivals.csv")
    write_text(folder / "arrivals.md", as_markdown([arrival_section(table)]) + "\n")


def write_operating_points(found: OperatingPoints, folder: Path, caption: str) -> None:
    """Write the scores at equal false alarms (CSV, Markdown), and the curve by false-alarm rate (CSV, PNG)."""
    _write_csv(found.table, folder / "operating_points.csv")
    _write_csv(found.attacks, folder / "operating_attacks.csv")
    _write_csv(found.curve, folder / "operating_curve.csv")
    write_text(folder / "operating_points.md", as_markdown(operating_tables(found.table)) + "\n")
    plots.save(plots.alarm_curves({"": found.curve}, caption), folder / "operating_curve.png")


def write_evaluation(
    result: Evaluation, metrics: Mapping[str, float | int | str | bool], class_names: tuple[str, ...],
    folder: Path, caption: str,
) -> None:  # fmt: skip
    """Write metrics, confusion matrix (JSON, CSV, PNG), recall by class and attack type, and curves."""
    _write_json(dict(metrics), folder / "metrics.json")
    _write_json(
        {"classes": list(class_names), "rows_predicted_columns_actual": result.confusion.tolist()},
        folder / "confusion_matrix.json",
    )
    matrix = pd.DataFrame(
        result.confusion,
        index=pd.Index([f"predicted {name}" for name in class_names], name=""),
        columns=[f"actual {name}" for name in class_names],
    )
    _write_csv(matrix.reset_index(), folder / "confusion_matrix.csv")
    _write_csv(result.per_class, folder / "class_recall.csv")
    _write_csv(result.per_attack, folder / "attack_recall.csv")
    _write_csv(result.roc, folder / "roc.csv")
    _write_csv(result.precision_recall, folder / "precision_recall.csv")
    for name, figure in plots.evaluation_figures(result, class_names, caption).items():
        plots.save(figure, folder / f"{name}.png")


def write_timings(timings: Mapping[str, float], folder: Path) -> None:
    """Write durations to a file of their own, so that equal experiments have equal files of metrics."""
    _write_json(dict(timings), folder / "timings.json")


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    with whole_file(path) as part:
        table.to_csv(part, index=False, float_format="%.8g", lineterminator="\n")


def _write_json(content: object, path: Path) -> None:
    write_text(path, json.dumps(content, indent=2) + "\n")
