"""From attack types to the classes of a task, and the records of each class that take part."""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from src.data.schema import LABELS
from src.data.tables import LabeledTable, Table
from src.utils.validation import CHECKED

# The number of records the paper's counts are drawn from; simulated sets of fewer scale the counts down to match.
REFERENCE_RECORDS = 494_021
Cost = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True, config=CHECKED)
class TaskClass:
    """One class.

    Attributes:
        attacks: The attack types in it, or `others`: all that no other class names.
        count: How many records to draw; None: each record once.
    """

    attacks: list[str] | Literal["others"]
    count: Annotated[int, Field(ge=1)] | None

    def asked(self, scale: float) -> int:
        """Records to draw at a scale, at least one, where there is a count."""
        assert self.count is not None
        return max(1, round(self.count * scale))


@dataclass(frozen=True, config=CHECKED)
class Task:
    """Classes in index order; the first is normal traffic, what a detector does not raise an alarm for.

    Attributes:
        cost: What it costs to take a record of class i for class j, at [i][j] in class order; None where all mistakes
            are equal.
    """

    name: str
    classes: dict[str, TaskClass]
    cost: list[list[Cost]] | None = None

    @model_validator(mode="after")
    def _check(self) -> "Task":
        named = [attack for one in self.classes.values() if one.attacks != "others" for attack in one.attacks]
        unknown = sorted(set(named) - set(LABELS))
        if unknown:
            raise ValueError(f"found the attack type {unknown[0]!r}, expected one of {', '.join(LABELS)}")
        twice = sorted({attack for attack in named if named.count(attack) > 1})
        if twice:
            raise ValueError(f"{twice[0]!r} is in more than one class")
        if len(self.classes) < 2 or sum(one.attacks == "others" for one in self.classes.values()) > 1:
            raise ValueError("expected two classes or more, at most one of them with attacks=others")
        first = next(iter(self.classes.values()))
        if first.attacks != ["normal"]:
            raise ValueError("expected the first class to be attacks=[normal]")
        if self.cost is not None:
            self._check_cost(self.cost)
        return self

    def _check_cost(self, cost: list[list[float]]) -> None:
        n, lengths = len(self.classes), [len(row) for row in cost]
        if lengths != [n] * n:
            raise ValueError(f"cost: found rows of {lengths} values, expected {n} rows of {n}, a row for each actual "
                             f"class ({', '.join(self.classes)})")  # fmt: skip
        for place, name in enumerate(self.classes):
            if cost[place][place] != 0:
                raise ValueError(f"cost: found {cost[place][place]:g} for a record of {name!r} that is recognized, "
                                 "expected 0 on the diagonal")  # fmt: skip

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(self.classes)

    def target(self, attacks: tuple[str, ...]) -> np.ndarray:
        """Class index of each label, int32, shape (len(attacks),); -1 where no class takes it."""
        others = next((place for place, one in enumerate(self.classes.values()) if one.attacks == "others"), -1)
        places = {
            attack: place
            for place, one in enumerate(self.classes.values())
            if one.attacks != "others"
            for attack in one.attacks
        }
        return np.array([places.get(attack, others) for attack in attacks], dtype=np.int32)


def with_target(table: Table, task: Task) -> LabeledTable:
    """Every record that a class of the task takes, once, in the order of the table."""
    target = task.target(table.attacks)[table.attack]
    known = np.flatnonzero(target >= 0)
    return table.labeled(target) if len(known) == len(table) else table.take(known).labeled(target[known])


def draw(
    table: Table, task: Task, seed: int, *, scale: float = 1.0, once: bool = False
) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Draw the records of a task.

    A class that has fewer records than asked gives each of them once, and again as often as needed: whole rounds,
    then a random remainder.

    Args:
        table: All records.
        scale: Factor on the counts of the task.
        once: The counts do not apply: each record that a class takes is drawn once.
    Returns:
        Index into `table` (int64, shape (m,), class by class), target (int32, shape (m,)), and per class how many
        records were available, asked for and drawn again.
    Raises:
        ValueError: a class has no record at all.
    """
    rng = np.random.default_rng([seed, 0])
    target = task.target(table.attacks)[table.attack]
    chosen, found = [], {}
    for place, (name, one) in enumerate(task.classes.items()):
        available = np.flatnonzero(target == place)
        asked = len(available) if once or one.count is None else one.asked(scale)
        if not len(available):
            raise ValueError(f"class {name!r} of task {task.name!r}: found no record of {one.attacks} among "
                             f"{len(table):,} records, expected at least one; use a larger dataset")  # fmt: skip
        rounds, rest = divmod(asked, len(available))
        index = np.concatenate([np.tile(available, rounds), rng.choice(available, rest, replace=False)])
        chosen.append(index)
        found[name] = {
            "available": len(available),
            "drawn": asked,
            "drawn_again": max(0, asked - len(available)),
        }
    index = np.concatenate(chosen)
    return index, target[index], found
