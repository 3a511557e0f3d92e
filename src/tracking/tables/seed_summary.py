"""Mean and 95 % interval of each score over runs that differ by the seed alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from src.evaluation.intervals import Interval, student

_NOT_OVER_SEEDS = ("_low", "_high")  # bootstrap intervals of single runs


@dataclass(frozen=True)
class SeedSummary:
    """Scores of a configuration over its seeds.

    Attributes:
        label: One line that names the configuration.
        seeds: Seeds that have a run.
        metrics: Mean and interval by metric.
    """

    label: str
    seeds: tuple[str, ...]
    metrics: Mapping[str, Interval]

    @property
    def scores(self) -> dict[str, Interval]:
        """Scores on validation and test, and the seconds of the fit."""
        return {
            name: interval
            for name, interval in self.metrics.items()
            if name.startswith(("test_", "val_")) or name == "fit_seconds"
        }

    @property
    def parent_metrics(self) -> dict[str, float]:
        """Mean and both ends of the interval of each score, as metrics of the parent run."""
        found: dict[str, float] = {}
        for name, score in self.scores.items():
            found |= {f"{name}_mean": score.mean, f"{name}_low": score.low, f"{name}_high": score.high}
        return found


def over_seeds(runs: Sequence[Mapping[str, float]]) -> dict[str, Interval]:
    """Mean and interval of each metric that all of two runs or more have."""
    first, *others = runs
    names = sorted(
        name for name in first if not name.endswith(_NOT_OVER_SEEDS) and all(name in other for other in others)
    )
    return {name: student([run[name] for run in runs]) for name in names}


def seeds_csv(summaries: Sequence[SeedSummary]) -> str:
    """Return columns `configuration`, `seeds`, `metric`, `mean`, `low`, `high` as CSV; one row for each score."""
    rows = [
        (one.label, " ".join(one.seeds), name, interval.mean, interval.low, interval.high)
        for one in summaries
        for name, interval in one.scores.items()
    ]
    table = pd.DataFrame(rows, columns=["configuration", "seeds", "metric", "mean", "low", "high"])
    return str(table.to_csv(index=False, float_format="%.8g", lineterminator="\n"))
