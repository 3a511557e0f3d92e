"""What a run does with the probabilities of its model: `conf/evaluation`."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from src.checked import CHECKED


@dataclass(frozen=True, config=CHECKED)
class EvaluationProtocol:
    """How verdicts are made, and how sure one can be of the scores.

    Attributes:
        decision: `most_probable` class, or the class of least expected cost by the task's matrix.
        attack_odds: Factor on the odds of each attack against normal traffic, before `decision` is made; 1 leaves them.
        calibrate: Whether a temperature is fitted on validation.
        false_alarm_budget: Share of the normal validation records that may raise an alarm: the threshold of an alarm is
            as low as that allows. None leaves alarms to `decision`.
        bootstrap: Resamples for the intervals of the test scores; 0 for no intervals.
    """

    decision: Literal["most_probable", "least_cost"]
    attack_odds: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    calibrate: bool
    false_alarm_budget: Annotated[float, Field(ge=0, le=1)] | None
    bootstrap: Annotated[int, Field(ge=0, le=100_000)]
