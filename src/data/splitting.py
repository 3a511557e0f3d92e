"""Training, validation and test part of the drawn records."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from src.checked import CHECKED

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


def vector_ids(X: np.ndarray) -> np.ndarray:
    """An id per feature vector: equal vectors have equal ids.

    Args:
        X: float32, shape (n, d).
    Returns:
        uint64, shape (n,). Unequal vectors share an id with a chance of about n^2 / 2^49 in all (the low bits of most
        values are 0); for splitting, that would only keep two vectors together.
    """
    rng = np.random.default_rng(53)  # any fixed odd multipliers do; Dietzfelbinger et al. 1997, multilinear hashing
    multipliers = 2 * rng.integers(0, 2**63, size=X.shape[1]).astype(np.uint64) + np.uint64(1)
    ids = np.zeros(len(X), dtype=np.uint64)
    for column in range(X.shape[1]):
        bits = (np.ascontiguousarray(X[:, column]) + np.float32(0)).view(np.uint32)  # + 0 turns -0 into 0
        ids += bits * multipliers[column]
    return ids


def overlap(train: np.ndarray, test: np.ndarray) -> float:
    """Share of the ids in `test` that also stand in `train`, 0 to 1."""
    return float(np.isin(test, train).mean()) if len(test) else 0.0
