"""Keras layers of this project, registered for safe loading. Imports Keras: import it late."""

from typing import Any

import numpy as np

from src.models.networks.keras_setup import load_keras

keras = load_keras()

MOST_STEPS = 64  # a layout has up to five


@keras.saving.register_keras_serializable("ids")
class FourierFeatures(keras.layers.Layer):  # type: ignore[name-defined]
    """Fourier features: each value x of each step becomes x, a sin(f x) and a cos(f x) for every frequency f.

    A network learns fine structure late or never (its spectral bias). As a function of sines of high frequency, that
    structure is coarse. The amplitudes a = (1 + f / knee) ** -decay set how much of each scale the network sees. With
    decay 0 it fits noise between the records as easily as what they have in common.

    The frequencies start in geometric steps and are trained; the amplitudes are constant.

    Args:
        count: Number of frequencies, 1 or more.
        lowest: First frequency, in radians per unit of x.
        highest: Last frequency, in the same unit.
        knee: Frequency above which the amplitudes fall.
        decay: Exponent of that fall, 0 or more.
    Call arguments:
        inputs: float32, shape (batch, steps, c).
    Returns:
        float32, shape (batch, steps, c (1 + 2 count)): the c values, then all sines, then all cosines.
    Reference:
        Tancik et al. 2020, arXiv:2006.10739 (decaying amplitudes in its section 4); Gorishniy et al. 2022,
        arXiv:2203.05556 (periodic embeddings, trained).
    """

    def __init__(self, count: int, lowest: float, highest: float, knee: float, decay: float, **kwargs: Any):
        super().__init__(**kwargs)
        self.count, self.lowest, self.highest, self.knee, self.decay = count, lowest, highest, knee, decay
        self._start = np.geomspace(lowest, highest, count).astype(np.float32)
        self._amplitudes = ((1 + self._start / knee) ** -decay).astype(np.float32)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.frequencies = self.add_weight(
            shape=(self.count,),
            initializer=lambda shape, dtype: keras.ops.convert_to_tensor(self._start, dtype),
            name="frequencies",
        )

    def call(self, inputs: Any) -> Any:
        if inputs.shape[-1] == 1:
            waves = self._waves(inputs)
        else:
            flat = (-1, inputs.shape[1], inputs.shape[2] * self.count)
            waves = [keras.ops.reshape(wave, flat) for wave in self._waves(keras.ops.expand_dims(inputs, -1))]
        return keras.ops.concatenate([inputs, *waves], axis=-1)

    def _waves(self, inputs: Any) -> list[Any]:
        """Compute the sines and the cosines, shape (..., count) each, of inputs of shape (..., 1)."""
        angle = inputs * self.frequencies
        return [self._amplitudes * wave(angle) for wave in (keras.ops.sin, keras.ops.cos)]

    def get_config(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in ("count", "lowest", "highest", "knee", "decay")}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("ids")
class Grouped(keras.layers.Layer):  # type: ignore[name-defined]
    """Steps from the k values of a record: each step has its own values in their columns, and 0 in all others.

    Args:
        steps: Step that each of the k values belongs to, 0 or more.
    Call arguments:
        inputs: float32, shape (batch, k, 1).
    Returns:
        float32, shape (batch, largest step + 1, k).
    """

    def __init__(self, steps: list[int], **kwargs: Any):
        super().__init__(**kwargs)
        if not 0 <= min(steps) <= max(steps) < MOST_STEPS:
            raise ValueError(f"found steps from {min(steps)} to {max(steps)}, expected 0 to {MOST_STEPS - 1}")
        self.steps = steps
        self._mask = (np.arange(max(steps) + 1)[:, None] == np.array(steps)).astype(np.float32)

    def call(self, inputs: Any) -> Any:
        return keras.ops.transpose(inputs, (0, 2, 1)) * self._mask

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "steps": list(self.steps)}


@keras.saving.register_keras_serializable("ids")
class WeightOfEvidence(keras.layers.Layer):  # type: ignore[name-defined]
    """Recoding of each of the k values of a record to the weight of its bin.

    The weights are fitted by `src.models.networks.weight_of_evidence`. Edges and weights are part of the layer's
    config: they are not trained. NaN stays NaN.

    Args:
        edges: Ascending edges of the bins of each of the k values; a value on an edge is in the bin above it.
        weights: Weights of the bins of each of the k values, one more than edges.
        axis: Axis of the k values: 1, or 2 for a window of records.
    Call arguments:
        inputs: float32, shape (batch, k, 1) or (batch, window, k).
    Returns:
        float32, in the shape of the inputs.
    """

    def __init__(self, edges: list[list[float]], weights: list[list[float]], axis: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.edges, self.weights_of_bins, self.axis = edges, weights, axis
        # one row for each of the k values, padded with NaN, which no value is greater than or equal to
        self._edges = np.full((len(edges), max(1, *map(len, edges))), np.nan, dtype=np.float32)
        for column, own in enumerate(edges):
            self._edges[column, : len(own)] = own
        self._table = np.concatenate([np.array(own, dtype=np.float32) for own in weights])
        self._first = np.cumsum([0, *map(len, weights[:-1])]).astype(np.int32)  # first entry of each value in the table

    def call(self, inputs: Any) -> Any:
        ops = keras.ops
        values = inputs if self.axis == 1 else ops.expand_dims(inputs, -1)
        bins = ops.sum(ops.cast(ops.greater_equal(values, self._edges), "int32"), axis=-1)
        recoded = ops.take(self._table, ops.add(bins, self._first))
        recoded = ops.expand_dims(recoded, -1) if self.axis == 1 else recoded
        return ops.where(ops.isnan(inputs), inputs, recoded)

    def get_config(self) -> dict[str, Any]:
        edges, weights = (list(map(list, one)) for one in (self.edges, self.weights_of_bins))
        return {**super().get_config(), "edges": edges, "weights": weights, "axis": self.axis}


@keras.saving.register_keras_serializable("ids")
class UnrolledLSTM(keras.layers.LSTM):  # type: ignore[name-defined]
    """Unrolled `keras.layers.LSTM`: the same weights, without dropout, masks and initial states.

    One matrix product covers the inputs of all steps, biases included. The first step skips the product with the
    state, which is zero.

    Call arguments:
        sequences: float32, shape (batch, steps, c), with a known number of steps above 1.
    Returns:
        float32, shape (batch, units), or, with `return_sequences`, (batch, steps, units).
    """

    def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        """Compute the last output, the outputs of all steps and the last state, in place of Keras's loop."""
        ops = keras.ops
        steps, channels = sequences.shape[1:]
        inputs = ops.reshape(ops.transpose(sequences, (1, 0, 2)), (-1, channels))
        inputs = ops.concatenate([inputs, ops.ones_like(inputs[:, :1])], axis=1)
        weights = ops.concatenate([self.cell.kernel, self.cell.bias[None]])
        gates = ops.unstack(ops.reshape(ops.matmul(inputs, weights), (steps, -1, 4 * self.units)), steps)
        h = c = None
        outputs = []
        for z in reversed(gates) if self.go_backwards else gates:
            if h is not None:
                z += ops.matmul(h, self.cell.recurrent_kernel)
            i, f, g, o = ops.split(z, 4, axis=1)
            new = self.recurrent_activation(i) * self.activation(g)
            c = new if c is None else self.recurrent_activation(f) * c + new
            h = self.recurrent_activation(o) * self.activation(c)
            outputs.append(h)
        return h, ops.stack(outputs, axis=1), [h, c]
