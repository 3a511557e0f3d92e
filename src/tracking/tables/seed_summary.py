"""Mean and 95 % intervals of each score over runs that differ by the seed alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from src.evaluation.intervals import Interval, next_run, student
from src.evaluation.metric_kinds import scale_of

_NOT_OVER_SEEDS = ("_low", "_high")  # bootstrap intervals of single runs


@dataclass(frozen=True)
class SeedScore(Interval):
    """Mean over seeds with its interval, and what a single run may have.

    Attributes:
        lowest: Score of the lowest seed.
        highest: Score of the highest seed.
        next_run: 95 % prediction interval of one further run.
    """

    lowest: float
    highest: float
    next_run: Interval


@dataclass(frozen=True)
class SeedSummary:
    """Scores of a configuration over its seeds.

    Attributes:
        label: One line that names the configuration.
        seeds: Seeds that have a run.
        metrics: Mean and intervals by metric.
    """

    label: str
    seeds: tuple[str, ...]
    metrics: Mapping[str, SeedScore]

    @property
    def scores(self) -> dict[str, SeedScore]:
        """Scores on validation and test, and the seconds of the fit."""
        return {
            name: interval
            for name, interval in self.metrics.items()
            if name.startswith(("test_", "val_")) or name == "fit_seconds"
        }

    @property
    def parent_metrics(self) -> dict[str, float]:
        """Mean of each score, ends of its interval, and lowest and highest seed, as metrics of the parent run."""
        found: dict[str, float] = {}
        for name, score in self.scores.items():
            found |= {f"{name}_mean": score.mean, f"{name}_low": score.low, f"{name}_high": score.high}
            found |= {f"{name}_lowest": score.lowest, f"{name}_highest": score.highest}
        return found


def over_seeds(runs: Sequence[Mapping[str, float]], overlap: float = 0.0) -> dict[str, SeedScore]:
    """Mean and intervals of each metric that all of two runs or more have.

    Args:
        overlap: Ratio of test to training records where each seed draws both anew, as for `intervals.student`.
    """
    first, *others = runs
    names = sorted(
        name for name in first if not name.endswith(_NOT_OVER_SEEDS) and all(name in other for other in others)
    )
    return {name: _score(name, [run[name] for run in runs], overlap) for name in names}


def _score(name: str, values: Sequence[float], overlap: float) -> SeedScore:
    scale = scale_of(name)
    # the seconds of a fit are of no records that seeds share
    mean = student(values, overlap=0.0 if name.endswith("_seconds") else overlap, scale=scale)
    return SeedScore(mean.mean, mean.low, mean.high, min(values), max(values), next_run(values, scale=scale))


def seeds_csv(summaries: Sequence[SeedSummary]) -> str:
    """Return the scores over seeds as CSV, one row for each score.

    Columns: `configuration`, `seeds`, `metric`, `mean`, `low`, `high` (interval of the mean), `lowest`, `highest`
    (single seeds), `next_low`, `next_high` (prediction interval of one further run).
    """
    rows = [
        (one.label, " ".join(one.seeds), name, score.mean, score.low, score.high, score.lowest, score.highest,
         score.next_run.low, score.next_run.high)
        for one in summaries
        for name, score in one.scores.items()
    ]  # fmt: skip
    ends = ["low", "high", "lowest", "highest", "next_low", "next_high"]
    table = pd.DataFrame(rows, columns=["configuration", "seeds", "metric", "mean", *ends])
    return str(table.to_csv(index=False, float_format="%.8g", lineterminator="\n"))
