"""Keras layer of the forms of columns (`src.models.networks.column_forms`). Imports Keras: import it late."""

from typing import Any

import numpy as np

from src.models.networks.keras_setup import load_keras

keras = load_keras()


@keras.saving.register_keras_serializable("ids")
class FormsOfColumns(keras.layers.Layer):  # type: ignore[name-defined]
    """Ranks, logarithms and indicators of the columns of a record. They are part of the layer's config, not trained.

    A record with a NaN has NaN in all forms.

    Args:
        ranked, edges, logged, units, coded, codes: See `src.models.networks.column_forms.ColumnForms`.
        axis: Axis of the k values: 1, or 2 for a window of records.
    Call arguments:
        inputs: float32, shape (batch, k, 1) or (batch, window, k).
    Returns:
        float32, shape (batch, forms, 1) or (batch, window, forms).
    """

    def __init__(
        self,
        ranked: list[int],
        edges: list[list[float]],
        logged: list[int],
        units: list[float],
        coded: list[int],
        codes: list[list[float]],
        axis: int,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.ranked, self.edges, self.logged, self.units = ranked, edges, logged, units
        self.coded, self.codes, self.axis = coded, codes, axis
        if not len(ranked) == len(edges) or not len(logged) == len(units) or not len(coded) == len(codes):
            raise ValueError("found columns without edges, unit or codes, expected them for each column of a form")
        # one row for each column, padded to a power of 2 less 1, with which the search halves what is left
        self._halves = [1 << power for power in reversed(range(max(map(len, edges), default=0).bit_length()))]
        self._table = np.full((len(edges), sum(self._halves)), np.inf, dtype=np.float32)
        for row, own in enumerate(edges):
            self._table[row, : len(own)] = own
        self._units = np.array(units, dtype=np.float32)
        self._codes = [np.array(own, dtype=np.float32) for own in codes]

    def call(self, inputs: Any) -> Any:
        ops = keras.ops
        values = ops.squeeze(inputs, -1) if self.axis == 1 else inputs
        forms = [self._ranks(ops.take(values, self.ranked, axis=-1))] if self.ranked else []
        if self.logged:
            numbers = ops.maximum(ops.take(values, self.logged, axis=-1), 0)
            forms.append(ops.log1p(numbers / self._units) / np.log1p(1 / self._units))
        for column, own in zip(self.coded, self._codes, strict=True):
            forms.append(ops.cast(ops.equal(values[..., column, None], own), "float32"))
        everything = ops.concatenate(forms, axis=-1)
        damaged = ops.any(ops.isnan(values), axis=-1, keepdims=True)  # a comparison with NaN is false, not NaN
        everything = ops.where(damaged, np.float32(np.nan), everything)
        return ops.expand_dims(everything, -1) if self.axis == 1 else everything

    def _ranks(self, values: Any) -> Any:
        """Share of the edges of each column that are at most its value, by binary search; 0 without edges."""
        ops = keras.ops
        first = np.arange(len(self.ranked), dtype=np.int32) * self._table.shape[1] - 1
        below = ops.zeros_like(values, dtype="int32")
        for half in self._halves:
            further = below + half
            below = ops.where(values >= ops.take(self._table.ravel(), first + further), further, below)
        n_edges = np.array([len(own) for own in self.edges], dtype=np.int32)
        return ops.cast(ops.minimum(below, n_edges), "float32") / np.maximum(n_edges, 1).astype(np.float32)

    def get_config(self) -> dict[str, Any]:
        names = ("ranked", "edges", "logged", "units", "coded", "codes", "axis")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
