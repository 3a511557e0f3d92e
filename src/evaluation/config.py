"""Verdicts and what is reported of them: `conf/decision`, which a detector carries, and `conf/evaluation`, on test."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from src.utils.validation import CHECKED


@dataclass(frozen=True, config=CHECKED)
class DecisionProtocol:
    """Rule that turns probabilities into verdicts, fitted by training.

    Attributes:
        rule: `most_probable` class, or the class of least expected cost by the task's matrix.
        attack_prior_odds: Factor on the odds of each attack against normal traffic, before the `rule`; 1 leaves them.
        calibrate: Whether a temperature is fitted on validation.
        false_alarm_budget: Share of the normal validation records that may raise an alarm: the threshold of an alarm is
            as low as that allows. None leaves alarms to `rule`.
        false_alarm_blocks: The threshold keeps to the budget in each of so many contiguous blocks of the normal
            training records instead, each scored by a fit without it: traffic of another time, which a random
            validation part is not. None fits it on validation.
    """

    rule: Literal["most_probable", "least_cost"]
    attack_prior_odds: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    calibrate: bool
    false_alarm_budget: Annotated[float, Field(ge=0, le=1)] | None
    false_alarm_blocks: Annotated[int, Field(ge=2)] | None

    @model_validator(mode="after")
    def _check(self) -> "DecisionProtocol":
        if self.false_alarm_blocks and self.false_alarm_budget is None:
            raise ValueError(
                f"false_alarm_blocks={self.false_alarm_blocks}: found no budget, expected false_alarm_budget=..., a "
                "share of normal records that may raise an alarm"
            )
        return self


@dataclass(frozen=True, config=CHECKED)
class EvaluationProtocol:
    """Settings of the report on the test parts.

    Attributes:
        bootstrap: Resamples for the intervals of the test scores; 0 for no intervals.
    """

    bootstrap: Annotated[int, Field(ge=0, le=100_000)]
