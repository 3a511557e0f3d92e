"""Decision rule: turns class probabilities into verdicts. A detector carries it beside its model."""

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

_LEAST = 1e-12  # floor of a probability, so that a tree's 0 has a logarithm too


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
        if not 0 < self.temperature < np.inf:
            raise ValueError(f"temperature={self.temperature!r}, expected a number above 0")
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold={self.threshold!r}, expected a share from 0 to 1, or none")
        if not 0 < self.attack_prior_odds < np.inf:
            raise ValueError(f"attack_prior_odds={self.attack_prior_odds!r}, expected a number above 0")
        if self.cost is not None:
            # JSON and config files have lists
            object.__setattr__(self, "cost", tuple(tuple(float(value) for value in row) for row in self.cost))

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
        preferred = odds if self.cost is None else -odds @ np.array(self.cost)
        if self.threshold is None:
            return preferred.argmax(axis=1)
        alarm = attack_probability(probability) >= self.threshold
        return np.where(alarm, 1 + preferred[:, 1:].argmax(axis=1), 0)


MOST_PROBABLE = Decision()


def attack_probability(probability: np.ndarray) -> np.ndarray:
    """Compute 1 - P(normal), float64, shape (n,), from class probabilities, shape (n, classes)."""
    attack: np.ndarray = 1 - probability[:, 0].astype(np.float64)
    return attack


def log_probability(probability: np.ndarray) -> np.ndarray:
    """Take natural logarithms, float64, shape (n, classes), of class probabilities; 0 counts as one in 10^12."""
    logarithm: np.ndarray = np.log(np.maximum(probability.astype(np.float64), _LEAST))
    return logarithm
