"""Compares runs on the same test records: McNemar's test, and bootstrap intervals of the differences.

All intervals and p-values cover other test records, and no other seeds unless several seeds of each are given.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from string import ascii_uppercase
from typing import Any

import numpy as np
from scipy import stats

from src.evaluation.intervals import MeanTest, mean_scores, resampled_means, resampled_test, seed_scores
from src.evaluation.metric_kinds import less_is_better
from src.evaluation.metrics import detection_name
from src.evaluation.significance import BETTER, WORSE, holm, standing
from src.evaluation.verdicts import Verdicts

_ALL = ""  # all metrics that are not of one class alone
_FEW = 25  # discordant records below which the chi-square approximation is poor


@dataclass(frozen=True)
class McNemar:
    """McNemar's test of equal accuracy.

    Attributes:
        only_first: Number of records that only the first run classifies correctly.
        only_second: Number of records that only the second run classifies correctly.
        p: p-value of equal accuracy.
        how: Form of the test.
    """

    only_first: int
    only_second: int
    p: float
    how: str


def mcnemar(only_first: int, only_second: int) -> McNemar:
    """Test equal accuracy from the two numbers of discordant records.

    Below 25 discordant records the test is the exact binomial one, above it is the chi-square approximation.

    Reference:
        McNemar, 1947, doi:10.1007/BF02295996; the correction: Edwards, 1948, doi:10.1007/BF02289261.

    >>> mcnemar(1, 5)  # 2 * (1 + 6) / 2**6
    McNemar(only_first=1, only_second=5, p=0.21875, how='exact binomial')
    """
    n = only_first + only_second
    if n < _FEW:
        p = float(stats.binomtest(only_first, n, 0.5).pvalue) if n else 1.0
        return McNemar(only_first, only_second, p, "exact binomial")
    statistic = (abs(only_first - only_second) - 1) ** 2 / n if only_first != only_second else 0.0
    return McNemar(only_first, only_second, float(stats.chi2.sf(statistic, 1)), "chi-square with continuity correction")


@dataclass(frozen=True)
class Difference:
    """Metric of both runs, with the 95 % interval of their difference, first minus second.

    Attributes:
        p: p-value of no difference, corrected for the number of metrics.
    """

    metric: str
    first: float
    second: float
    low: float
    high: float
    p: float

    @property
    def better(self) -> int | None:
        """Index of the better run, 0 or 1; None if the test decides nothing."""
        verdict = standing(self.first - self.second, self.p, less_is_better=less_is_better(self.metric))
        return {BETTER: 0, WORSE: 1}.get(verdict)


@dataclass(frozen=True)
class Comparison:
    """Comparison of two runs on one test part; `differences` begin with accuracy."""

    records: int
    vectors: int
    test: McNemar
    differences: tuple[Difference, ...]


def compare(first: Verdicts, second: Verdicts, *, resamples: int, seed: int = 0) -> Comparison:
    """Compare two runs record by record.

    Args:
        first: Verdicts of the first run.
        second: Verdicts of the second run.
        resamples: Number of bootstrap resamples.
        seed: Seed of the bootstrap.
    Raises:
        ValueError: the runs have different records or classes; names the first difference.
    """
    tested = mean_differences([first], [second], resamples=resamples, seed=seed)
    first, second = first.by_row(), second.by_row()
    right = [run.predicted == run.target for run in (first, second)]
    test = mcnemar(int(np.sum(right[0] & ~right[1])), int(np.sum(right[1] & ~right[0])))
    names = _compared(first, tested)
    values = mean_scores([first]), mean_scores([second])
    found = [tested[name].interval for name in names]
    adjusted = holm([tested[name].p for name in names])
    differences = tuple(
        Difference(name, values[0][name], values[1][name], interval.low, interval.high, p)
        for name, interval, p in zip(names, found, adjusted, strict=True)
    )
    return Comparison(len(first), len(np.unique(first.vector)), test, differences)


def _compared(run: Verdicts, tested: Collection[str]) -> list[str]:
    """Return the metrics that a comparison shows: those of which the test part has records."""
    lacking = {"false_alarm_rate": not (run.target == 0).any(), detection_name(len(run.classes)): not run.target.any()}
    return [name for name in ("accuracy", "mean_cost", *lacking) if name in tested and not lacking.get(name)]


def mean_differences(
    first: Sequence[Verdicts], second: Sequence[Verdicts], *, resamples: int = 2000, seed: int = 0
) -> dict[str, MeanTest]:
    """Compute the mean difference of all `scores` of two configurations, first less second, run by run.

    The intervals cover seeds and test records, with one run each test records alone. The bootstrap draws the same
    feature vectors for all runs. No p-value is below that of a sign test in which all vectors that got other verdicts
    speak for the same side: a bootstrap of few vectors would find differences that are none.

    Args:
        first: Verdicts of the runs of one configuration.
        second: Those of the other, in the same order of seeds.
        resamples: Number of resamples.
        seed: Seed of the bootstrap.
    Raises:
        ValueError: two runs of a pair have different records or classes.
    """
    check_pairs(first, second)
    drawn = resampled_means([first, second], resamples=resamples, seed=seed)
    values = seed_scores(first), seed_scores(second)
    tested = {
        name: resampled_test(values[0][name] - values[1][name], drawn[0][name] - drawn[1][name])
        for name in drawn[0].keys() & drawn[1].keys()
    }
    least = _sign_tests(first, second)
    return {name: replace(one, p=max(one.p, least.get(name, least[_ALL]))) for name, one in tested.items()}


def _sign_tests(first: Sequence[Verdicts], second: Sequence[Verdicts]) -> dict[str, float]:
    """Return the lowest p-values of sign tests over the vectors with other verdicts: of all records, and of a class."""
    pairs = [(one.by_row(), other.by_row()) for one, other in zip(first, second, strict=True)]

    def lowest(among: Callable[[np.ndarray], Any]) -> float:
        """Lowest p-value over the records that `among` selects by their class."""
        vectors = [one.vector[(one.predicted != other.predicted) & among(one.target)] for one, other in pairs]
        return min(1.0, 2.0 ** (1 - len(np.unique(np.concatenate(vectors)))))

    return {
        _ALL: lowest(lambda target: True),
        "false_alarm_rate": lowest(lambda target: target == 0),
        detection_name(len(first[0].classes)): lowest(lambda target: target != 0),
    }


def check_pairs(first: Sequence[Verdicts], second: Sequence[Verdicts]) -> None:
    """Check that the runs of two configurations are pairs on the same records and classes.

    Raises:
        ValueError: two runs of a pair have different ones.
    """
    for one, other in zip(first, second, strict=True):
        if difference := next(_mismatches(one.by_row(), other.by_row()), None):
            raise ValueError(f"found {difference}, expected pairs of runs on the same records and classes")


def _mismatches(first: Verdicts, second: Verdicts) -> Iterator[str]:
    """Describe each difference that makes a comparison impossible."""
    if first.classes != second.classes:
        yield f"the classes {', '.join(first.classes)} and {', '.join(second.classes)}"
    if len(first) != len(second):
        yield f"{len(first):,} and {len(second):,} test records"
    for name, what in (("row", "the line"), ("vector", "the features"), ("target", "the class")):
        differs = getattr(first, name) != getattr(second, name)
        if differs.any():
            row = int(differs.argmax())
            yield (
                f"test records that differ in {what}, {np.count_nonzero(differs):,} of {len(first):,}, the first of "
                f"them at line {first.row[row]:,} of one run and {second.row[row]:,} of the other"
            )


def explain(result: Comparison, names: tuple[str, str]) -> list[str]:
    """Format a comparison as text: a table, both tests, and a sentence that says if the runs differ."""
    less = f"{names[0]} less {names[1]}"
    titles = [f"{difference.metric.replace('_', ' '):>20}" for difference in result.differences]
    rows = {
        names[0]: [f"{difference.first:.5f}" for difference in result.differences],
        names[1]: [f"{difference.second:.5f}" for difference in result.differences],
        less: [f"{difference.first - difference.second:+.5f}" for difference in result.differences],
        "95 % from": [f"{difference.low:+.5f}" for difference in result.differences],
        "to": [f"{difference.high:+.5f}" for difference in result.differences],
        "p": [f"{difference.p:.2g}" for difference in result.differences],
    }
    lines = [f"{'':<{len(less)}}{''.join(titles)}".rstrip()]
    lines += [f"{name:<{len(less)}}{''.join(f'{value:>20}' for value in values)}" for name, values in rows.items()]
    test = result.test
    return [
        *lines,
        "",
        f"Bootstrap over {result.vectors:,} distinct feature vectors, with all their {result.records:,} records. The "
        f"intervals cover test records, not other seeds; p is corrected for {len(result.differences)} scores (Holm).",
        f"McNemar ({test.how}): {test.only_first:,} records only {names[0]} has right, "
        f"{test.only_second:,} only {names[1]}, p {f'= {test.p:.3g}' if test.p else '< 1e-300'}; "
        "it treats copies of a record as independent, so p is too small if there are many.",
        _sentence(result, names),
    ]


def short_names(count: int) -> list[str]:
    """Return a short name for each of several runs: `A`, `B`, ..., or numbers if there are more than letters."""
    return list(ascii_uppercase[:count]) if count <= len(ascii_uppercase) else [f"{at + 1}" for at in range(count)]


def explain_several(runs: Sequence[Verdicts], names: Sequence[str], *, resamples: int, seed: int = 0) -> list[str]:
    """Format the paired differences of several runs to the first as text, with Holm's correction for their number.

    Args:
        runs: Verdicts of the runs, the reference first.
        names: Short name of each run.
        resamples: Number of bootstrap resamples.
        seed: Seed of the bootstrap.
    Raises:
        ValueError: a run has other records or classes than the reference.
    """
    reference, *others = runs
    tested = [mean_differences([run], [reference], resamples=resamples, seed=seed) for run in others]
    lines = []
    for metric in _compared(reference, set.intersection(*(set(found) for found in tested))):
        lines += [f"{metric.replace('_', ' ')}:", f"  {names[0]}  {mean_scores([reference])[metric]:.5f}  reference"]
        adjusted = holm([found[metric].p for found in tested])
        for name, run, found, p in zip(names[1:], others, tested, adjusted, strict=True):
            interval = found[metric].interval
            verdict = standing(interval.mean, p, less_is_better=less_is_better(metric))
            lines.append(f"  {name}  {mean_scores([run])[metric]:.5f}  {interval.mean:+.5f} [{interval.low:+.5f}, "
                         f"{interval.high:+.5f}]  p = {p:.2g}  {verdict}")  # fmt: skip
        lines.append("")
    return [
        *lines,
        f"Differences to {names[0]} with 95 % intervals over test records, not other seeds: bootstrap over "
        f"{len(np.unique(reference.vector)):,} distinct feature vectors, with all their {len(reference):,} records.",
        f"The p-values of each score are corrected for {len(others)} comparisons (Holm).",
    ]


def _sentence(result: Comparison, names: tuple[str, str]) -> str:
    sentences = [
        f"{names[difference.better]} is better in {difference.metric.replace('_', ' ')}, by "
        f"{abs(difference.first - difference.second):.5f}"
        for difference in result.differences
        if difference.better is not None
    ]
    if not sentences:
        return "The two runs do not differ by more than chance explains on these test records."
    return f"The two runs differ: {'; '.join(sentences)}."
