"""Training, validation and test part of the drawn records."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from src.checked import CHECKED
from src.data.vectors import vector_ids

SPLIT_PARTS = ("train", "val", "test")
Fraction = Annotated[float, Field(gt=0, lt=1)]


@dataclass(frozen=True, config=CHECKED)
class Split:
    """How records are divided.

    Attributes:
        name: `random` (stratified, the paper's: copies of one record may stand in training and test) or `grouped`
            (all copies of a feature vector stand in one part).
    """

    name: Literal["random", "grouped"]
    train: Fraction
    val: Fraction
    test: Fraction

    @model_validator(mode="after")
    def _check(self) -> "Split":
        if abs(self.train + self.val + self.test - 1) > 1e-9:
            raise ValueError(f"train + val + test is {self.train + self.val + self.test:g}, expected 1")
        return self

    def divide(self, X: np.ndarray, target: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        """Divide records, in random order within each part.

        Args:
            X: float32, shape (n, 53).
            target: int32, shape (n,).
        Returns:
            For `train`, `val` and `test` an index into the records, int64.
        """
        rng = np.random.default_rng([seed, 1])
        part = self._random(target, rng) if self.name == "random" else self._grouped(vector_ids(X), target, rng)
        return {name: rng.permutation(np.flatnonzero(part == place)) for place, name in enumerate(SPLIT_PARTS)}

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
        shares = np.array([self.train, self.val, self.test])
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
            bounds = np.cumsum(np.maximum(missing, 0))[:2]
            part_of_group[small] = np.searchsorted(bounds, middle)
        return part_of_group[group]
