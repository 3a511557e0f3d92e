"""What is published of each model: `sources.yaml`, checked."""

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
        value: In percent; of `mean_cost` a cost.
        protocol: Data, classes and test that it is claimed on.
        ours: Task and split of ours that come nearest.
        place: Where it stands.
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
    """Where a model comes from.

    Attributes:
        claims: What is published of it; none where `without` says why.
    """

    source: str
    claims: tuple[Claim, ...] = ()
    without: str | None = None

    @model_validator(mode="after")
    def _says_why(self) -> "Source":
        if bool(self.claims) == bool(self.without):
            raise ValueError(f"{self.source}: found claims={len(self.claims)} and without={self.without!r}, "
                             "expected claims, or why there are none")  # fmt: skip
        return self


@cache
def sources() -> dict[str, Source]:
    """By the name of the model."""
    return TypeAdapter(dict[str, Source]).validate_python(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def source(model: str) -> Source:
    """That of one model.

    Raises:
        ValueError: it has no entry.
    """
    if model not in sources():
        raise ValueError(f"{FILE.name}: found no entry for model={model}, expected its source, and its published "
                         "numbers or why there are none (`without`); add it")  # fmt: skip
    return sources()[model]
