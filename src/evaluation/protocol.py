"""What a run does with the probabilities of its model: `conf/evaluation`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
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
        false_alarm_blocks: The threshold keeps to the budget in each of so many contiguous blocks of the normal
            training records instead, each judged by a fit without it: traffic of another time, which a random
            validation part is not. None fits it on validation.
        bootstrap: Resamples for the intervals of the test scores; 0 for no intervals.
    """

    decision: Literal["most_probable", "least_cost"]
    attack_odds: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    calibrate: bool
    false_alarm_budget: Annotated[float, Field(ge=0, le=1)] | None
    false_alarm_blocks: Annotated[int, Field(ge=2)] | None
    bootstrap: Annotated[int, Field(ge=0, le=100_000)]

    @model_validator(mode="after")
    def _check(self) -> "EvaluationProtocol":
        if self.false_alarm_blocks and self.false_alarm_budget is None:
            raise ValueError(
                f"false_alarm_blocks={self.false_alarm_blocks}: found no budget, expected false_alarm_budget=..., a "
                "share of normal records that may raise an alarm"
            )
        return self
