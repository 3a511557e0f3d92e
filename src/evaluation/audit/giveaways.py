"""Single columns that give the label away: a rule on one column, learned on one half and scored on the other."""

from dataclasses import dataclass

import numpy as np

from src.evaluation.audit.findings import Details, Finding, Level, grey, listed, worst
from src.evaluation.audit.limits import FEW_VALUES, LIMITS
from src.evaluation.audit.records import Records

_SHOWN = 8  # columns of the table, at least; all that are not green


@dataclass(frozen=True)
class Rule:
    """Verdict on a record by one column.

    Attributes:
        form: Rule in words.
        values: Values that the rule knows, ascending, shape (m,).
        verdicts: True for an attack. By threshold: up to each value, and above the last, shape (m + 1,). By value: for
            each value, and for others, shape (m + 1,).
        by_value: True if each value has a verdict of its own.
    """

    form: str
    values: np.ndarray
    verdicts: np.ndarray
    by_value: bool

    def __call__(self, column: np.ndarray) -> np.ndarray:
        """True for each record that the rule takes for an attack, shape (n,)."""
        place = np.searchsorted(self.values, column)
        if self.by_value:
            known = np.minimum(place, len(self.values) - 1)
            place = np.where(self.values[known] == column, place, len(self.values))
        return self.verdicts[place]


@dataclass(frozen=True)
class Score:
    """Scores of the rules of one column on the records that these were not learned on.

    Attributes:
        column: Name of the column.
        rule: Rule of the best balanced accuracy in words.
        balanced_accuracy: Mean share of normal records and of attacks that it gets right.
        accuracy: Accuracy of the rule with the fewest errors.
        majority: Accuracy of the most frequent class.
    """

    column: str
    rule: str
    balanced_accuracy: float
    accuracy: float
    majority: float

    @property
    def errors_avoided(self) -> float:
        """Share of the errors of the most frequent class that the rule avoids."""
        errors = 1 - self.majority
        return max(0.0, (self.accuracy - self.majority) / errors) if errors else 0.0

    @property
    def level(self) -> Level:
        """Level of the column."""
        return worst(
            (
                LIMITS["giveaways"].level(self.balanced_accuracy),
                LIMITS["giveaways, errors"].level(self.errors_avoided),
            )
        )


def halves(vectors: np.ndarray, seed: int) -> np.ndarray:
    """Divide records into halves: True for the first, shape (n,). All copies of a vector are in one half.

    Args:
        vectors: Ids of the feature vectors, uint64, shape (n,).
        seed: Seed of the division.
    """
    distinct, group = np.unique(vectors, return_inverse=True)
    first: np.ndarray = np.random.default_rng([seed, 3]).permutation(len(distinct)) < len(distinct) / 2
    return first[group]


def best_rule(column: np.ndarray, alarm: np.ndarray, *, words: bool, balanced: bool) -> Rule:
    """Learn the best rule on one column: a threshold, or a verdict for each value where these are words or few.

    Args:
        column: Numbers, or indexes of words, shape (n,).
        alarm: True for attacks, shape (n,); both verdicts occur.
        words: True if the values have no order.
        balanced: True to weigh both verdicts alike, false to weigh records alike.
    """
    values, place = np.unique(column, return_inverse=True)
    attacks = np.bincount(place, weights=alarm, minlength=len(values))
    normal = np.bincount(place, minlength=len(values)) - attacks
    if balanced:
        attacks, normal = attacks / attacks.sum(), normal / normal.sum()
    if words or len(values) <= FEW_VALUES:
        verdicts = np.append(attacks > normal, attacks.sum() > normal.sum())
        return Rule(f"each of {len(values)} values", values, verdicts, by_value=True)
    below = np.concatenate([[0.0], np.cumsum(attacks - normal)])  # attacks minus normal records up to each value
    gain = below[-1] - 2 * below  # of the verdict `attack` above a threshold
    best = int(np.argmax(np.abs(gain)))
    above = bool(gain[best] > 0)
    verdicts = np.arange(len(values) + 1) >= best
    threshold = f"{values[best - 1]:g}" if best else "nothing"
    return Rule(f"attack {'above' if above else 'up to'} {threshold}", values, verdicts == above, by_value=False)


def score_column(name: str, column: np.ndarray, alarm: np.ndarray, first: np.ndarray, *, words: bool) -> Score:
    """Learn rules on one column in the first half, and score them on the second.

    Args:
        name: Name of the column.
        column: Numbers, or indexes of words, shape (n,).
        alarm: True for attacks, shape (n,); both verdicts occur in both halves.
        first: True for the first half, shape (n,).
        words: True if the values have no order.
    """
    fair, plain = (best_rule(column[first], alarm[first], words=words, balanced=balanced) for balanced in (True, False))
    actual, verdict = alarm[~first], fair(column[~first])
    return Score(
        name,
        fair.form,
        float((verdict[actual].mean() + (~verdict[~actual]).mean()) / 2),
        float((plain(column[~first]) == actual).mean()),
        float(max(actual.mean(), 1 - actual.mean())),
    )


def giveaways(records: Records, seed: int) -> Finding:
    """Score a rule on each column alone: normal traffic or attack."""
    first = halves(records.vectors, seed)
    if any(len(np.unique(records.alarm[half])) < 2 for half in (first, ~first)):
        return grey("giveaways", records.part, "a half of the file has only normal traffic, or only attacks")
    scores = [
        score_column(name, column, records.alarm, first, words=name in records.words)
        for name, column in records.columns.items()
    ]
    scores.sort(key=lambda one: -one.balanced_accuracy)
    found = [one for one in scores if one.level != "green"]
    best = scores[0]
    numbers = {
        "columns": len(scores),
        "columns_yellow": sum(one.level == "yellow" for one in found),
        "columns_red": sum(one.level == "red" for one in found),
        "best_balanced_accuracy": best.balanced_accuracy,
        "best_errors_avoided": max(one.errors_avoided for one in scores),
        "majority_accuracy": best.majority,
    }
    text = (
        f"The best single column is {best.column}, with {100 * best.balanced_accuracy:.2f} % balanced accuracy. "
        f"{_above(found)} (the most frequent class alone: {100 * best.majority:.2f} % accuracy)."
    )
    columns = ("column", "rule", "balanced accuracy", "accuracy", "errors avoided", "level")
    rows = [
        (one.column, one.rule, one.balanced_accuracy, one.accuracy, one.errors_avoided, one.level)
        for position, one in enumerate(scores)
        if position < _SHOWN or one in found
    ]
    return Finding("giveaways", records.part, worst(one.level for one in scores), text, numbers, Details(columns, rows))


def _above(found: list[Score]) -> str:
    if not found:
        return "No column is above a limit"
    names = listed([one.column for one in found])
    return f"Above a limit: {names}"
