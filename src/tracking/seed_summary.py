"""Mean and 95 % interval of each score over runs that differ by the seed alone, for their MLflow parent."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from src.evaluation.intervals import Interval, student
from src.tracking.finished_runs import find_finished
from src.tracking.parents import describe
from src.tracking.seed_groups import SeedGroup
from src.utils.files import write_text

MAIN = (
    "accuracy",
    "mean_cost",
    "binary_accuracy",
    "macro_f1",
    "f1",
    "recall",
    "precision",
    "false_alarm_rate",
    "detection_rate",
    "roc_auc",
)
_NOT_OVER_SEEDS = ("_low", "_high")  # bootstrap intervals of single runs


@dataclass(frozen=True)
class SeedSummary:
    """Scores of a group over its seeds.

    Attributes:
        label: Label of the group.
        seeds: Seeds that have a run.
        requested: Number of seeds that the group asks for.
        scores: Mean and interval by metric.
    """

    label: str
    seeds: tuple[int, ...]
    requested: int
    scores: Mapping[str, Interval]


def log_seed_summaries(groups: Sequence[SeedGroup], parent: str, folder: str | None) -> None:
    """Summarize the groups that have two finished runs or more, print the text, and log it to the parent run.

    Args:
        parent: Id of the parent run.
        folder: Folder among the parent's artifacts; the top, unless given.
    """
    summaries = [summary for group in groups if (summary := over_seeds(group, _metrics_by_seed(group)))]
    if not summaries:
        return
    text = markdown(summaries)
    print(text)
    tags, metrics = dict[str, str](), dict[str, float]()
    if len(summaries) == 1:  # several groups would give one metric several values
        tags = {"seeds": " ".join(map(str, summaries[0].seeds))}
        metrics = _parent_metrics(summaries[0])
    with tempfile.TemporaryDirectory(prefix="ids-") as scratch:
        write(summaries, Path(scratch))
        describe(parent, text, tags, metrics, Path(scratch), folder)


def _metrics_by_seed(group: SeedGroup) -> dict[int, Mapping[str, float]]:
    """Metrics of the finished runs of a group, by seed."""
    runs = {seed: find_finished(config) for seed, config in group.configs.items()}
    return {seed: run.metrics for seed, run in runs.items() if run}


def _parent_metrics(summary: SeedSummary) -> dict[str, float]:
    """Mean and both ends of the interval of each score, as metrics of the parent."""
    metrics: dict[str, float] = {}
    for name, score in summary.scores.items():
        metrics |= {f"{name}_mean": score.mean, f"{name}_low": score.low, f"{name}_high": score.high}
    return metrics


def over_seeds(group: SeedGroup, metrics: Mapping[int, Mapping[str, float]]) -> SeedSummary | None:
    """Mean and interval of each score that all runs of a group have; None for fewer than two runs.

    Args:
        metrics: Metrics of each run, by seed.
    """
    if len(metrics) < 2:
        return None
    first, *others = metrics.values()
    names = sorted(name for name in first if _is_score(name) and all(name in other for other in others))
    scores = {name: student([run[name] for run in metrics.values()]) for name in names}
    return SeedSummary(group.label, tuple(metrics), len(group.configs), scores)


def _is_score(name: str) -> bool:
    """Tell whether a metric of single runs has a mean over seeds."""
    return (name.startswith("test_") or name == "fit_seconds") and not name.endswith(_NOT_OVER_SEEDS)


def table(summaries: Sequence[SeedSummary]) -> pd.DataFrame:
    """Return columns `configuration`, `seeds`, `metric`, `mean`, `low`, `high`; one row for each score."""
    rows = [
        (one.label, " ".join(map(str, one.seeds)), name, interval.mean, interval.low, interval.high)
        for one in summaries
        for name, interval in one.scores.items()
    ]
    return pd.DataFrame(rows, columns=["configuration", "seeds", "metric", "mean", "low", "high"])


def markdown(summaries: Sequence[SeedSummary]) -> str:
    """Return the main scores as Markdown, one table for each configuration."""
    lines: list[str] = []
    for one in summaries:
        missing = "" if len(one.seeds) == one.requested else f" of {one.requested} asked for"
        lines += [f"**{one.label}**: mean and 95 % interval over {len(one.seeds)} seeds{missing}", ""]
        lines += ["| | mean | 95 % interval |", "|---|---|---|"]
        parts = [name.removesuffix("_roc_auc") for name in one.scores if name.endswith("_roc_auc")] or ["test"]
        for name in (f"{part}_{name}" for part in sorted(parts) for name in MAIN):
            if name in one.scores:
                score = one.scores[name]
                lines.append(f"| `{name}` | {score.mean:.5f} | [{score.low:.5f}, {score.high:.5f}] |")
        lines.append("")
    return "\n".join(lines)


def write(summaries: Sequence[SeedSummary], folder: Path) -> None:
    """Write `seeds.csv` and `seeds.md`."""
    write_text(folder / "seeds.csv", table(summaries).to_csv(index=False, float_format="%.8g", lineterminator="\n"))
    write_text(folder / "seeds.md", markdown(summaries))
