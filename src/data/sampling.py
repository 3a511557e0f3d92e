"""Maps attack types to the classes of a task, and draws the records of each class."""

from dataclasses import replace
from typing import Annotated, Any

import numpy as np
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from src.data.schema import Schema
from src.data.tables import LabeledTable, Table
from src.utils.validation import CHECKED, Count, Name

# Number of records from which the paper draws its counts; smaller simulated data sets scale the counts down to match.
REFERENCE_RECORDS = 494_021
NORMAL, OTHERS = "normal", "others"  # words of a task for normal traffic, and for what no class names
Cost = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True, config=CHECKED)
class TaskClass:
    """Attack types that make one class, and the number of its records to draw.

    Attributes:
        attacks: Attack types of the class: a list, a category of the schema, or `others`, which are all types that no
            other class names. `normal` in a list is normal traffic, whatever the schema calls it.
        count: Number of records to draw; null draws each record once.
    """

    attacks: list[str] | str
    count: Count | None

    def of_schema(self, schema: Schema) -> "TaskClass":
        """Name the attack types one by one, but for `others`.

        Raises:
            ValueError: the schema has no such category.
        """
        if isinstance(self.attacks, list):
            return replace(self, attacks=[schema.normal if one == NORMAL else one for one in self.attacks])
        if self.attacks == OTHERS:
            return self
        if self.attacks not in schema.categories:
            raise ValueError(f"expected a list of attack types, a category ({', '.join(schema.categories)}), or others")
        return replace(self, attacks=list(schema.categories[self.attacks]))

    def asked(self, scale: float) -> int:
        """Number of records to draw at a scale, at least one; only for a class with a count."""
        assert self.count is not None
        return max(1, round(self.count * scale))


@dataclass(frozen=True, config=CHECKED)
class Task:
    """Classes of a task in index order. The first is normal traffic, for which a detector raises no alarm.

    Attributes:
        cost: Cost matrix: the entry at [i][j], in class order, is the cost of predicting class j for a record of class
            i. None where all mistakes cost the same.
    """

    name: str
    classes: dict[Name, TaskClass]
    cost: list[list[Cost]] | None = None

    @model_validator(mode="after")
    def _check(self) -> "Task":
        others = sum(one.attacks == OTHERS for one in self.classes.values())
        if len(self.classes) < 2 or others > 1:
            raise ValueError(f"found the classes {', '.join(self.classes) or 'none'}, expected two classes or more, at "
                             "most one of them with attacks=others")  # fmt: skip
        first = next(iter(self.classes.values()))
        if not isinstance(first.attacks, list) or len(first.attacks) != 1:
            raise _not_normal(first.attacks)
        if self.cost is not None:
            self._check_cost(self.cost)
        return self

    def _check_cost(self, cost: list[list[float]]) -> None:
        n, lengths = len(self.classes), [len(row) for row in cost]
        if lengths != [n] * n:
            raise ValueError(f"cost: found rows of {lengths} values, expected {n} rows of {n}, a row for each actual "
                             f"class ({', '.join(self.classes)})")  # fmt: skip
        for index, name in enumerate(self.classes):
            if cost[index][index] != 0:
                raise ValueError(f"cost: found {cost[index][index]:g} for a record of {name!r} that is recognized, "
                                 "expected 0 on the diagonal")  # fmt: skip

    def of_schema(self, schema: Schema) -> "Task":
        """Name the attack types of a data set one by one, and check them.

        Raises:
            ValueError: a class has an unknown type or category, or one of another class; or the first is not normal.
        """
        classes = {}
        for name, one in self.classes.items():
            try:
                classes[name] = one.of_schema(schema)
            except ValueError as error:
                raise ValueError(f"classes.{name}.attacks={one.attacks!r}: {error}") from None
        task = replace(self, classes=classes)
        named = [attack for attacks in task._listed().values() for attack in attacks]
        if unknown := sorted(set(named) - set(schema.labels)):
            raise ValueError(f"found the attack type {unknown[0]!r}, expected one of {', '.join(schema.labels)}")
        if twice := sorted({attack for attack in named if named.count(attack) > 1}):
            raise ValueError(f"found {twice[0]!r} in more than one class, expected each attack type in one")
        first = next(iter(classes.values()))
        if first.attacks != [schema.normal]:
            raise _not_normal(first.attacks)
        return task

    def _listed(self) -> dict[str, list[str]]:
        """Attack types of each class that lists them."""
        return {name: one.attacks for name, one in self.classes.items() if isinstance(one.attacks, list)}

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(self.classes)

    def target(self, attacks: tuple[str, ...]) -> np.ndarray:
        """Class index of each label, int32, shape (len(attacks),); -1 for a label of no class."""
        index = {name: position for position, name in enumerate(self.classes)}
        listed = self._listed()
        others = next((index[name] for name in self.classes if name not in listed), -1)
        targets = {attack: index[name] for name, types in listed.items() for attack in types}
        return np.array([targets.get(attack, others) for attack in attacks], dtype=np.int32)


