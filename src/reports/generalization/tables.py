"""The report's tables as Markdown."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from src.reports.markdown import MISSING, cost, markdown_table, number, percent, seeds
from src.reports.runs import Configuration

NOT_STATED = "not stated"
SPLITS = ("random", "grouped", "official")


@cache
def references() -> tuple[Mapping[str, Any], ...]:
    """Return published results on the official test: `system`, `place`, `cost`, and other scores if stated."""
    text = Path(__file__).with_name("references.yaml").read_text(encoding="utf-8")
    return tuple(yaml.safe_load(text))


def by_split(configurations: Sequence[Configuration]) -> str:
    """Return the accuracy of each model on each split."""
    rows = []
    for model in dict.fromkeys(configuration.title for configuration in configurations):
        found = {configuration.split: configuration for configuration in configurations if configuration.title == model}
        rows.append([model, *(percent(found[split].score("test_accuracy")) for split in SPLITS if split in found)])
    seen = {configuration.split: configuration.score("test_share_seen_in_training") for configuration in configurations}
    note = [percent(seen[split], 0) for split in SPLITS if split in seen]
    rows.append(["*test records with a copy in training*", *note])
    return markdown_table(["test accuracy, %", *(f"`split={split}`" for split in SPLITS if split in seen)], rows)


def unseen(configurations: Sequence[Configuration]) -> str:
    """Return scores on the official test for known and unknown attacks, and seen and unseen vectors."""
    rows = []
    for configuration in configurations:
        detection = f"test_{configuration.detection}"
        metrics = (
            "test_accuracy",
            "test_false_alarm_rate",
            detection,
            f"{detection}_known_attacks",
            f"{detection}_unknown_attacks",
            "test_accuracy_seen",
            "test_accuracy_unseen",
        )
        rows.append([configuration.title, *(percent(configuration.score(metric)) for metric in metrics)])
    columns = ("accuracy", "false alarms", "detection", "of known attack types", "of unknown attack types",
               "accuracy on seen vectors", "on unseen vectors")  # fmt: skip
    return markdown_table(["in percent", *columns], rows)


def contest(configurations: Sequence[Configuration]) -> str:
    """Return the five-class table: published results and ours, lowest cost first."""
    rows = [
        (
            one["cost"],
            [
                one["system"],
                f"{one['cost']:.4f}",
                *(f"{one[key]:.2f}" if key in one else NOT_STATED for key in ("accuracy", "binary")),
                *(f"{one[key]:.2f}" if key in one else NOT_STATED for key in ("detection", "false_alarms")),
                str(one["place"]),
            ],
        )
        for one in references()
    ]
    for configuration in configurations:
        metrics = ("test_accuracy", "test_binary_accuracy", f"test_{configuration.detection}", "test_false_alarm_rate")
        score = configuration.score("test_mean_cost")
        scores = [percent(configuration.score(metric)) for metric in metrics]
        rows.append(
            (
                score.mean if score else float("inf"),
                [f"**{configuration.title}**", cost(score), *scores, f"ours, {seeds(len(configuration.runs))}"],
            )
        )
    columns = ["system", "mean cost", "accuracy, %", "binary accuracy, %", "detection, %", "false alarms, %", "source"]
    return markdown_table(columns, [row for _, row in sorted(rows, key=lambda one: one[0])])


def taught(configurations: Sequence[Configuration]) -> str:
    """Return the parts of the taught network: means over the seeds, with the lowest and highest."""

    def cell(configuration: Configuration, metric: str, factor: float, digits: int) -> str:
        values = [factor * value for value in configuration.values(metric).values()]
        if not values:
            without = metric.startswith("teacher_") and not configuration.config["training"].get("teacher")
            return "no teacher" if without else MISSING
        ends = f" ({min(values):.{digits}f} to {max(values):.{digits}f})" if len(values) > 1 else ""
        return f"{sum(values) / len(values):.{digits}f}{ends}"

    columns = {
        "mean cost": ("test_mean_cost", 1, 4),
        "false alarms, %": ("test_false_alarm_rate", 100, 2),
        "detection, %": ("test_detection_rate", 100, 2),
        "agreement on mixed records, %": ("teacher_agreement_mixed", 100, 2),
        "on held-out records, %": ("teacher_agreement_held_out", 100, 2),
    }
    rows = [[one.title, *(cell(one, *column) for column in columns.values())] for one in configurations]
    return markdown_table(["lowest and highest seed in brackets", *columns], rows)


def ceiling(configurations: Sequence[Configuration]) -> str:
    """Return a sentence with the upper bound for any model that sees one record at a time."""
    task, run = next(
        ((configuration.task, configuration.first) for configuration in configurations if configuration.first),
        ("", None),
    )
    if not run:
        return MISSING
    metrics = run.metrics
    ambiguous, accuracy = (100 * metrics[f"test_{name}"] for name in ("share_ambiguous", "ceiling_accuracy"))
    words = (
        f"{ambiguous:.2f} % of the test records have a vector that occurs with several classes: no model that "
        f"sees one vector at a time can exceed {accuracy:.2f} % accuracy"
    )
    if "test_ceiling_mean_cost" in metrics:
        words += f" or get below a mean cost of {metrics['test_ceiling_mean_cost']:.4f}"
    return f"{words} (`task={task}`)."


def operating_point(configurations: Sequence[Configuration]) -> str:
    """Return the thresholds chosen for a budget, and their scores on the test."""
    rows = []
    for configuration in configurations:
        detection = f"test_{configuration.detection}"
        metrics = ("val_false_alarm_rate", "test_false_alarm_rate", detection, "test_binary_accuracy")
        decision = configuration.config["decision"]
        budget, blocks = decision["false_alarm_budget"], decision["false_alarm_blocks"]
        kept = f"in each of {blocks} blocks of training" if blocks else "on validation"
        rows.append(
            [
                configuration.title,
                f"{100 * budget:g} {kept}" if budget is not None else "none",
                *(percent(configuration.score(metric)) for metric in metrics),
                number(configuration.score("test_calibration_error"), 100, 2),
            ]
        )
    columns = ["in percent", "budget", "false alarms on validation", "on test", "detection", "binary accuracy",
               "calibration error"]  # fmt: skip
    return markdown_table(columns, rows)
