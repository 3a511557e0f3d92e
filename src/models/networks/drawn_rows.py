"""Rows that are drawn anew for each epoch of a fit. Imports Keras: import it late."""

from typing import Any, Protocol

import numpy as np

from src.models.networks.classifier import sequences
from src.models.networks.keras_setup import load_keras

keras = load_keras()


class RowSource(Protocol):
    """Source of training rows."""

    @property
    def rows_per_epoch(self) -> int:
        """Number of rows of an epoch."""
        ...

    def draw(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw the rows of an epoch, counted from 0, and their targets."""
        ...


class DrawnRows(keras.utils.PyDataset):  # type: ignore[name-defined]
    """Batches of the rows of each epoch; the last batch is filled up with rows from the front.

    Args:
        source: Source of the rows.
        batch: Rows in a batch.
    """

    def __init__(self, source: RowSource, batch: int):
        super().__init__(workers=1, use_multiprocessing=False)
        self._source, self._batch, self._epoch = source, batch, 0
        self._rows: tuple[np.ndarray, np.ndarray] | None = None

    def __len__(self) -> int:
        return -(-self._source.rows_per_epoch // self._batch)

    def __getitem__(self, number: int) -> tuple[Any, np.ndarray]:
        if self._rows is None:  # only now, as Keras ends an epoch also after the last one
            self._rows = self._source.draw(self._epoch)
        X, target = self._rows
        some = np.arange(number * self._batch, (number + 1) * self._batch) % len(X)
        return sequences(X[some]), target[some]

    def on_epoch_end(self) -> None:
        """Drop the rows of the epoch."""
        self._epoch, self._rows = self._epoch + 1, None
