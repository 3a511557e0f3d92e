"""What the tables say, in sentences that follow from the runs at hand."""

from collections.abc import Iterator, Sequence

import pandas as pd

from src.reports.generalization.tables import references
from src.reports.leaderboard.tables import contrasts, is_network, leading, ordered, spent
from src.reports.markdown import MISSING
from src.reports.runs import Configuration

HIGH = 0.99


def of_the_splits(random: Sequence[Configuration], official: Sequence[Configuration]) -> str:
    """Random split against official test, binary task."""
    flattering, honest = ordered(random), ordered(official)
    if not flattering or not honest:
        return f"Random split and official test, binary: {MISSING}."
    high = [configuration for configuration, score in flattering if score >= HIGH]
    (_, score), (_, worst) = honest[0], honest[-1]
    return (
        f"On the random split {len(high)} of {len(flattering)} models reach {100 * HIGH:.0f} % accuracy on the binary "
        f"task; on the official test they reach {100 * worst:.2f} to {100 * score:.2f} %, and {_first(honest)}."
    )


def _first(scored: Sequence[tuple[Configuration, float]]) -> str:
    """Who is first, and how many its interval does not tell from it."""
    (best, _), *others = scored
    interval = best.score(leading([best]))
    assert interval is not None
    near = sum(interval.low <= score <= interval.high for _, score in others)
    return f"`{best.model}` is first, with {near} of the other {len(others)} within its 95 % interval"


def of_the_cost(five: Sequence[Configuration]) -> str:
    """The contest's cost on the official test."""
    scored = ordered(five)
    if not scored:
        return f"Five classes by the contest's cost: {MISSING}."
    won = min(one["cost"] for one in references() if "winner" in str(one["system"]))
    below = [f"`{configuration.model}`" for configuration, score in scored if score < won]
    network = next((one for one in scored if is_network(one[0])), None)
    words = f"`{network[0].model}` ({network[1]:.4f}) is the best network" if network else "no network has run"
    return (
        f"By the contest's cost on five classes {_first(scored)}: {scored[0][1]:.4f}, and {words}; of {len(scored)} "
        f"models, below the {won} of the contest's winner: {', '.join(below) or 'none'}."
    )


def of_the_time(official: Sequence[Configuration]) -> str:
    """Accuracy against the time that a model takes, official test, binary task."""
    timed = [(configuration, score, spent(configuration)) for configuration, score in ordered(official)]
    if len(timed) < 3:
        return f"Accuracy against time: {MISSING}."
    ranks = pd.DataFrame([(score, seconds) for _, score, seconds in timed]).rank()
    close = [one for one in timed if one[1] > timed[0][1] - 0.01]
    quick = min(close, key=lambda one: one[2])
    slow = max(timed, key=lambda one: one[2])
    correlation = ranks[0].corr(ranks[1])
    return (
        f"Over the {len(timed)} models the rank correlation of accuracy on the official test with the seconds of fit "
        f"and test is {correlation:+.2f}; of those within one point of the best, `{quick[0].model}` takes the fewest, "
        f"{quick[2]:.1f} s, while `{slow[0].model}` takes the most, {slow[2]:.0f} s, for {100 * slow[1]:.2f} %."
    )


def of_the_variants(configurations: Sequence[Configuration]) -> str:
    """Whether any recurrent network differs from the plain LSTM."""
    judged = [one for one in contrasts(configurations) if one.interval]
    if not judged:
        return f"No pairs of runs: {MISSING}."

    def told(verdict: str) -> Iterator[str]:
        yield from (f"`{one.model}`" for one in judged if one.verdict == verdict)

    better, worse = ", ".join(told("better")) or "none", ", ".join(told("worse")) or "none"
    return (
        f"Beyond its 95 % interval better than the plain LSTM: {better}; worse: {worse}. {len(judged)} were "
        "compared, each at 95 %: of twenty that do not differ, one comes out so by chance."
    )
