"""Splits the drawn records into training, validation and test part; the test part may be the published one."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from src.utils.validation import CHECKED

SPLIT_PARTS = ("train", "val", "test")
Fraction = Annotated[float, Field(gt=0, lt=1)]


@dataclass(frozen=True, config=CHECKED)
class Split:
    """Split of the drawn records into parts.

    Attributes:
        name: `random`, the paper's split: stratified; copies of one record may be in training and test. `grouped`: all
            copies of a feature vector are in one part. `official`: the training file is split like `grouped` into
            training and validation, each record once, without the task's counts; the tests are the published files.
        train: Share of the training part.
        val: Share of the validation part.
        test: Share of the test part; `published` for `official`.
        distinct: If true, the training part keeps the first record of each feature vector and class. Validation and
            test keep all records.
    """

    name: Literal["random", "grouped", "official"]
    train: Fraction
    val: Fraction
    test: float | Literal["published"]
    distinct: bool = False

    @model_validator(mode="after")
    def _check(self) -> "Split":
        if self.official:
            if self.test != "published":
                raise ValueError(f"test={self.test:g}: expected `published` with split=official, whose tests are the "
                                 "dataset's own")  # fmt: skip
        elif self.test == "published" or not 0 < self.test < 1:
            raise ValueError(f"test={self.test}: expected a share between 0 and 1 with split={self.name}")
        if abs(sum(self._shares) - 1) > 1e-9:
            parts = " + ".join(SPLIT_PARTS[: len(self._shares)])
            raise ValueError(f"{parts} is {sum(self._shares):g}, expected 1")
        return self

    @property
    def official(self) -> bool:
        """True if the tests are the published ones of the data set."""
        return self.name == "official"

    @property
    def once(self) -> bool:
        """True if each record takes part once, without the counts of the task."""
        return self.official

    @property
    def keeps_order(self) -> bool:
        """True if a model may also read the records before one in its file."""
        return self.official

    def divide(
        self,
        vector: np.ndarray,
        target: np.ndarray,
        seed: int,
        *,
        label: np.ndarray | None = None,
        row: np.ndarray | None = None,
    ) -> dict[str, np.ndarray]:
        """Divide records into parts, in random order within each part.

        Args:
            vector: Id of each record's features (`vector_ids`), uint64, shape (n,). The records of a class are in the
                order of their file.
            target: Class of each record, int32, shape (n,).
            seed: Seed of the split.
            label: Label of each record; not used.
            row: Line of each record; not used.
        Returns:
            Index into the records, int64, for `train`, `val` and, unless the tests are published, `test`.
        """
        rng = np.random.default_rng([seed, 1])
        part = self._random(target, rng) if self.name == "random" else self._grouped(vector, target, rng)
        names = SPLIT_PARTS[: len(self._shares)]
        rows = {name: rng.permutation(np.flatnonzero(part == number)) for number, name in enumerate(names)}
        if self.distinct:
            train = rows["train"]
            in_order = np.sort(train)
            rows["train"] = train[np.isin(train, in_order[_first_of_each(vector[in_order], target[in_order])])]
        return rows

    @property
    def _shares(self) -> list[float]:
        return [self.train, self.val] if self.test == "published" else [self.train, self.val, self.test]

    @property
    def _bounds(self) -> np.ndarray:
        return np.array([self.train, self.train + self.val])

    def _random(self, target: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Assign a part to each record, int64, shape (n,), with the same shares for every class."""
        part = np.empty(len(target), dtype=np.int64)
        for label in np.unique(target):
            index = rng.permutation(np.flatnonzero(target == label))
            start, end = np.rint(self._bounds * len(index)).astype(int)
            part[index] = np.repeat([0, 1, 2], [start, end - start, len(index) - end])
        return part

    def _grouped(self, vector: np.ndarray, target: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Assign a part to each record, int64, shape (n,): equal vectors together, each class near its shares.

        A vector counts for the class of most of its records. Each large group goes to the part that lacks most records.
        The many small groups then fill the parts up to their shares.
        """
        _, group, size = np.unique(vector, return_inverse=True, return_counts=True)
        n_classes = int(target.max()) + 1
        votes = np.bincount(group * n_classes + target, minlength=len(size) * n_classes).reshape(len(size), n_classes)
        owner = votes.argmax(axis=1)
        part_of_group = np.empty(len(size), dtype=np.int64)
        shares = np.array(self._shares)
        for label in range(n_classes):
            groups = rng.permutation(np.flatnonzero(owner == label))
            missing = shares * size[groups].sum()
            large = size[groups] > 0.001 * size[groups].sum()
            for large_group in sorted(groups[large], key=lambda number: -size[number]):
                chosen = int(np.argmax(missing))
                part_of_group[large_group] = chosen
                missing[chosen] -= size[large_group]
            small = groups[~large]
            middle = np.cumsum(size[small]) - size[small] / 2
            bounds = np.cumsum(np.maximum(missing, 0))[:-1]
            part_of_group[small] = np.searchsorted(bounds, middle)
        return part_of_group[group]


def _first_of_each(vector: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Find the first record of each vector and class; row numbers, int64, ascending."""
    first = []
    for label in np.unique(target):
        rows = np.flatnonzero(target == label)
        first.append(rows[np.unique(vector[rows], return_index=True)[1]])
    return np.sort(np.concatenate(first)) if first else np.zeros(0, dtype=np.int64)
