"""Fits temperature and alarm threshold on validation data, or on held-out blocks of the training data.

Test records are never used here.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar

from src.detector.decision import Decision, attack_probability, log_probability
from src.evaluation.config import DecisionProtocol

FALSE_ALARM_RATES = (0.001, 0.005, 0.01, 0.05)  # at which all detectors are compared
_LOWEST_TEMPERATURE, _HIGHEST_TEMPERATURE = 0.05, 20.0


def fit_decision(
    probability: np.ndarray,
    target: np.ndarray,
    protocol: DecisionProtocol,
    cost: Sequence[Sequence[float]] | None,
    blocks: Sequence[np.ndarray] = (),
) -> Decision:
    """Fit the decision that a protocol describes.

    Args:
        probability: Class probabilities of the validation records, float32, shape (n, classes).
        target: Classes of the validation records, int32, shape (n,).
        cost: Cost matrix of the task, `cost[actual][predicted]`.
        blocks: Class probabilities of held-out normal records, each float32, shape (m, classes). If given, the false
            alarms of each block are within the budget, instead of those of validation.
    Raises:
        ValueError: the false-alarm budget leaves no alarm at all.
    """
    temperature = fit_temperature(probability, target) if protocol.calibrate else 1.0
    matrix = tuple(map(tuple, cost)) if protocol.rule == "least_cost" and cost is not None else None
    threshold = None
    if protocol.false_alarm_budget is not None:
        threshold = fit_threshold(
            *_alarm_scores(probability, target, Decision(temperature), blocks), protocol.false_alarm_budget
        )
    return Decision(temperature, threshold, matrix, protocol.attack_prior_odds)


def rate_name(rate: float) -> str:
    """Rate of false alarms in the name of a metric.

    >>> rate_name(0.001), rate_name(0.01)
    ('0.1_percent', '1_percent')
    """
    return f"{100 * rate:g}_percent"


def training_thresholds(
    probability: np.ndarray, target: np.ndarray, decision: Decision, blocks: Sequence[np.ndarray] = ()
) -> dict[float, float]:
    """Choose a threshold for each of `FALSE_ALARM_RATES`, on the records that `fit_decision` would choose one on.

    Args:
        probability, target, blocks: Arguments of `fit_decision`.
        decision: Fitted decision, of which only the temperature is used.
    Returns:
        Threshold by rate; rates within which only a detector without any alarm stays are missing.
    """
    normal, attacks = _alarm_scores(probability, target, decision, blocks)
    if not any(map(len, normal)):
        return {}
    chosen = {rate: threshold_within(normal, attacks, rate) for rate in FALSE_ALARM_RATES}
    return {rate: threshold for rate, threshold in chosen.items() if threshold is not None}


def _alarm_scores(
    probability: np.ndarray, target: np.ndarray, decision: Decision, blocks: Sequence[np.ndarray]
) -> tuple[list[np.ndarray], np.ndarray]:
    """P(attack) of each group of normal records that must keep a budget, and of the attacks beside them."""
    groups = list(blocks) or [probability[target == 0]]
    attacks = probability[:0] if blocks else probability[target != 0]
    *normal, others = (attack_probability(decision.calibrated(records)) for records in (*groups, attacks))
    return normal, others


def fit_temperature(probability: np.ndarray, target: np.ndarray) -> float:
    """Fit the temperature that minimizes the mean negative log-likelihood, between 0.05 and 20.

    Reference:
        Guo et al., On calibration of modern neural networks, 2017, arXiv:1706.04599.
    """
    logarithm = log_probability(probability)
    rows = np.arange(len(target))

    def loss(log_temperature: float) -> float:
        scaled = logarithm / np.exp(log_temperature)
        top = scaled.max(axis=1)
        return float(np.mean(top + np.log(np.exp(scaled - top[:, None]).sum(axis=1)) - scaled[rows, target]))

    bounds = (np.log(_LOWEST_TEMPERATURE), np.log(_HIGHEST_TEMPERATURE))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def fit_threshold(normal: Sequence[np.ndarray], attacks: np.ndarray, budget: float) -> float:
    """Fit the lowest threshold that keeps the false alarms of each group of normal records within a budget.

    A score at or above the threshold raises an alarm. The threshold lies halfway between the highest score that must
    stay silent and the next higher one. A small rounding error in a score therefore changes no verdict.

    Args:
        normal: P(attack) of the normal records, float64, one array of shape (n,) for each group.
        attacks: P(attack) of the attack records, float64, shape (m,).
        budget: Share of the records of each group that may raise an alarm.
    Raises:
        ValueError: there is no normal record, or no threshold below the highest score keeps within the budget.

    >>> fit_threshold([np.array([0.1, 0.2, 0.5, 1.0])], np.array([0.75]), budget=0.25)  # 1.0 may raise an alarm
    0.625
    """
    if not any(map(len, normal)):
        raise ValueError(
            f"decision.false_alarm_budget={budget:g}: found no normal record to measure it on, expected some in "
            "validation, or in training for decision.false_alarm_blocks: the budget is a share of them"
        )
    found = threshold_within(normal, attacks, budget)
    if found is None:
        silent = max(_limits(normal, budget))
        strictest = next(group for group in normal if highest_silent(group, budget) == silent)
        raise _no_alarm_left(strictest, silent, budget)
    return found


def threshold_within(normal: Sequence[np.ndarray], attacks: np.ndarray, budget: float) -> float | None:
    """Find the threshold of `fit_threshold`; None if only a detector without any alarm stays within the budget."""
    limits = _limits(normal, budget)
    if not limits:
        return 0.0
    silent = max(limits)
    louder = [scores[scores > silent] for scores in (*normal, attacks)]
    if not any(map(len, louder)):
        return None
    next_score = float(min(scores.min() for scores in louder if len(scores)))
    middle = (silent + next_score) / 2
    return middle if middle > silent else next_score


def _limits(normal: Sequence[np.ndarray], budget: float) -> list[float]:
    """Highest score that must stay silent in each group that has one."""
    return [limit for group in normal if (limit := highest_silent(group, budget)) is not None]


def highest_silent(scores: np.ndarray, budget: float) -> float | None:
    """Return the highest score of a group that must not raise an alarm; None where all of them may."""
    allowed = _allowed_alarms(budget, len(scores))
    return float(np.sort(scores)[::-1][allowed]) if allowed < len(scores) else None


def _allowed_alarms(budget: float, records: int) -> int:
    """Convert a budget to a number of records, exact where floats are not: 0.29 * 100 is less than 29 to a computer."""
    return int(np.floor(budget * records + 1e-9))


def _no_alarm_left(scores: np.ndarray, highest: float, budget: float) -> ValueError:
    """Build the error for a group in which more records share the highest score than may raise an alarm."""
    return ValueError(
        f"decision.false_alarm_budget={budget:g}: found {np.count_nonzero(scores == highest):,} of {len(scores):,} "
        f"normal records at the highest P(attack), {highest:.6g}, expected at most "
        f"{_allowed_alarms(budget, len(scores)):,}: only a detector without any alarm stays within the budget; raise "
        "the budget, or use a model with finer probabilities"
    )
