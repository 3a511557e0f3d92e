"""Sentence of a table on a grid over the seeds of single draws: which of them moves the score."""

from collections.abc import Sequence

from src.evaluation.variance import variance_components
from src.tracking.tables.results import FINISHED, Row, differing

_SCORES = ("test_accuracy", "test_false_alarm_rate", "test_mean_cost")
_KEYS = ("seeds.sampling", "seeds.split", "seeds.training")


def seed_shares(rows: Sequence[Row]) -> list[str]:
    """Return a sentence for each score, if the rows differ by the seeds of single draws and have all combinations."""
    names = differing(rows)
    alone = all(len(row.runs) == 1 and row.status == FINISHED for row in rows)
    if not names or not set(names) <= set(_KEYS) or not alone:
        return []
    factors = {
        name.removeprefix("seeds."): [row.params.get(name, row.params.get("seed")) for row in rows] for name in names
    }
    found = []
    for score in _SCORES:
        if not all(score in row.scores for row in rows):
            continue
        parts = variance_components(factors, [row.scores[score].mean for row in rows])
        if parts and (whole := sum(parts.values())):
            shares = ", ".join(f"{name} {part / whole:.0%}".replace("%", " %") for name, part in parts.items())
            factor, unit = (1, "") if "cost" in score else (100, " points")
            found.append(f"Variance of {score} by seed: {shares}; standard deviation {factor * whole**0.5:.3g}{unit}.")
    return found
