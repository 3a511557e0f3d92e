"""The numbers that the paper states: `paper.yaml`, checked."""

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from src.utils.validation import CHECKED

# Our tasks in words. The paper has two tasks: both of ours with three classes rebuild its second one.
TASKS = {
    "binary": "binary",
    "multiclass": "3-class, literal DoS",
    "multiclass_smurf": "3-class, DoS = smurf",
}
FILE = Path(__file__).with_name("paper.yaml")


@dataclass(frozen=True, config=CHECKED)
class Stated:
    """One number of the paper.

    Attributes:
        value: Value as stated, in `unit`.
        place: Place in the text.
        at_least: True if the text says "more than".
    """

    value: float
    unit: Literal["%", "s", "records", "features", "position", "times"]
    place: str
    at_least: bool = False

    @property
    def rounding(self) -> float:
        """Most that rounding can have changed: half a unit of the last digit after the point, 0.5 without any.

        >>> Stated(12.34, "%", "a place").rounding, Stated(71, "%", "a place").rounding
        (0.005, 0.5)
        """
        exponent = Decimal(str(self.value)).normalize().as_tuple().exponent
        assert isinstance(exponent, int)  # a string for infinity and NaN
        return 0.5 * 10.0 ** min(0, exponent)

    def __str__(self) -> str:
        digits = f"{self.value:,.2f}" if self.unit in ("%", "s") and self.value % 1 else f"{self.value:,.0f}"
        unit = {"%": " %", "s": " s", "times": " times"}.get(self.unit, "")
        return f"{'> ' if self.at_least else ''}{digits}{unit}"


@cache
def stated() -> dict[str, Stated]:
    """Return every number by its key, such as `seconds.pca.4.binary`."""
    return TypeAdapter(dict[str, Stated]).validate_python(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def paper_task(task: str) -> str:
    """Return the task of the paper that one of ours rebuilds."""
    return "binary" if task == "binary" else "multiclass"


def training_records(task: str) -> float:
    """Return the number of records that the paper trains on in one of its tasks."""
    drawn = sum(one.value for key, one in stated().items() if key.startswith(f"records.{task}."))
    return drawn * stated()["split.train"].value / 100


def find(*key: object) -> Stated | None:
    """Return the number of a key; None if the paper's text gives none."""
    return stated().get(".".join(str(part) for part in key))
