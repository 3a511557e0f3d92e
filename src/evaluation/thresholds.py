"""Temperature and threshold of a detector, fitted on validation, or on what a fit was kept from seeing of training.

What is here never gets to see a test record.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar

from src.detector.decision import Decision, attack_probability, log_probability
from src.evaluation.config import DecisionProtocol

_COLDEST, _HOTTEST = 0.05, 20.0


def fit_decision(
    probability: np.ndarray,
    target: np.ndarray,
    protocol: DecisionProtocol,
    cost: Sequence[Sequence[float]] | None,
    blocks: Sequence[np.ndarray] = (),
) -> Decision:
    """The decision that a protocol asks for.

    Args:
        probability: The model's on validation, float32, shape (n, classes).
        target: Of validation, int32, shape (n,).
        cost: The task's matrix, `cost[actual][predicted]`.
        blocks: Where the threshold keeps to the budget in each of them instead of on validation: class probabilities
            of normal records, float32, shape (m, classes).
    Raises:
        ValueError: the false-alarm budget leaves no alarm at all.
    """
    temperature = fit_temperature(probability, target) if protocol.calibrate else 1.0
    wanted = tuple(map(tuple, cost)) if protocol.rule == "least_cost" and cost is not None else None
    threshold = None
    if protocol.false_alarm_budget is not None:
        judged, of, block = probability, target, np.zeros(len(target), dtype=np.int64)
        if blocks:
            judged, block = np.concatenate(blocks), np.repeat(np.arange(len(blocks)), [len(one) for one in blocks])
            of = np.zeros(len(block), dtype=np.int64)
        attack = attack_probability(Decision(temperature).calibrated(judged))
        threshold = fit_threshold(attack, of, protocol.false_alarm_budget, block)
    return Decision(temperature, threshold, wanted, protocol.attack_prior_odds)


def fit_temperature(probability: np.ndarray, target: np.ndarray) -> float:
    """The temperature of least mean negative log-likelihood, between 0.05 and 20.

    Reference:
        Guo et al., On calibration of modern neural networks, 2017, arXiv:1706.04599.
    """
    logarithm = log_probability(probability)
    rows = np.arange(len(target))

    def loss(log_temperature: float) -> float:
        scaled = logarithm / np.exp(log_temperature)
        top = scaled.max(axis=1)
        return float(np.mean(top + np.log(np.exp(scaled - top[:, None]).sum(axis=1)) - scaled[rows, target]))

    found = minimize_scalar(loss, bounds=(np.log(_COLDEST), np.log(_HOTTEST)), method="bounded")
    return float(np.exp(found.x))


def fit_threshold(attack: np.ndarray, target: np.ndarray, budget: float, block: np.ndarray) -> float:
    """The lowest threshold whose false alarms stay within a budget in each block, counted, whatever ties there are.

    It lies halfway between the highest P(attack) that must not raise an alarm and the next that may: there the verdicts
    on these records are those of the least such threshold, and a rounding error of other batches changes none.

    Args:
        attack: P(attack), float64, shape (n,).
        target: int, shape (n,); 0 is normal.
        budget: Share of the normal records of a block that may raise an alarm.
        block: The block of each record, int, shape (n,), 0 or more.
    Raises:
        ValueError: within the budget no record raises an alarm.
    """
    quiet, worst = -1.0, attack[:0]
    for place in range(int(block.max(initial=0)) + 1):
        normal = np.sort(attack[(target == 0) & (block == place)])[::-1]
        allowed = _allowed(budget, len(normal))
        if allowed < len(normal) and normal[allowed] > quiet:
            quiet, worst = float(normal[allowed]), normal
    if not len(worst):
        return 0.0
    above = attack[attack > quiet]
    if not len(above):
        raise ValueError(
            f"decision.false_alarm_budget={budget:g}: found {np.count_nonzero(worst == quiet):,} of {len(worst):,} "
            f"normal records at the highest P(attack) there is, {quiet:.6g}, where {_allowed(budget, len(worst)):,} "
            "may raise an alarm: only a detector without any alarm stays within it; allow more, or take a model "
            "with finer probabilities"
        )
    loud = float(above.min())
    middle = (quiet + loud) / 2
    return middle if middle > quiet else loud


def _allowed(budget: float, records: int) -> int:
    """How many of so many records a budget allows: 0.07 * 100 is a bit more than 7, 0.29 * 100 a bit less than 29."""
    return int(np.floor(budget * records + 1e-9))
