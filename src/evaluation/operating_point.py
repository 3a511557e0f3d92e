"""Temperature and threshold of a detector, fitted on validation, or on what a fit was kept from seeing of training.

What is here never gets to see a test record.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar

from src.decision import Decision, attack_probability, log_probability
from src.evaluation.protocol import EvaluationProtocol

_COLDEST, _HOTTEST = 0.05, 20.0


def fit_decision(
    probability: np.ndarray,
    target: np.ndarray,
    protocol: EvaluationProtocol,
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
    wanted = tuple(map(tuple, cost)) if protocol.decision == "least_cost" and cost is not None else None
    threshold = None
    if protocol.false_alarm_budget is not None:
        judged = [(one, np.zeros(len(one), dtype=np.int32)) for one in blocks] or [(probability, target)]
        threshold = max(
            fit_threshold(attack_probability(Decision(temperature).calibrated(one)), of, protocol.false_alarm_budget)
            for one, of in judged
        )
    return Decision(temperature, threshold, wanted, protocol.attack_odds)


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


def fit_threshold(attack: np.ndarray, target: np.ndarray, budget: float) -> float:
    """The lowest threshold whose false alarms stay within a budget, counted, whatever ties there are.

    It lies halfway between the highest P(attack) that must not raise an alarm and the next that may: there the verdicts
    on validation are those of the least such threshold, and a rounding error of other batches changes none.

    Args:
        attack: P(attack), float64, shape (n,).
        target: int32, shape (n,); 0 is normal.
        budget: Share of the normal records that may raise an alarm.
    Raises:
        ValueError: within the budget no record raises an alarm.
    """
    normal = np.sort(attack[target == 0])[::-1]
    allowed = int(
        np.floor(budget * len(normal) + 1e-9)
    )  # 0.07 * 100 is a little more than 7, 0.29 * 100 a little less than 29
    if allowed >= len(normal):
        return 0.0
    quiet = normal[allowed]
    above = attack[attack > quiet]
    if not len(above):
        raise ValueError(
            f"evaluation.false_alarm_budget={budget:g}: found {np.count_nonzero(normal == quiet):,} of {len(normal):,} "
            f"normal records at the highest P(attack) there is, {quiet:.6g}, where {allowed:,} may raise an "
            "alarm: only a detector without any alarm stays within it; allow more, or take a model "
            "with finer probabilities"
        )
    loud = float(above.min())
    middle = float(quiet + loud) / 2
    return middle if middle > quiet else loud
