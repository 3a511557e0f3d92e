"""The claims in the paper's text, checked against our runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from src.evaluation.significance import LEVEL, holm
from src.reports.markdown import seeds
from src.reports.paper.paper import find
from src.reports.paper.results import Difference, Input, PaperResults
from src.reports.titles import input_name

HOLDS, FAILS, OPEN = "holds", "does not hold", "undecided"
CLAIMED = (2, 4, 10)  # the numbers of inputs that the claims are about


@dataclass(frozen=True)
class Claim:
    """A claim, the evidence of our runs on one task, and the verdict."""

    claim: str
    task: str
    evidence: str
    verdict: str


class _Comparison(NamedTuple):
    """A claim that one input beats another on a task."""

    claim: str
    task: str
    better: Input
    worse: Input


def check_claims(results: PaperResults) -> list[Claim]:
    """Check every claim on every task that it is made for. Where a claim leaves k open, validation chooses it.

    A claim holds, or does not hold, if the paired test over the seeds finds a difference of 0 unlikely after Holm's
    correction for the number of all comparisons. Else it is undecided.
    """
    looks = [one for task in results.tasks for one in _comparisons(results, task)]
    found = [results.difference(one.task, one.better, one.worse) for one in looks]
    tested = [one.tested for one in found if one and one.tested]
    adjusted = iter(holm([one.p for one in tested]))
    claims = [
        _verdict(look, difference, next(adjusted) if difference and difference.tested else None)
        for look, difference in zip(looks, found, strict=True)
    ]
    return claims + [claim for task in results.tasks if (claim := _slower(results, task))]


def _comparisons(results: PaperResults, task: str) -> Iterator[_Comparison]:
    """Yield the claims that one input beats another on a task."""
    pca, mi = (results.best_k(task, reducer, CLAIMED) for reducer in ("pca", "mi"))
    if pca and mi:
        yield _Comparison("PCA beats MI (each at its best k on validation)", task, ("pca", pca), ("mi", mi))
    for k in CLAIMED:
        yield _Comparison(f"PCA beats MI (both at k = {k})", task, ("pca", k), ("mi", k))
    for k in CLAIMED[1:]:
        yield _Comparison(f"2 components are the best number (against {k})", task, ("pca", 2), ("pca", k))
    yield _Comparison("MI with 4 features beats MI with 10", task, ("mi", 4), ("mi", 10))
    if task != "binary":
        claim = "the LSTM without reduction is weaker on 3 classes (the paper: much weaker)"
        yield _Comparison(claim, task, ("pca", 2), ("none", 53))


def _verdict(look: _Comparison, found: Difference | None, p: float | None) -> Claim:
    """Return a claim with its verdict.

    Args:
        found: Difference between the two inputs.
        p: p-value after Holm's correction; None if there is no test.
    """
    if found is None:
        return Claim(look.claim, look.task, "missing runs", OPEN)
    means = f"{input_name(*look.better)} {found.first:.2f} %, {input_name(*look.worse)} {found.second:.2f} %"
    if found.tested is None or p is None:
        evidence = f"{means}; difference {found.first - found.second:+.2f} points, 1 seed, no test"
        return Claim(look.claim, look.task, evidence, OPEN)
    interval = found.tested.interval
    evidence = (
        f"{means}; difference {interval.mean:+.2f} points [{interval.low:+.2f}, {interval.high:+.2f}], "
        f"{seeds(found.n_pairs)}, p = {p:.2g}"
    )
    verdict = OPEN if p >= LEVEL else HOLDS if interval.mean > 0 else FAILS
    return Claim(look.claim, look.task, evidence, verdict)


def slowdown(results: PaperResults, task: str) -> float | None:
    """Return the time of an epoch of all features over that of two components; None without both runs."""
    every, two = results.first(task, "none", 53), results.first(task, "pca", 2)
    return every.metrics["epoch_seconds_median"] / two.metrics["epoch_seconds_median"] if every and two else None


def _slower(results: PaperResults, task: str) -> Claim | None:
    ratio, bound = slowdown(results, task), find("slower")
    if ratio is None or bound is None:
        return None
    evidence = (
        f"the median epoch of all 53 features takes {ratio:.1f} times as long as that of 2 components "
        "(one run each, no test)"
    )
    claim = f"all features take more than {bound.value:.0f} times as long as 2"
    return Claim(claim, task, evidence, HOLDS if ratio > bound.value else FAILS)
