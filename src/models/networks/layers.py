"""Layers of our own, for Keras's safe loading: registered by name. Imports Keras: import it late."""

from typing import Any

import numpy as np

from src.models.networks.keras_setup import load_keras

keras = load_keras()


@keras.saving.register_keras_serializable("ids")
class FourierFeatures(keras.layers.Layer):  # type: ignore[name-defined]
    """Each value x of each step of a sequence becomes x, a sin(f x) and a cos(f x) for every frequency f.

    A smooth network finds fine structure late or never (its spectral bias); on sines of high frequency that structure
    is coarse. How much of each scale there is to find is said by the amplitudes a = (1 + f / knee) ** -decay: with
    decay 0 the network fits noise between the records as readily as what they have in common.

    The frequencies start in geometric steps and are trained; the amplitudes stay.

    Args:
        count: Number of frequencies, 1 or more.
        lowest: The first, in radians per unit of x.
        highest: The last.
        knee: Frequency from which on the amplitudes fall.
        decay: How fast they fall, 0 or more.
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
        """Sines and cosines, each of shape (..., count), of inputs of shape (..., 1)."""
        angle = inputs * self.frequencies
        return [self._amplitudes * wave(angle) for wave in (keras.ops.sin, keras.ops.cos)]

    def get_config(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in ("count", "lowest", "highest", "knee", "decay")}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("ids")
class Grouped(keras.layers.Layer):  # type: ignore[name-defined]
    """The k values of a record become steps: each step has those that belong to it in their places, and 0 elsewhere.

    Args:
        steps: The step that each of the k values belongs to, 0 or more.
    Call arguments:
        inputs: float32, shape (batch, k, 1).
    Returns:
        float32, shape (batch, largest step + 1, k).
    """

    def __init__(self, steps: list[int], **kwargs: Any):
        super().__init__(**kwargs)
        self.steps = steps
        self._mask = (np.arange(max(steps) + 1)[:, None] == np.array(steps)).astype(np.float32)

    def call(self, inputs: Any) -> Any:
        return keras.ops.transpose(inputs, (0, 2, 1)) * self._mask

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "steps": list(self.steps)}


@keras.saving.register_keras_serializable("ids")
class WeightOfEvidence(keras.layers.Layer):  # type: ignore[name-defined]
    """Each of the k values of a record becomes the weight of its bin (`src.models.networks.weight_of_evidence`).

    Edges and weights are part of the layer's config: they are not trained. What is no number stays as it is.

    Args:
        edges: Of each of the k values, ascending; a value on an edge is in the bin above it.
        weights: Of each of the k values, one more than edges.
        axis: Where the k values stand: 1, or 2 for a window of records.
    Call arguments:
        inputs: float32, shape (batch, k, 1) or (batch, window, k).
    Returns:
        float32, as the inputs.
    """

    def __init__(self, edges: list[list[float]], weights: list[list[float]], axis: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.edges, self.weights_of_bins, self.axis = edges, weights, axis
        # a row for each of the k values, filled up with edges that no value is above, infinity included
        self._edges = np.full((len(edges), max(1, *map(len, edges))), np.nan, dtype=np.float32)
        for place, some in enumerate(edges):
            self._edges[place, : len(some)] = some
        self._table = np.concatenate([np.array(some, dtype=np.float32) for some in weights])
        self._first = np.cumsum([0, *map(len, weights[:-1])]).astype(np.int32)  # of each of the k values in the table

    def call(self, inputs: Any) -> Any:
        ops = keras.ops
        values = inputs if self.axis == 1 else ops.expand_dims(inputs, -1)
        place = ops.sum(ops.cast(ops.greater_equal(values, self._edges), "int32"), axis=-1)
        recoded = ops.take(self._table, ops.add(place, self._first))
        recoded = ops.expand_dims(recoded, -1) if self.axis == 1 else recoded
        return ops.where(ops.isnan(inputs), inputs, recoded)

    def get_config(self) -> dict[str, Any]:
        edges, weights = (list(map(list, one)) for one in (self.edges, self.weights_of_bins))
        return {**super().get_config(), "edges": edges, "weights": weights, "axis": self.axis}


@keras.saving.register_keras_serializable("ids")
class UnrolledLSTM(keras.layers.LSTM):  # type: ignore[name-defined]
    """`keras.layers.LSTM` with its steps written out: the same weights; without its dropout, masks and first states.

    The products of all inputs with their weights are one product, biases included, and the first step has none with its
    state, which is zero.

    Call arguments:
        sequences: float32, shape (batch, steps, c), of a number of steps that is known and above 1.
    Returns:
        float32, shape (batch, units), or, with `return_sequences`, (batch, steps, units).
    """

    def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        """What Keras calls with its loop over the steps: the last output, those of all steps, and the last state."""
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
