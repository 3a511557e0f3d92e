"""Paired differences of configurations to a reference, corrected for their number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from src.evaluation.intervals import Interval
from src.evaluation.metric_kinds import less_is_better
from src.evaluation.significance import holm, standing
from src.evaluation.thresholds import rate_name
from src.reports.markdown import markdown_table
from src.reports.runs import Configuration, Differences

NO_PAIR = "no pair of runs"
_COST = "test_mean_cost"


@dataclass(frozen=True)
class Standing:
    """A configuration against the reference on the same test records.

    Attributes:
        difference: Mean difference to the reference with its 95 % interval.
        p: p-value of no difference after Holm's correction.
        less_is_better: True for a cost and for false alarms.
        is_cost: True for a cost, which is no share.
        n_pairs: Number of seeds that both have.
    """

    difference: Interval
    p: float
    less_is_better: bool
    is_cost: bool
    n_pairs: int

    @property
    def verdict(self) -> str:
        """Better or worse than the reference beyond chance, or undecided."""
        return standing(self.difference.mean, self.p, less_is_better=self.less_is_better)

    def __str__(self) -> str:
        scale, digits = (1, 4) if self.is_cost else (100, 2)
        mean, low, high = (
            f"{scale * value:+.{digits}f}"
            for value in (self.difference.mean, self.difference.low, self.difference.high)
        )
        return f"{mean} [{low}, {high}], p = {self.p:.2g}: {self.verdict}"


def against(reference: Configuration | None, others: Sequence[Configuration], metric: str) -> list[Standing | None]:
    """Compare configurations with a reference by the verdicts of their runs, seed by seed.

    Args:
        reference: Configuration that is chosen before the scores are known.
        others: Configurations; the reference among them has no standing.
        metric: Name of a score of the test part, such as `test_accuracy`.
    Returns:
        Standings in the same order; None for the reference, and where no pair of runs has verdicts.
    """
    found = [one.differences(reference) if reference and one is not reference else None for one in others]
    return _corrected(
        found, metric.removeprefix("test_"), less_is_better=less_is_better(metric), is_cost=metric == _COST
    )


def at_equal_alarms(
    reference: Configuration | None, others: Sequence[Configuration], rates: tuple[float, ...]
) -> list[list[Standing | None]]:
    """Compare the detection of configurations with that of a reference at equal false alarms, seed by seed.

    Args:
        reference, others: As for `against`.
        rates: Shares of the normal test records that may raise an alarm, with thresholds read on the test.
    Returns:
        Standings in the order of the configurations for each rate; None as for `against`.
    """
    found = [
        one.detection_differences(reference, rates) if reference and one is not reference else None for one in others
    ]
    return [_corrected(found, rate_name(rate), less_is_better=False, is_cost=False) for rate in rates]


def standings_table(
    reference: Configuration,
    others: Sequence[Configuration],
    columns: Mapping[str, Sequence[Standing | None]],
    what: str,
) -> str:
    """Return a table of standings with its reference in words.

    Args:
        reference: Configuration that the others are compared with.
        others: Configurations of the rows.
        columns: Standings of the rows by title.
        what: Title of the rows.
    """
    found = [one for column in columns.values() for one in column if one]
    most = max((one.n_pairs for one in found), default=0)
    pairs = f"; {most} seeds of each unless a row says another number" if most > 1 else ""
    rows = [
        [one.title, *(_cell(standing, most) for standing in standings)]
        for one, *standings in zip(others, *columns.values(), strict=True)
    ]
    return f"Reference: {reference.title}{pairs}.\n\n{markdown_table([what, *columns], rows)}"


def _cell(standing: Standing | None, most: int) -> str:
    """A standing in words, with its number of pairs where it has fewer than others."""
    if not standing:
        return NO_PAIR
    return f"{standing}" + (f" ({standing.n_pairs} of {most} seeds)" if standing.n_pairs < most else "")


def _corrected(
    found: Sequence[Differences | None], name: str, *, less_is_better: bool, is_cost: bool
) -> list[Standing | None]:
    """Standings by the differences of each configuration in one score, corrected for their number."""
    tested = [(one.by_metric[name], one.n_pairs) if one and name in one.by_metric else None for one in found]
    adjusted = iter(holm([one[0].p for one in tested if one]))
    return [
        Standing(one[0].interval, next(adjusted), less_is_better, is_cost, one[1]) if one else None for one in tested
    ]
