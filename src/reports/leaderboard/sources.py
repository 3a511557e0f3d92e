"""The published numbers of each model: `sources.yaml`, checked."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import TypeAdapter, model_validator
from pydantic.dataclasses import dataclass

from src.utils.validation import CHECKED

FILE = Path(__file__).with_name("sources.yaml")
Test = Literal["random", "official", "KDDTest+", "KDDTest-21"]
# Our tests in words, and the parts of runs that are those of NSL-KDD.
TESTS: Mapping[Test, str] = {
    "random": "KDD99, random split",
    "official": "KDD99, official test",
    "KDDTest+": "NSL-KDD, KDDTest+",
    "KDDTest-21": "NSL-KDD, KDDTest-21",
}
NSL_TESTS: Mapping[Test, str] = {"KDDTest+": "test", "KDDTest-21": "test_21"}


@dataclass(frozen=True, config=CHECKED)
class Claim:
    """A published number.

    Attributes:
        value: Percentage; for `mean_cost` a cost.
        protocol: Data, classes and test of the claim.
        ours: Our task and test with the most similar protocol: the same test records come before the same classes.
        place: Text that has the number.
    """

    value: float
    metric: Literal["accuracy", "false_alarm_rate", "mean_cost"]
    protocol: str
    ours: tuple[str, Test]
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
