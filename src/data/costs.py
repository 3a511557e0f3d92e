"""Costs of verdicts: a matrix `cost[actual][predicted]` in class order."""

from src.utils.validation import is_number

HIGHEST_COST = 1e9  # a higher one makes all costs equal, or overflows: each verdict is normal


def checked_cost(cost: object) -> tuple[tuple[float, ...], ...]:
    """Check that a cost matrix is square, with costs that a verdict can compare, and return it as tuples."""
    rows = cost if isinstance(cost, (list, tuple)) else ()
    if not rows or not all(isinstance(row, (list, tuple)) and len(row) == len(rows) for row in rows):
        raise ValueError(f"cost={cost!r}, expected a row for each class, with a cost for each class")
    for actual, row in enumerate(rows):
        for predicted, value in enumerate(row):
            if not is_number(value, 0, HIGHEST_COST):
                raise ValueError(f"cost[{actual}][{predicted}]={value!r}, expected a number from 0 to {HIGHEST_COST:g}")
    if not any(row[0] for row in rows):
        raise ValueError(f"cost={cost!r}, expected a cost for a missed attack; without one each verdict is normal")
    return tuple(tuple(float(value) for value in row) for row in rows)
