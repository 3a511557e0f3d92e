"""Split for the selection of models on a training file alone: attack types and blocks of the file are held out."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from src.utils.validation import CHECKED, Count

_REST, _TEST, _GAP = 0, 1, 2


@dataclass(frozen=True, config=CHECKED)
class HeldOutTypes:
    """Split whose test part has attack types and traffic that training lacks; no published test is read.

    Each attack type is left out of training in one of the folds. Traffic of other types is held out in blocks of
    consecutive records. A block is within one label run: consecutive records of one label. The records of the run that
    are close to a held-out block are in no part, as the records of a burst resemble each other. Neither are held-out
    records whose feature vector training has. Each record takes part once, without the counts of the task.

    Attributes:
        name: Name of the split.
        folds: Number of folds.
        fold: Fold whose attack types are left out, from 0 to folds - 1; None takes the seed modulo `folds`, so that
            seeds 0, 1, ... are the folds in turn.
        held_out: Share of the blocks of each label that is held out.
        block: Upper bound on the records of a block.
        gap: Number of records before and after a held-out block that are in no part.
        train: Share of the training part in the distinct feature vectors that are left.
        val: Share of the validation part in them; all copies of a feature vector are in one part.
        distinct: If true, training and test part keep the first record of each feature vector and label.
    """

    official: ClassVar[bool] = False
    once: ClassVar[bool] = True
    keeps_order: ClassVar[bool] = True

    name: Literal["held_out_types"]
    folds: Annotated[int, Field(ge=2)]
    fold: Annotated[int, Field(ge=0)] | None
    held_out: Annotated[float, Field(gt=0, lt=1)]
    block: Count
    gap: Annotated[int, Field(ge=0)]
    train: Annotated[float, Field(gt=0, lt=1)]
    val: Annotated[float, Field(gt=0, lt=1)]
    distinct: bool

    @model_validator(mode="after")
    def _check(self) -> "HeldOutTypes":
        if self.fold is not None and self.fold >= self.folds:
            raise ValueError(f"fold={self.fold}: expected a whole number from 0 to {self.folds - 1}, or none")
        if abs(self.train + self.val - 1) > 1e-9:
            raise ValueError(f"train + val is {self.train + self.val:g}, expected 1")
        return self

    def divide(
        self,
        vector: np.ndarray,
        target: np.ndarray,
        seed: int,
        *,
        label: np.ndarray,
        row: np.ndarray,
        categories: Mapping[str, Sequence[str]],
    ) -> dict[str, np.ndarray]:
        """Divide records into parts, in random order within training and validation.

        Args:
            vector: Id of each record's features (`vector_ids`), uint64, shape (n,).
            target: Class of each record, int32, shape (n,).
            seed: Seed of the split.
            label: Label of each record, str, shape (n,).
            row: Line of each record in its file, int64, shape (n,).
            categories: Attack types by category.
        Returns:
            Index into the records, int64, for `train`, `val` and `test`.
        Raises:
            ValueError: all types of a class are left out.
        """
        rng = np.random.default_rng([seed, 1])
        order = np.argsort(row, kind="stable")
        part = np.empty(len(row), dtype=np.int64)
        part[order] = self._parts(label[order], rng)
        fold = seed % self.folds if self.fold is None else self.fold
        left_out = left_out_types(np.unique(label).tolist(), categories, fold, self.folds)
        unknown = np.isin(label, left_out)
        for lost in np.setdiff1d(target, target[~unknown]):
            types = ", ".join(np.unique(label[target == lost]))
            raise ValueError(
                f"split=held_out_types: found that fold {fold} leaves out {types}, the only types of a class, expected "
                "each class to keep one in training: choose another split.fold, or a task with more types in each class"
            )
        part[unknown] = _TEST
        left, held_out = np.flatnonzero(part == _REST), np.flatnonzero(part == _TEST)
        held_out = held_out[unknown[held_out] | ~np.isin(vector[held_out], vector[left])]
        vectors = rng.permutation(np.unique(vector[left]))
        in_val = np.isin(vector[left], vectors[: round(self.val * len(vectors))])
        rows = {"train": left[~in_val], "val": left[in_val], "test": held_out}
        if self.distinct:
            rows |= {name: _first_of_each(vector, label, row, rows[name]) for name in ("train", "test")}
        return {name: one if name == "test" else rng.permutation(one) for name, one in rows.items()}

    def _parts(self, label: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Assign rest, test or gap to each record of a file in order, int64, shape (n,)."""
        run_start = np.flatnonzero(np.r_[True, label[1:] != label[:-1]])
        part = np.full(len(label), _REST, dtype=np.int64)
        blocks: dict[str, list[tuple[int, int, int, int]]] = {}
        for start, end in zip(run_start, np.r_[run_start[1:], len(label)], strict=True):
            edges = np.linspace(start, end, -(-(end - start) // self.block) + 1).round().astype(np.int64)
            blocks.setdefault(label[start], []).extend(
                (int(low), int(high), int(start), int(end)) for low, high in itertools.pairwise(edges)
            )
        chosen = []
        for of_label in blocks.values():
            count = int(self.held_out * len(of_label) + rng.random())  # the share in expectation, also of few blocks
            chosen += [of_label[number] for number in rng.permutation(len(of_label))[:count]]
        for low, high, start, end in chosen:
            part[max(start, low - self.gap) : low] = part[high : min(end, high + self.gap)] = _GAP
        for low, high, *_ in chosen:  # after all gaps, which may reach into a held-out block
            part[low:high] = _TEST
        return part


def left_out_types(
    labels: Sequence[str], categories: Mapping[str, Sequence[str]], fold: int, folds: int
) -> tuple[str, ...]:
    """Attack types of a fold. They are dealt to the folds in turn, category by category, which spreads each category.

    >>> categories = {"probe": ["ipsweep", "nmap", "satan"], "dos": ["smurf", "pod"], "u2r": ["perl"]}
    >>> found = ["normal", "ipsweep", "nmap", "satan", "smurf", "perl"]
    >>> [left_out_types(found, categories, fold, 2) for fold in (0, 1)]
    [('ipsweep', 'satan', 'perl'), ('nmap', 'smurf')]
    """
    attacks = [name for types in categories.values() for name in types if name in labels]
    return tuple(name for place, name in enumerate(attacks) if place % folds == fold)


def _first_of_each(vector: np.ndarray, label: np.ndarray, row: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Find the first record in the file, among those chosen, of each vector and label; index, int64, in file order."""
    ordered = which[np.argsort(row[which], kind="stable")]
    codes = np.unique(label[ordered], return_inverse=True)[1].astype(np.uint64)
    ids = np.stack([vector[ordered], codes], axis=1)
    return ordered[np.sort(np.unique(ids, axis=0, return_index=True)[1])]
