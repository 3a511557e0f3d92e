"""The findings of the tables, in sentences made from the runs."""

from collections.abc import Sequence

import pandas as pd

from src.evaluation.significance import BETTER, UNDECIDED, WORSE
from src.reports.generalization.published import contest_winner
from src.reports.leaderboard.tables import contrasts, ordered, standings, timed
from src.reports.markdown import MISSING
from src.reports.runs import Configuration

HIGH = 0.99


def of_the_splits(random: Sequence[Configuration], official: Sequence[Configuration]) -> str:
    """Compare the random split and the official test, binary task."""
    on_random, on_official = ordered(random), ordered(official)
    if not on_random or not on_official:
        return f"Random split and official test, binary: {MISSING}."
    high = [configuration for configuration, score in on_random if score >= HIGH]
    (best, score), (_, worst) = on_official[0], on_official[-1]
    return (
        f"On the random split {len(high)} of {len(on_random)} models reach {100 * HIGH:.0f} % accuracy on the binary "
        f"task; on the official test the {len(on_official)} models have {100 * worst:.2f} to {100 * score:.2f} %. "
        f"`{best.model}` has the highest mean there; {_against_lstm(official)}."
    )


def _against_lstm(configurations: Sequence[Configuration]) -> str:
    """Name the models that differ from the LSTM on the same records."""
    found = {model: one for model, one in standings(configurations).items() if one}
    if not found:
        return f"differences to the LSTM: {MISSING}"
    better, worse = (
        ", ".join(f"`{model}`" for model, one in found.items() if one.verdict == verdict) or "none"
        for verdict in (BETTER, WORSE)
    )
    undecided = sum(one.verdict == UNDECIDED for one in found.values())
    return (
        f"against the LSTM on the same records, corrected for {len(found)} comparisons, better: {better}; worse: "
        f"{worse}; undecided: {undecided}"
    )


def of_the_cost(five: Sequence[Configuration]) -> str:
    """Compare the models by the contest's cost on the official test."""
    scored = ordered(five)
    if not scored:
        return f"Five classes by the contest's cost: {MISSING}."
    won = contest_winner().cost
    below = [f"`{configuration.model}`" for configuration, score in scored if score < won]
    network = next((one for one in scored if one[0].is_network), None)
    words = (
        f"`{network[0].model}` ({network[1]:.4f}) has the lowest mean of the networks"
        if network
        else "No network has run"
    )
    return (
        f"By the contest's cost on five classes `{scored[0][0].model}` has the lowest mean, {scored[0][1]:.4f}; "
        f"{_against_lstm(five)}. {words}. Of {len(scored)} models, these have a mean below the {won} of the contest's "
        f"winner, which decided by the least expected cost: {', '.join(below) or 'none'}."
    )


def of_the_time(official: Sequence[Configuration]) -> str:
    """Compare accuracy and time of the models, official test, binary task."""
    found = timed(official)
    if len(found) < 3:
        return f"Accuracy against time: {MISSING}."
    ranks = pd.DataFrame([(score, seconds) for _, score, seconds in found]).rank()
    close = [one for one in found if one[1] > found[0][1] - 0.01]
    quick = min(close, key=lambda one: one[2])
    slow = max(found, key=lambda one: one[2])
    correlation = ranks[0].corr(ranks[1])
    return (
        f"Over the {len(found)} models the rank correlation of accuracy on the official test with the seconds of fit "
        f"and test is {correlation:+.2f}. `{quick[0].model}` is the fastest of those within one point of the best, "
        f"with {quick[2]:.1f} s; `{slow[0].model}` is the slowest of all, with {slow[2]:.0f} s for "
        f"{100 * slow[1]:.2f} %."
    )


def of_the_variants(configurations: Sequence[Configuration]) -> str:
    """Name the recurrent networks that differ from the plain LSTM."""
    compared = [one for one in contrasts(configurations) if one.interval]
    if not compared:
        return f"No pairs of runs: {MISSING}."

    better, worse = (
        ", ".join(f"`{one.model}`" for one in compared if one.verdict == verdict) or "none"
        for verdict in (BETTER, WORSE)
    )
    undecided = sum(one.verdict == UNDECIDED for one in compared)
    return (
        f"Better than the plain LSTM (p < 0.05 after Holm's correction for {len(compared)} comparisons): {better}; "
        f"worse: {worse}; undecided: {undecided}."
    )
