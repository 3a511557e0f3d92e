"""Confidence and prediction intervals of scores: over seeds, over test records, over both, and of one further run.

An interval says what it covers, and a column of a table has one kind only:

- `TEST_RECORDS`: other test records of the same traffic, for the runs at hand. Cluster bootstrap over feature vectors.
- `SEEDS`: other seeds. Student's t. Where seeds draw overlapping tests, Nadeau and Bengio's correction widens it.
- `SEEDS_AND_RECORDS`: both, by a bootstrap over feature vectors with Student's noise of the seeds.
- `NEXT_RUN`: the score of one further run with a new seed, such as the one run that a paper reports.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from scipy import optimize, special, stats

from src.evaluation.interchangeable import interchangeable
from src.evaluation.metric_kinds import Scale, scale_of
from src.evaluation.metrics import scores
from src.evaluation.verdicts import Verdicts

TEST_RECORDS: Final = "test records"
SEEDS: Final = "seeds"
SEEDS_AND_RECORDS: Final = "seeds and test records"
NEXT_RUN: Final = "one further run"
Covers = Literal["test records", "seeds", "seeds and test records", "one further run"]

_INSIDE = (np.finfo(float).tiny, np.nextafter(1, 0))  # lowest and highest share between 0 and 1
_NO_SPREAD = 1e-9  # of the mean: differences that only rounding tells apart
_Function = Callable[[Any], Any]


@dataclass(frozen=True)
class Interval:
    """Mean, or another estimate, with its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class MeanTest:
    """Mean with its 95 % interval, and the p-value of a mean of 0."""

    interval: Interval
    p: float


def student(values: Sequence[float] | np.ndarray, *, overlap: float = 0.0, scale: Scale = "real") -> Interval:
    """Compute the mean of two or more values, such as scores of several seeds, with Student's interval.

    Random splits of one file share records, so their scores are correlated and the plain interval is too narrow. The
    correction adds `overlap` to 1 / n in the variance of the mean.

    On the scale `share` the interval is Student's on the logit, and on `positive` on the logarithm (delta method). Such
    an interval stays within the range of the metric without a cut.

    Args:
        values: Scores, one for each seed.
        overlap: Ratio of test to training records where each seed draws both from one file; 0 for a fixed test.
        scale: Range of the values.
    Reference:
        Nadeau & Bengio, 2003, doi:10.1023/A:1024068626366.

    >>> of_three = student([1.0, 2.0, 3.0])
    >>> of_three.mean, round(of_three.high, 3)  # 4.3027 / sqrt(3) above the mean
    (2.0, 4.484)
    """
    return _student(values, 1 / len(values) + overlap, scale)


def next_run(values: Sequence[float] | np.ndarray, *, scale: Scale = "real") -> Interval:
    """Compute the 95 % prediction interval of one further run from the scores of two or more seeds.

    The mean over many seeds has a narrow interval, in which most single runs do not lie. A single run of somebody else
    is compared with this interval.

    Args:
        values: Scores, one for each seed.
        scale: Range of the values, as for `student`.

    >>> round(next_run([1.0, 2.0, 3.0]).high, 3)  # 4.3027 * sqrt(1 + 1 / 3) above the mean
    6.968
    """
    return _student(values, 1 + 1 / len(values), scale)


def _student(values: Sequence[float] | np.ndarray, factor: float, scale: Scale) -> Interval:
    """Student's interval for a variance of `factor` times that of the values."""
    mean = float(np.mean(values))
    forth, back, slope = _delta_method(mean, scale)
    reach = slope * float(stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) * np.sqrt(factor))
    return Interval(mean, float(back(forth(mean) - reach)), float(back(forth(mean) + reach)))


def _delta_method(mean: float, scale: Scale) -> tuple[_Function, _Function, float]:
    """Functions to a scale without ends and back, and the slope of the first at the mean."""
    if scale == "share" and 0 < mean < 1:
        return _logit, special.expit, 1 / (mean * (1 - mean))
    if scale == "positive" and mean > 0:
        return _log, np.exp, 1 / mean
    return np.asarray, np.asarray, 1.0


def _logit(shares: np.ndarray | float) -> Any:
    """Logit, finite at 0 and 1, where a resample may lie."""
    return special.logit(np.clip(shares, *_INSIDE))


def _log(values: np.ndarray | float) -> Any:
    """Logarithm, finite at 0."""
    return np.log(np.maximum(values, _INSIDE[0]))


