"""Config classes of `conf/decision`, which a detector carries, and of `conf/evaluation`, the report on test parts."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from src.detector.decision import PRIOR_ODDS
from src.utils.validation import CHECKED


@dataclass(frozen=True, config=CHECKED)
class DecisionProtocol:
    """Rule that turns probabilities into verdicts, fitted during training.

    Attributes:
        rule: `most_probable`, the most probable class, or `least_cost`, the class of least expected cost by the task's
            cost matrix.
        attack_prior_odds: Factor on the odds of each attack against normal traffic, applied before the rule; 1 changes
            nothing.
        calibrate: If true, a temperature is fitted on validation.
        false_alarm_budget: Share of the normal validation records that may raise an alarm. The alarm threshold is the
            lowest within this budget. None leaves alarms to the rule.
        false_alarm_blocks: Number of contiguous blocks of the normal training records. The threshold keeps the false
            alarms of each block within the budget, instead of those of validation. A model fitted without the block
            scores it, so that its traffic is of another time, unlike a random validation part. None uses validation.
    """

    rule: Literal["most_probable", "least_cost"]
    attack_prior_odds: Annotated[float, Field(ge=PRIOR_ODDS[0], le=PRIOR_ODDS[1])]
    calibrate: bool
    false_alarm_budget: Annotated[float, Field(ge=0, le=1)] | None
    false_alarm_blocks: Annotated[int, Field(ge=2)] | None

    @model_validator(mode="after")
    def _check(self) -> "DecisionProtocol":
        if self.false_alarm_blocks and self.false_alarm_budget is None:
            raise ValueError(
                f"false_alarm_blocks={self.false_alarm_blocks}: found no budget, expected false_alarm_budget=..., the "
                "share of normal records that may raise an alarm"
            )
        return self


@dataclass(frozen=True, config=CHECKED)
class EvaluationProtocol:
    """Settings of the report on the test parts.

    Attributes:
        bootstrap: Number of resamples for the intervals of the test scores; 0 for no intervals.
        records_a_day: Traffic that the numbers of alarms a day in `operating_points.csv` assume, in records.
        arrivals: If true, detectors that read previous records are also scored on single records, on requests of 100,
            and on the file shuffled, reversed and mixed (`arrivals.csv`). This takes five more scorings.
    """

    bootstrap: Annotated[int, Field(ge=0, le=100_000)]
    records_a_day: Annotated[int, Field(ge=1, le=10**12)]
    arrivals: bool
