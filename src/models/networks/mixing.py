"""Mixed records: records whose columns partly come from other records, on which a network learns from a teacher."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Mixture:
    """Shares of the records by how they are mixed; the rest stays as it is.

    Attributes:
        by_column: Share of the records in which each column comes from another record at random. The chance of that is
            drawn from 0 to 1 for each record.
        by_group: Share of the records in which each group of columns comes from another record at random.
        group_chance: Chance of each group of a record that is mixed by groups.
    """

    by_column: float
    by_group: float
    group_chance: float

    def draw(self, X: np.ndarray, n: int, rng: np.random.Generator, groups: np.ndarray | None = None) -> np.ndarray:
        """Draw n records of X with replacement, and mix them; the order is random.

        Args:
            X: Pool of records, float32, shape (m, k).
            n: Number of records.
            rng: Random generator.
            groups: Group of each column, int64, shape (k,); None if none are mixed by groups.
        Returns:
            float32, shape (n, k).
        """
        mixed = X[rng.integers(len(X), size=n)]
        # the records are drawn independently, so those of each kind may follow each other until they are shuffled
        by_column, by_group = round(self.by_column * n), round(self.by_group * n)
        if by_column:
            chance = rng.random((by_column, 1), dtype=np.float32)
            self._replace(mixed[:by_column], X, rng.random((by_column, X.shape[1]), dtype=np.float32) < chance, rng)
        if by_group:
            assert groups is not None
            some = mixed[by_column : by_column + by_group]
            replaced = rng.random((by_group, int(groups.max()) + 1), dtype=np.float32) < self.group_chance
            donors = rng.integers(len(X), size=replaced.shape)
            for group in range(replaced.shape[1]):
                rows, columns = np.flatnonzero(replaced[:, group]), np.flatnonzero(groups == group)
                some[np.ix_(rows, columns)] = X[np.ix_(donors[rows, group], columns)]
        return mixed[rng.permutation(n)]

    @staticmethod
    def _replace(mixed: np.ndarray, X: np.ndarray, replaced: np.ndarray, rng: np.random.Generator) -> None:
        """Replace values, in place, by those of the same column of other records, each of a record of its own."""
        rows, columns = np.nonzero(replaced)
        mixed[rows, columns] = X[rng.integers(len(X), size=len(rows)), columns]
