"""Whether two runs differ on the records that both judged."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from src.evaluation.intervals import Interval, percentiles, resampled
from src.evaluation.metrics import scores
from src.evaluation.verdicts import Verdicts

_FEW = 25  # discordant records below which chi-square is a poor approximation
_NAMES = ("accuracy", "mean_cost", "false_alarm_rate", "detection_rate")
_RISES = {"accuracy", "detection_rate"}  # with how good a run is


@dataclass(frozen=True)
class McNemar:
    """McNemar's test of equal accuracy.

    Attributes:
        only_one: Records that the first run has right and the second wrong.
        only_other: And the other way round.
        p: Chance of so uneven a number, or one more uneven, where both runs are as good.
        how: Which form of the test.
    """

    only_one: int
    only_other: int
    p: float
    how: str


def mcnemar(only_one: int, only_other: int) -> McNemar:
    """The test by its two numbers.

    Reference:
        McNemar, 1947, doi:10.1007/BF02295996; the correction: Edwards, 1948, doi:10.1007/BF02289261.

    >>> mcnemar(1, 5)  # 2 * (1 + 6) / 2**6
    McNemar(only_one=1, only_other=5, p=0.21875, how='exact binomial')
    """
    n = only_one + only_other
    if n < _FEW:
        p = float(stats.binomtest(only_one, n, 0.5).pvalue) if n else 1.0
        return McNemar(only_one, only_other, p, "exact binomial")
    statistic = (abs(only_one - only_other) - 1) ** 2 / n if only_one != only_other else 0.0
    return McNemar(only_one, only_other, float(stats.chi2.sf(statistic, 1)), "chi-square with continuity correction")


@dataclass(frozen=True)
class Difference:
    """One metric of both runs, and the first less the second with its 95 % bootstrap interval."""

    metric: str
    one: float
    other: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low > 0 or self.high < 0

    @property
    def better(self) -> int:
        """Place of the better run, 0 or 1."""
        return int((self.one > self.other) != (self.metric in _RISES))


@dataclass(frozen=True)
class Comparison:
    """Two runs on one test part; `differences` begin with accuracy."""

    records: int
    vectors: int
    test: McNemar
    differences: tuple[Difference, ...]


def compare(one: Verdicts, other: Verdicts, *, resamples: int, seed: int = 0) -> Comparison:
    """Compare two runs record by record.

    Raises:
        ValueError: they did not judge the same records, or not by the same classes; names what differs.
    """
    one, other = one.by_row(), other.by_row()
    if found := next(_unlike(one, other), None):
        raise ValueError(f"found {found}, expected two runs on the same records and classes")
    n_classes, cost = len(one.classes), one.cost if one.cost == other.cost else None
    target = one.target.astype(np.int64)
    right = [run.predicted == target for run in (one, other)]
    test = mcnemar(int(np.sum(right[0] & ~right[1])), int(np.sum(right[1] & ~right[0])))
    cell = (one.predicted * n_classes + other.predicted) * n_classes + target
    shape = (n_classes, n_classes, n_classes)
    whole = np.bincount(cell, minlength=n_classes**3).reshape(shape)
    drawn = resampled(one.vector, cell, n_classes**3, resamples=resamples, seed=seed).reshape(resamples, *shape)
    # the axes are the first run's verdict, the second's and the truth, last of all
    found_one, found_other = scores(whole.sum(axis=1), cost), scores(whole.sum(axis=0), cost)
    drawn_one, drawn_other = scores(drawn.sum(axis=2), cost), scores(drawn.sum(axis=1), cost)
    differences = []
    for name in _NAMES:
        if name in found_one:
            interval: Interval = percentiles(drawn_one[name] - drawn_other[name])
            differences.append(
                Difference(name, float(found_one[name]), float(found_other[name]), interval.low, interval.high)
            )
    return Comparison(len(one), len(np.unique(one.vector)), test, tuple(differences))


def _unlike(one: Verdicts, other: Verdicts) -> Iterator[str]:
    """What keeps two runs from being compared."""
    if one.classes != other.classes:
        yield f"the classes {', '.join(one.classes)} and {', '.join(other.classes)}"
    if len(one) != len(other):
        yield f"{len(one):,} and {len(other):,} test records"
    for name, what in (("row", "the line"), ("vector", "the features"), ("target", "the class")):
        unlike = getattr(one, name) != getattr(other, name)
        if unlike.any():
            first = int(unlike.argmax())
            yield (
                f"test records that differ in {what}, {np.count_nonzero(unlike):,} of {len(one):,} of them, the first "
                f"at line {one.row[first]:,} of the one and {other.row[first]:,} of the other"
            )


def explain(result: Comparison, names: tuple[str, str]) -> list[str]:
    """A comparison as text: a table, both tests, and in one sentence whether the runs differ."""
    width = max(len("difference"), *(len(name) for name in names))
    titles = [f"{one.metric.replace('_', ' '):>20}" for one in result.differences]
    rows = {
        names[0]: [f"{one.one:.5f}" for one in result.differences],
        names[1]: [f"{one.other:.5f}" for one in result.differences],
        "difference": [f"{one.one - one.other:+.5f}" for one in result.differences],
        "95 % from": [f"{one.low:+.5f}" for one in result.differences],
        "to": [f"{one.high:+.5f}" for one in result.differences],
    }
    lines = [f"{'':<{width}}{''.join(titles)}".rstrip()]
    lines += [f"{name:<{width}}{''.join(f'{one:>20}' for one in values)}" for name, values in rows.items()]
    test = result.test
    return [
        *lines,
        "",
        f"Bootstrap over {result.vectors:,} distinct feature vectors, with all their {result.records:,} records.",
        f"McNemar ({test.how}): {test.only_one:,} records only {names[0]} has right, "
        f"{test.only_other:,} only {names[1]}, p = {test.p:.3g}; "
        "it takes copies of a record for independent, so p is too small where they are many.",
        _sentence(result, names),
    ]


def _sentence(result: Comparison, names: tuple[str, str]) -> str:
    clear = [one for one in result.differences if one.clear]
    if not clear:
        return "The two runs do not differ by more than these test records could tell by chance."
    told = [
        f"{names[one.better]} is better in {one.metric.replace('_', ' ')}, by {abs(one.one - one.other):.5f}"
        for one in clear
    ]
    return f"The two runs differ: {'; '.join(told)}."
