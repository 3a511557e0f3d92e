"""The paper's claims in words, held against our runs."""

from dataclasses import dataclass

from src.reports.paper.paper import find
from src.reports.paper.results import Estimate, Results, difference

HOLDS, FAILS, OPEN = "holds", "does not hold", "not decided"
_NAMES = {"none": "all features", "pca": "PCA", "mi": "MI"}


@dataclass(frozen=True)
class Claim:
    """A claim, what speaks for or against it on one task, and the verdict."""

    claim: str
    task: str
    evidence: str
    verdict: str


def name(one: tuple[str, int]) -> str:
    """An input in words: `PCA 2`, `all features`."""
    reducer, k = one
    return _NAMES.get(reducer, reducer) + ("" if reducer == "none" else f" {k}")


def judge(results: Results) -> list[Claim]:
    """Every claim on every task it is made for. Where a k has to be chosen, validation chooses it."""
    reduced = [k for reducer, k in results.inputs if reducer == "pca"]
    found = []
    for task in results.tasks:
        best = {reducer: results.best_k(task, reducer, reduced) for reducer in ("pca", "mi")}
        if best["pca"] and best["mi"]:
            pair = (("pca", best["pca"]), ("mi", best["mi"]))
            found.append(_compare("PCA beats MI (each at its best k on validation)", results, task, *pair))
        for k in (2, 4):
            pair = (("pca", k), ("mi", k))
            found.append(_compare(f"PCA beats MI (both at k = {k})", results, task, *pair))
        if other := results.best_k(task, "pca", [k for k in reduced if k != 2]):
            pair = (("pca", 2), ("pca", other))
            found.append(_compare("2 components are the best number (against the best other)", results, task, *pair))
        found.append(_compare("MI with 4 features beats MI with 10", results, task, ("mi", 4), ("mi", 10)))
        if task != "binary":
            pair = (("pca", 2), ("none", 53))
            found.append(_compare("the LSTM without reduction is much weaker on 3 classes", results, task, *pair))
    found += [one for task in results.tasks if (one := _slower(results, task))]
    return found


def _compare(claim: str, results: Results, task: str, better: tuple[str, int], worse: tuple[str, int]) -> Claim:
    pairs = results.pairs(task, better, worse)
    if not pairs:
        return Claim(claim, task, "missing runs", OPEN)
    found = difference(pairs)
    a, b = (100 * sum(run.metrics["test_accuracy"] for run in runs) / len(runs) for runs in zip(*pairs, strict=True))
    evidence = (
        f"{name(better)} {a:.2f} %, {name(worse)} {b:.2f} %; difference {found.mean:+.2f} points "
        f"[{found.low:+.2f}, {found.high:+.2f}], {seeds(found)}"
    )
    return Claim(claim, task, evidence, HOLDS if found.low > 0 else FAILS if found.high < 0 else OPEN)


def slowdown(results: Results, task: str) -> float | None:
    """How many times as long an epoch of all features takes as one of two components."""
    every, two = results.first(task, "none", 53), results.first(task, "pca", 2)
    return every.metrics["epoch_seconds_median"] / two.metrics["epoch_seconds_median"] if every and two else None


def _slower(results: Results, task: str) -> Claim | None:
    ratio, bound = slowdown(results, task), find("slower")
    if ratio is None or bound is None:
        return None
    evidence = f"an epoch of all 53 features takes {ratio:.1f} times as long as one of 2 components (one run each)"
    claim = f"all features take more than {bound.value:.0f} times as long as 2"
    return Claim(claim, task, evidence, HOLDS if ratio > bound.value else FAILS)


def seeds(found: Estimate) -> str:
    """How many runs an estimate rests on."""
    return f"{found.seeds} seeds" if found.seeds > 1 else "1 seed"
