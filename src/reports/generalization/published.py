"""Published results beside which ours are shown: `references.yaml` and `nsl_kdd.yaml`, checked."""

from functools import cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from src.utils.validation import CHECKED, Positive

CONTEST = Path(__file__).with_name("references.yaml")
NSL_KDD = Path(__file__).with_name("nsl_kdd.yaml")
_Percent = Annotated[float, Field(ge=0, le=100)]


@dataclass(frozen=True, config=CHECKED)
class ContestResult:
    """A published result on the official test of KDD Cup 99: five classes, the contest's costs; shares in percent.

    Attributes:
        place: Text that states it.
        cost: Mean cost of a record.
        accuracy: Accuracy on the five classes; None where it is not stated, as all other shares.
        binary: Accuracy on normal and attack.
        winner: True for the contest's winner.
    """

    system: str
    place: str
    cost: Positive
    accuracy: _Percent | None = None
    binary: _Percent | None = None
    detection: _Percent | None = None
    false_alarms: _Percent | None = None
    winner: bool = False


@dataclass(frozen=True, config=CHECKED)
class NslKddResult:
    """A published accuracy on NSL-KDD, in percent.

    Attributes:
        test: Accuracy on KDDTest+.
        protocol: Classes, training records, and what values were chosen on.
        place: Text that states it.
        test_21: Accuracy on KDDTest-21; None where it was not read.
    """

    system: str
    test: _Percent
    protocol: str
    place: str
    test_21: _Percent | None = None


@cache
def on_the_contest() -> tuple[ContestResult, ...]:
    """Return published results on the contest's test."""
    return TypeAdapter(tuple[ContestResult, ...]).validate_python(yaml.safe_load(CONTEST.read_text(encoding="utf-8")))


def contest_winner() -> ContestResult:
    """Return the result of the contest's winner.

    Raises:
        ValueError: Not just one result is that of the winner.
    """
    found = [one for one in on_the_contest() if one.winner]
    if len(found) != 1:
        raise ValueError(f"{CONTEST.name}: found {len(found)} results with `winner: true`, expected 1; mark that of "
                         "the contest's winner alone")  # fmt: skip
    return found[0]


@cache
def on_nsl_kdd() -> tuple[NslKddResult, ...]:
    """Return published results on NSL-KDD."""
    return TypeAdapter(tuple[NslKddResult, ...]).validate_python(yaml.safe_load(NSL_KDD.read_text(encoding="utf-8")))
