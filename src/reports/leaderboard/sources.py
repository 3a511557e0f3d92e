"""The published numbers of each model: `sources.yaml`, checked."""

from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import TypeAdapter, model_validator
from pydantic.dataclasses import dataclass

from src.utils.validation import CHECKED

FILE = Path(__file__).with_name("sources.yaml")


@dataclass(frozen=True, config=CHECKED)
class Claim:
    """A published number.

    Attributes:
        value: Percentage; for `mean_cost` a cost.
        protocol: Data, classes and test of the claim.
        ours: Our task and split with the most similar protocol.
        place: Text that has the number.
    """

    value: float
    metric: Literal["accuracy", "false_alarm_rate", "mean_cost"]
    protocol: str
    ours: tuple[str, str]
    place: str

    def __str__(self) -> str:
        words = {"accuracy": "accuracy", "false_alarm_rate": "false alarms", "mean_cost": "mean cost"}[self.metric]
        return f"{words} {self.value:.4f}" if self.metric == "mean_cost" else f"{words} {self.value:.4g} %"


@dataclass(frozen=True, config=CHECKED)
class Source:
    """The source of a model.

    Attributes:
        claims: Published numbers of the model.
        without: Reason why there are no claims.
    """

    source: str
    claims: tuple[Claim, ...] = ()
    without: str | None = None

    @model_validator(mode="after")
    def _says_why(self) -> "Source":
        if bool(self.claims) == bool(self.without):
            raise ValueError(f"{self.source}: found claims={len(self.claims)} and without={self.without!r}, "
                             "expected claims, or the reason why there are none")  # fmt: skip
        return self


@cache
def sources() -> dict[str, Source]:
    """Return the sources by the name of the model."""
    return TypeAdapter(dict[str, Source]).validate_python(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def source(model: str) -> Source:
    """Return the source of one model.

    Raises:
        ValueError: The model has no entry.
    """
    if model not in sources():
        raise ValueError(f"{FILE.name}: found no entry for model={model}, expected its source, and its published "
                         "numbers or the reason why there are none (`without`); add it")  # fmt: skip
    return sources()[model]