@dataclass(frozen=True, config=CHECKED)
class CategoriesTask:
    """Task whose classes are normal traffic and the categories of the schema, each record once.

    Attributes:
        cost: Cost matrix, as in `Task`.
    """

    name: str
    cost: list[list[Cost]] | None = None

    def of_schema(self, schema: Schema) -> Task:
        """Make a class of each category."""
        classes = {NORMAL: TaskClass([schema.normal], None)}
        for name, attacks in schema.categories.items():
            if attacks:
                classes[name] = TaskClass(list(attacks), None)
        return Task(self.name, classes, self.cost)


def _not_normal(attacks: Any) -> ValueError:
    return ValueError(f"found attacks={attacks} in the first class, expected the first class to be attacks=[{NORMAL}]")


def with_target(table: Table, task: Task) -> LabeledTable:
    """Keep each record that belongs to a class of the task, once, in the order of the table."""
    target = task.target(table.attacks)[table.attack]
    known = np.flatnonzero(target >= 0)
    return table.labeled(target) if len(known) == len(table) else table.take(known).labeled(target[known])


def draw(
    table: Table, task: Task, seed: int, *, scale: float = 1.0, once: bool = False, again: bool = True
) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Draw the records of a task.

    A class with fewer records than its count repeats them: all of them in whole rounds, then a random remainder.

    Args:
        table: All records.
        seed: Seed of the draw.
        scale: Factor on the counts of the task.
        once: Draw each record of each class once and ignore the counts.
        again: If false, a class with fewer records than its count has each of them once.
    Returns:
        Index into `table` (int64, shape (m,), class by class), target (int32, shape (m,)), and for each class the
        numbers of records that were available, drawn, and drawn again.
    Raises:
        ValueError: a class has no record at all.
    """
    rng = np.random.default_rng([seed, 0])
    target = task.target(table.attacks)[table.attack]
    chosen, numbers = [], {}
    for index, (name, task_class) in enumerate(task.classes.items()):
        available = np.flatnonzero(target == index)
        n_drawn = len(available) if once or task_class.count is None else task_class.asked(scale)
        if not again:
            n_drawn = min(n_drawn, len(available))
        if not len(available):
            raise ValueError(f"class {name!r} of task {task.name!r}: found no record of {task_class.attacks} among "
                             f"{len(table):,} records, expected at least one; use a larger dataset")  # fmt: skip
        rounds, rest = divmod(n_drawn, len(available))
        chosen.append(np.concatenate([np.tile(available, rounds), rng.choice(available, rest, replace=False)]))
        numbers[name] = {
            "available": len(available),
            "drawn": n_drawn,
            "drawn_again": max(0, n_drawn - len(available)),
        }
    rows = np.concatenate(chosen)
    return rows, target[rows], numbers