def paired_test(differences: Sequence[float] | np.ndarray, *, overlap: float = 0.0) -> MeanTest:
    """Test a mean difference of 0 over two or more pairs of runs with equal seeds: the corrected resampled t-test.

    Equal differences have no spread, which says more about the resolution of the score than about other seeds: their
    p-value is that of the sign test.

    Args:
        differences: Differences of two scores, one for each seed.
        overlap: Ratio of test to training records, as for `student`.
    """
    interval = student(differences, overlap=overlap)
    spread = float(np.std(differences, ddof=1) * np.sqrt(1 / len(differences) + overlap))
    if spread <= _NO_SPREAD * abs(interval.mean):
        return MeanTest(interval, 2.0 ** (1 - len(differences)) if interval.mean else 1.0)
    return MeanTest(interval, float(2 * stats.t.sf(abs(interval.mean) / spread, len(differences) - 1)))


def resampled_test(values: Sequence[float] | np.ndarray, drawn: np.ndarray, *, scale: Scale = "real") -> MeanTest:
    """Compute the mean over seeds with its interval over seeds and test records, and test a mean of 0.

    The uncertainty of the mean is that of its resampled values plus that of the seeds. The latter is Student's: few
    seeds that all lie on one side are no strong evidence, which a bootstrap over them would say. With one seed the
    interval and the test cover test records alone: percentiles, and the two-sided share of resamples beyond 0. Where
    all resamples are the same, they are Student's.

    Args:
        values: Values of the seeds on the whole test part, such as differences of pairs of runs.
        drawn: Mean over the seeds in each resample of the test records, float64, shape (resamples,).
        scale: Range of the values, as for `student`.
    Returns:
        Mean, interval and p-value, which is at least 2 / (resamples + 1).
    """
    mean, df = float(np.mean(values)), len(values) - 1
    spread = float(np.std(values, ddof=1) / np.sqrt(len(values))) if df else 0.0
    if spread:
        below, above = (stats.t.cdf(sign * drawn / spread, df).sum() for sign in (-1, 1))
        ends = _with_spread(mean, drawn, spread, df, scale)
    else:
        below, above = np.count_nonzero(drawn <= 0), np.count_nonzero(drawn >= 0)
        ends = percentiles(drawn)
    p = min(1.0, 2 * (min(below, above) + 1) / (len(drawn) + 1))
    return MeanTest(Interval(mean, ends.low, ends.high), float(p))


def _with_spread(mean: float, drawn: np.ndarray, spread: float, df: int, scale: Scale) -> Interval:
    """Middle 95 % of the resampled means with Student's noise of the seeds, on the scale of the values."""
    forth, back, slope = _delta_method(mean, scale)
    drawn, spread = forth(drawn), slope * spread

    def end(share: float) -> float:
        def beyond(value: float) -> float:
            return float(stats.t.cdf((value - drawn) / spread, df).mean()) - share

        reach = float(spread * stats.t.ppf(share, df))
        found = optimize.brentq(beyond, drawn.min() + reach - spread, drawn.max() + reach + spread)
        return float(back(found))

    return Interval(mean, end(0.025), end(0.975))


def hierarchical(runs: Sequence[Verdicts], *, resamples: int = 1000, seed: int = 0) -> dict[str, Interval]:
    """Compute the mean of all `scores` over runs with other seeds, with intervals over seeds and test records.

    With one run the intervals cover test records alone.

    Args:
        runs: Verdicts of the runs, one for each seed.
        resamples: Number of resamples.
        seed: Seed of the draws.
    """
    (drawn,) = resampled_means([runs], resamples=resamples, seed=seed)
    return {
        name: resampled_test(values, drawn[name], scale=scale_of(name)).interval
        for name, values in seed_scores(runs).items()
    }


def resampled_means(
    groups: Sequence[Sequence[Verdicts]], *, resamples: int, seed: int = 0
) -> list[dict[str, np.ndarray]]:
    """Compute mean scores over the seeds on resampled test records, float64, shape (resamples,), of each group of runs.

    A draw takes each feature vector the same number of times in all runs, as runs on the same records have errors in
    common.

    Args:
        groups: Verdicts of the runs of each configuration, in the same order of seeds.
        resamples: Number of resamples.
        seed: Seed of the draws.
    Raises:
        ValueError: the groups have different numbers of runs, or the runs have different classes.
    """
    runs = [run for group in groups for run in group]
    n_seeds, classes = len(groups[0]), runs[0].classes
    if any(len(group) != n_seeds for group in groups) or any(run.classes != classes for run in runs):
        counts, lists = ", ".join(str(len(group)) for group in groups), len({run.classes for run in runs})
        raise ValueError(f"found {counts} runs on {lists} lists of classes, expected as many runs of each "
                         "configuration, all on the same classes")  # fmt: skip
    n, n_cells = len(classes), len(classes) ** 2
    cell = np.concatenate([
        at * n_cells + run.predicted.astype(np.int64) * n + run.target for at, run in enumerate(runs)
    ])  # fmt: skip
    vectors = np.concatenate([run.vector for run in runs])
    cells = resampled(vectors, cell, len(runs) * n_cells, resamples=resamples, seed=seed)
    drawn = scores(cells.reshape(resamples, len(groups), n_seeds, n, n), _cost(runs))
    return [{name: values[:, at].mean(axis=1) for name, values in drawn.items()} for at in range(len(groups))]


