"""Training, validation and test part of the drawn records; or the first two of them, beside the published tests."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from src.utils.validation import CHECKED

SPLIT_PARTS = ("train", "val", "test")
Fraction = Annotated[float, Field(gt=0, lt=1)]


@dataclass(frozen=True, config=CHECKED)
class Split:
    """How records are divided.

    Attributes:
        name: `random` (stratified, the paper's: copies of one record may stand in training and test), `grouped` (all
            copies of a feature vector stand in one part) or `official` (the training file is grouped into training and
            validation, each of its records once whatever the task's counts; the published test files are the tests).
        test: Share of the test part; `published` for `official`.
        distinct: Whether the training part keeps one record of each feature vector and class, the first of those given.
            Validation and test keep all.
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
        """Whether the tests are the dataset's published ones."""
        return self.name == "official"

    def divide(self, vector: np.ndarray, target: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        """Divide records, in random order within each part.

        Args:
            vector: The id of each record's features (`vector_ids`), uint64, shape (n,); records of a class in the
                order of their file, where there is one.
            target: int32, shape (n,).
        Returns:
            For `train`, `val` and, unless the tests are published ones, `test` an index into the records, int64.
        """
        rng = np.random.default_rng([seed, 1])
        part = self._random(target, rng) if self.name == "random" else self._grouped(vector, target, rng)
        names = SPLIT_PARTS[: len(self._shares)]
        places = {name: rng.permutation(np.flatnonzero(part == place)) for place, name in enumerate(names)}
        if self.distinct:
            train = places["train"]
            given = np.sort(train)
            places["train"] = train[np.isin(train, given[_first_of_each(vector[given], target[given])])]
        return places

    @property
    def _shares(self) -> list[float]:
        return [self.train, self.val] if self.test == "published" else [self.train, self.val, self.test]

    @property
    def _bounds(self) -> np.ndarray:
        return np.array([self.train, self.train + self.val])

    def _random(self, target: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Part of each record, int64, shape (n,), with every class at the same shares."""
        part = np.empty(len(target), dtype=np.int64)
        for one in np.unique(target):
            index = rng.permutation(np.flatnonzero(target == one))
            start, end = np.rint(self._bounds * len(index)).astype(int)
            part[index] = np.repeat([0, 1, 2], [start, end - start, len(index) - end])
        return part

    def _grouped(self, vector: np.ndarray, target: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Part of each record, int64, shape (n,): equal vectors together, classes near the asked shares.

        A vector counts for the class most of its records have. The large groups are placed one by one where most is
        missing, and the many small ones then fill the parts up to their shares.
        """
        _, group, size = np.unique(vector, return_inverse=True, return_counts=True)
        n_classes = int(target.max()) + 1
        votes = np.bincount(group * n_classes + target, minlength=len(size) * n_classes).reshape(len(size), n_classes)
        owner = votes.argmax(axis=1)
        part_of_group = np.empty(len(size), dtype=np.int64)
        shares = np.array(self._shares)
        for one in range(n_classes):
            groups = rng.permutation(np.flatnonzero(owner == one))
            missing = shares * size[groups].sum()
            large = size[groups] > 0.001 * size[groups].sum()
            for place in sorted(groups[large], key=lambda place: -size[place]):
                chosen = int(np.argmax(missing))
                part_of_group[place] = chosen
                missing[chosen] -= size[place]
            small = groups[~large]
            middle = np.cumsum(size[small]) - size[small] / 2
            bounds = np.cumsum(np.maximum(missing, 0))[:-1]
            part_of_group[small] = np.searchsorted(bounds, middle)
        return part_of_group[group]


def _first_of_each(vector: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Places of the first record of each vector and class, int64, ascending."""
    first = []
    for one in np.unique(target):
        places = np.flatnonzero(target == one)
        first.append(places[np.unique(vector[places], return_index=True)[1]])
    return np.sort(np.concatenate(first)) if first else np.zeros(0, dtype=np.int64)
