"""The claims in the paper's text, checked against our runs."""

from collections.abc import Iterator
from dataclasses import dataclass

from src.reports.markdown import seeds
from src.reports.paper.paper import find
from src.reports.paper.results import Input, PaperResults, difference
from src.reports.runs import input_name

HOLDS, FAILS, OPEN = "holds", "does not hold", "not decided"


@dataclass(frozen=True)
class Claim:
    """A claim, the evidence of our runs on one task, and the verdict."""

    claim: str
    task: str
    evidence: str
    verdict: str


def check_claims(results: PaperResults) -> list[Claim]:
    """Check every claim on every task that it is made for. Where a claim leaves k open, validation chooses it."""
    found = [
        _compare(claim, results, task, better, worse)
        for task in results.tasks
        for claim, better, worse in _comparisons(results, task)
    ]
    return found + [claim for task in results.tasks if (claim := _slower(results, task))]


def _comparisons(results: PaperResults, task: str) -> Iterator[tuple[str, Input, Input]]:
    """Yield the claims that one input beats another on a task: the claim, the better input, the worse one."""
    reduced = [k for reducer, k in results.inputs if reducer == "pca"]
    pca, mi = (results.best_k(task, reducer, reduced) for reducer in ("pca", "mi"))
    if pca and mi:
        yield "PCA beats MI (each at its best k on validation)", ("pca", pca), ("mi", mi)
    for k in (2, 4):
        yield f"PCA beats MI (both at k = {k})", ("pca", k), ("mi", k)
    if other := results.best_k(task, "pca", [k for k in reduced if k != 2]):
        yield "2 components are the best number (against the best other)", ("pca", 2), ("pca", other)
    yield "MI with 4 features beats MI with 10", ("mi", 4), ("mi", 10)
    if task != "binary":
        yield "the LSTM without reduction is much weaker on 3 classes", ("pca", 2), ("none", 53)


def _compare(claim: str, results: PaperResults, task: str, better: Input, worse: Input) -> Claim:
    pairs = results.pairs(task, better, worse)
    if not pairs:
        return Claim(claim, task, "missing runs", OPEN)
    found = difference(pairs)
    a, b = (100 * sum(run.metrics["test_accuracy"] for run in runs) / len(runs) for runs in zip(*pairs, strict=True))
    evidence = (
        f"{input_name(*better)} {a:.2f} %, {input_name(*worse)} {b:.2f} %; difference {found.mean:+.2f} points "
        f"[{found.low:+.2f}, {found.high:+.2f}], {seeds(len(pairs))}"
    )
    return Claim(claim, task, evidence, HOLDS if found.low > 0 else FAILS if found.high < 0 else OPEN)


def slowdown(results: PaperResults, task: str) -> float | None:
    """Return the time of an epoch of all features over that of two components; None without both runs."""
    every, two = results.first(task, "none", 53), results.first(task, "pca", 2)
    return every.metrics["epoch_seconds_median"] / two.metrics["epoch_seconds_median"] if every and two else None


def _slower(results: PaperResults, task: str) -> Claim | None:
    ratio, bound = slowdown(results, task), find("slower")
    if ratio is None or bound is None:
        return None
    evidence = f"an epoch of all 53 features takes {ratio:.1f} times as long as one of 2 components (one run each)"
    claim = f"all features take more than {bound.value:.0f} times as long as 2"
    return Claim(claim, task, evidence, HOLDS if ratio > bound.value else FAILS)
