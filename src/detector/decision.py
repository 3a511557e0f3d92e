"""Decision rule: turns class probabilities into verdicts. A detector carries it beside its model."""

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from src.data.costs import checked_cost
from src.utils.validation import is_number

_LEAST = 1e-12  # floor of a probability, so that a tree's 0 has a logarithm too
# A number outside of these ranges makes all probabilities equal, or overflows: each verdict is normal.
TEMPERATURES = (1e-3, 1e3)
PRIOR_ODDS = (1e-6, 1e6)


@dataclass(frozen=True)
class Decision:
    """Rule that turns class probabilities into verdicts.

    Attributes:
        temperature: Divisor of the logarithms of the probabilities; 1 changes nothing, more makes them less certain.
        threshold: Lowest P(attack) = 1 - P(normal) that raises an alarm; None leaves alarms to the rule for classes.
        cost: Cost matrix `cost[actual][predicted]` in class order: the class of least expected cost is chosen. None
            chooses the most probable class.
        attack_prior_odds: Factor on the odds of each attack against normal traffic, applied before that rule. More than
            1 suits traffic with more attacks, or other attacks, than the training data.

    >>> unsure = np.array([[0.6, 0.3, 0.1]], dtype=np.float32)
    >>> Decision().verdict(unsure), Decision(threshold=0.35).verdict(unsure)
    (array([0]), array([1]))
    >>> Decision(cost=((0, 1, 2), (1, 0, 2), (9, 2, 0))).verdict(unsure)  # 1.2 for normal, 0.8 for 1, 1.8 for 2
    array([1])
    >>> Decision(attack_prior_odds=3).verdict(unsure)  # 0.6 for normal, 0.9 for 1, 0.3 for 2
    array([1])
    """

    temperature: float = 1.0
    threshold: float | None = None
    cost: tuple[tuple[float, ...], ...] | None = None
    attack_prior_odds: float = 1.0

    def __post_init__(self) -> None:
        if not is_number(self.temperature, *TEMPERATURES):
            raise ValueError(f"temperature={self.temperature!r}, expected a number above 0, {_range(TEMPERATURES)}")
        if self.threshold is not None and not is_number(self.threshold, 0, 1):
            raise ValueError(f"threshold={self.threshold!r}, expected a share from 0 to 1, or none")
        if not is_number(self.attack_prior_odds, *PRIOR_ODDS):
            raise ValueError(
                f"attack_prior_odds={self.attack_prior_odds!r}, expected a number above 0, {_range(PRIOR_ODDS)}"
            )
        if self.cost is not None:
            # JSON and config files have lists
            object.__setattr__(self, "cost", checked_cost(self.cost))

    def calibrated(self, probability: np.ndarray) -> np.ndarray:
        """Apply the temperature to class probabilities, float32, shape (n, classes); returns the same shape."""
        if self.temperature == 1:
            return probability
        calibrated: np.ndarray = softmax(log_probability(probability) / self.temperature, axis=1).astype(np.float32)
        return calibrated

    def verdict(self, probability: np.ndarray) -> np.ndarray:
        """Choose a class for each record, int64, shape (n,), from calibrated probabilities, float32, (n, classes)."""
        odds = probability.astype(np.float64)
        odds[:, 1:] *= self.attack_prior_odds
        with np.errstate(invalid="ignore"):
            preferred = odds if self.cost is None else -odds @ np.array(self.cost)
        if not np.isfinite(preferred).all():
            record = int((~np.isfinite(preferred)).any(axis=1).argmax())
            raise ValueError(f"record {record + 1}: found the class probabilities {probability[record].tolist()}, "
                             "expected finite numbers, as a verdict compares them")  # fmt: skip
        if self.threshold is None:
            return preferred.argmax(axis=1)
        alarm = attack_probability(probability) >= self.threshold
        return np.where(alarm, 1 + preferred[:, 1:].argmax(axis=1), 0)


def _range(limits: tuple[float, float]) -> str:
    return f"from {limits[0]:g} to {limits[1]:g}"


def attack_probability(probability: np.ndarray) -> np.ndarray:
    """Compute 1 - P(normal), float64, shape (n,), from class probabilities, shape (n, classes)."""
    attack: np.ndarray = 1 - probability[:, 0].astype(np.float64)
    return attack


def log_probability(probability: np.ndarray) -> np.ndarray:
    """Take natural logarithms, float64, shape (n, classes), of class probabilities; 0 counts as one in 10^12."""
    logarithm: np.ndarray = np.log(np.maximum(probability.astype(np.float64), _LEAST))
    return logarithm


MOST_PROBABLE = Decision()