def seed_scores(runs: Sequence[Verdicts]) -> dict[str, np.ndarray]:
    """Compute all `scores` of some runs, float64, shape (runs,) each."""
    n = len(runs[0].classes)
    matrices = [
        np.bincount(run.predicted.astype(np.int64) * n + run.target, minlength=n * n).reshape(n, n) for run in runs
    ]
    return scores(np.stack(matrices), _cost(runs))


def mean_scores(runs: Sequence[Verdicts]) -> dict[str, float]:
    """Compute the mean of all `scores` over some runs."""
    return {name: float(values.mean()) for name, values in seed_scores(runs).items()}


def _cost(runs: Sequence[Verdicts]) -> Sequence[Sequence[float]] | None:
    """Return the cost matrix that all runs have, or None."""
    return runs[0].cost if all(run.cost == runs[0].cost for run in runs) else None


def bootstrap(
    vectors: np.ndarray,
    predicted: np.ndarray,
    target: np.ndarray,
    n_classes: int,
    *,
    resamples: int,
    seed: int,
    cost: Sequence[Sequence[float]] | None = None,
) -> dict[str, Interval]:
    """Compute bootstrap intervals of all `scores`: percentiles over resampled test parts.

    A draw, with replacement, is a feature vector with all its records, because copies are no further evidence.

    Args:
        vectors: Ids of the feature vectors, uint64, shape (n,).
        predicted: Verdicts, int64, shape (n,).
        target: Class index, int32, shape (n,).
        n_classes: Number of classes.
        resamples: Number of resampled test parts.
        seed: Seed of the draws.
        cost: Cost matrix, `cost[actual][predicted]`.
    """
    cells = resampled(vectors, predicted * n_classes + target, n_classes**2, resamples=resamples, seed=seed)
    drawn = scores(cells.reshape(resamples, n_classes, n_classes), cost)
    return {name: percentiles(values) for name, values in drawn.items()}


def percentiles(values: np.ndarray) -> Interval:
    """Compute the mean and the middle 95 % of resampled values, shape (resamples,)."""
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(float(np.mean(values)), float(low), float(high))


def resampled(vectors: np.ndarray, cell: np.ndarray, n_cells: int, *, resamples: int, seed: int) -> np.ndarray:
    """Count the records in each cell of resampled test parts, float64, shape (resamples, n_cells).

    Vectors with the same number of records in each cell are interchangeable. The numbers of draws of such groups of
    vectors are multinomial, and there are few groups. So the function draws groups instead of vectors.

    Args:
        vectors: Ids of the feature vectors, uint64, shape (n,).
        cell: Cell of each record, such as its class and verdict as one number, 0 to n_cells - 1, int64, shape (n,).
        n_cells: Number of cells.
        resamples: Number of resampled test parts.
        seed: Seed of the draws.
    """
    used = np.flatnonzero(np.bincount(cell, minlength=n_cells))
    column = np.zeros(n_cells, dtype=np.int64)
    column[used] = np.arange(len(used))
    sizes, group = interchangeable(vectors, cell)
    kept = group >= 0
    place = group[kept] * len(used) + column[cell[kept]]
    groups = np.bincount(place, minlength=len(sizes) * len(used)).reshape(len(sizes), len(used))
    order = np.lexsort(groups.T[::-1])  # by their counts: the draws would follow the random keys otherwise
    groups, sizes, n_vectors = groups[order], sizes[order], int(sizes.sum())
    drawn = np.random.default_rng([seed, 2]).multinomial(n_vectors, sizes / n_vectors, size=resamples)
    cells = np.zeros((resamples, n_cells))
    cells[:, used] = drawn.astype(float) @ groups.astype(float)
    return cells
