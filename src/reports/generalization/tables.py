"""The report's tables as Markdown."""

from collections.abc import Sequence

from src.evaluation.intervals import Covers
from src.reports.generalization.published import on_the_contest
from src.reports.markdown import MISSING, cost, covered, markdown_table, over_seeds, percent, seeds
from src.reports.runs import Configuration, coverage, shared_details
from src.reports.standings import against, standings_table

NOT_STATED = "not stated"
SPLITS = ("random", "grouped", "official")


def by_split(configurations: Sequence[Configuration]) -> str:
    """Return the accuracy of each model on each split, and what the intervals of each column cover."""
    there = [split for split in SPLITS if any(one.split == split for one in configurations)]
    on = {split: [one for one in configurations if one.split == split] for split in there}
    covers = {split: coverage(on[split]) for split in there}
    rows = []
    for title in dict.fromkeys(one.title for one in configurations):
        found = {one.split: one for one in configurations if one.title == title}
        rows.append(
            [
                title,
                *(
                    _score(found[split], "test_accuracy", covers[split]) if split in found else MISSING
                    for split in there
                ),
            ]
        )
    rows.append(["*test records with a copy in training*", *(_share_seen(on[split]) for split in there)])
    kinds = {split: covered(covers[split], (one.overlap for one in on[split])) for split in there}
    if len({*kinds.values()}) == 1:
        what = f" {kinds[there[0]]}"
    else:
        what = f", with {'; with '.join(f'`split={split}`: {words}' for split, words in kinds.items())}"
    table = markdown_table(["test accuracy, %", *(f"`split={split}`" for split in there)], rows)
    return f"{table}\n\n[95 % intervals] cover{what}. (Lowest to highest seed.)"


def _share_seen(configurations: Sequence[Configuration]) -> str:
    """Percentage of the test records of a split with a copy in training, by the configuration with the most seeds."""
    metric = "test_share_seen_in_training"
    mean = max(configurations, key=lambda one: len(one.values(metric))).mean(metric)
    return MISSING if mean is None else f"{100 * mean:.0f}"


def _score(configuration: Configuration, metric: str, covers: Covers) -> str:
    return percent(configuration.score(metric, covers), configuration.seed_range(metric))


def kind(configurations: Sequence[Configuration]) -> str:
    """Return a sentence on what the intervals of a table cover."""
    words = covered(coverage(configurations), (one.overlap for one in configurations))
    return (
        f"[95 % intervals] cover {words}. (Lowest to highest seed.) Scores without an interval have none of this kind, "
        "or one without width."
    )


def unseen(configurations: Sequence[Configuration]) -> str:
    """Return scores on the official test for known and unknown attacks, and seen and unseen vectors."""
    covers, rows = coverage(configurations), []
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
        rows.append([configuration.title, *(_score(configuration, metric, covers) for metric in metrics)])
    columns = ("accuracy", "false alarms", "detection", "of known attack types", "of unknown attack types",
               "accuracy on seen vectors", "on unseen vectors")  # fmt: skip
    return f"{markdown_table(['in percent', *columns], rows)}\n\n{kind(configurations)}"


def contest(configurations: Sequence[Configuration]) -> str:
    """Return the five-class table: published results and ours, lowest cost first."""
    rows = [
        (
            one.cost,
            [
                one.system,
                f"{one.cost:.4f}",
                *(
                    NOT_STATED if share is None else f"{share:.2f}"
                    for share in (one.accuracy, one.binary, one.detection, one.false_alarms)
                ),
                one.place,
            ],
        )
        for one in on_the_contest()
    ]
    covers = coverage(configurations)
    for configuration in configurations:
        metrics = ("test_accuracy", "test_binary_accuracy", f"test_{configuration.detection}", "test_false_alarm_rate")
        score = configuration.score("test_mean_cost", covers)
        scores = [_score(configuration, metric, covers) for metric in metrics]
        shown = cost(score, configuration.seed_range("test_mean_cost"))
        rows.append(
            (
                score.mean if score else float("inf"),
                [f"**{configuration.title}**", shown, *scores, f"ours, {seeds(len(configuration.runs))}"],
            )
        )
    columns = ["system", "mean cost", "accuracy, %", "binary accuracy, %", "detection, %", "false alarms, %", "source"]
    table = markdown_table(columns, [row for _, row in sorted(rows, key=lambda one: one[0])])
    return f"{table}\n\n{kind(configurations)} A user trains one detector: it may be any of these seeds, or worse."


def differences(configurations: Sequence[Configuration], reference: Configuration | None) -> str:
    """Return the paired difference of each configuration to a reference, in cost, false alarms and detection.

    Args:
        configurations: Configurations, the reference among them or not.
        reference: Configuration that was chosen without the test; None if it has no run.
    """
    if reference is None:
        return f"Differences to the reference: {MISSING}."
    others = [one for one in configurations if one is not reference]
    metrics = {
        "mean cost": "test_mean_cost",
        "false alarms, points": "test_false_alarm_rate",
        "detection, points": f"test_{reference.detection}",
    }
    columns = {title: against(reference, others, metric) for title, metric in metrics.items()}
    return standings_table(reference, others, columns, "less those of the reference")


def left_out(configurations: Sequence[Configuration]) -> str:
    """Return a sentence on what the names of the rows leave out; empty if they leave out nothing."""
    left = shared_details(configurations)
    of_all = [one for one in next(iter(left.values()), []) if all(one in details for details in left.values())]
    own = {name: [one for one in details if one not in of_all] for name, details in left.items()}
    words = [f"All rows: {', '.join(of_all)}"] if of_all else []
    words += [f"{name}: {', '.join(details)}" for name, details in own.items() if details]
    return f"Names of rows leave out what all rows of a model have. {'; '.join(words)}." if words else ""


def taught(configurations: Sequence[Configuration]) -> str:
    """Return the parts of the taught network: means over the seeds, with the lowest and highest."""

    def cell(configuration: Configuration, metric: str, scale: float, digits: int) -> str:
        values = configuration.values(metric).values()
        if not values and metric.startswith("teacher_") and not configuration.config["training"].get("teacher"):
            return "no teacher"
        return over_seeds(values, scale, digits)

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
    covers, rows = coverage(configurations), []
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
                *(_score(configuration, metric, covers) for metric in metrics),
                _score(configuration, "test_calibration_error", covers),
            ]
        )
    columns = ["in percent", "budget", "false alarms on validation", "on test", "detection", "binary accuracy",
               "calibration error"]  # fmt: skip
    return f"{markdown_table(columns, rows)}\n\n{kind(configurations)}"
