"""Recurrent cells for `keras.layers.RNN`, registered for safe loading. Imports Keras: import it late."""

from typing import Any

from src.models.networks.keras_setup import load_keras

keras = load_keras()


class _Cell(keras.layers.LSTMCell):  # type: ignore[name-defined]
    """Weights and states of an LSTM cell; `units` is the only option, as the equations here use no other.

    Attributes:
        kernel: W, shape (c, 4 units), for i, f, g, o side by side.
        recurrent_kernel: U, shape (units, 4 units).
        bias: b, shape (4 units,): before training 1 for f and 0 for i, g and o.
    """

    def __init__(self, units: int, *, name: str | None = None, dtype: Any = None, trainable: bool = True):
        super().__init__(units, name=name, dtype=dtype, trainable=trainable)

    def _sums(self, inputs: Any, recurrent: Any) -> list[Any]:
        """Compute W x + U r + b for i, f, g and o, shape (batch, units) each; r has shape (batch, units)."""
        ops = keras.ops
        z = ops.matmul(inputs, self.kernel) + ops.matmul(recurrent, self.recurrent_kernel) + self.bias
        return list(ops.split(z, 4, axis=1))

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {key: config[key] for key in ("units", "name", "dtype", "trainable")}


@keras.saving.register_keras_serializable("ids")
class PeepholeLSTMCell(_Cell):
    """LSTM cell with peepholes: the gates of each unit also read its cell state, with weights p of shape (units,).

    i[t] = sigmoid(W_i x[t] + U_i h[t-1] + p_i * c[t-1] + b_i); f[t] likewise, with p_f;
    c[t] = f[t] * c[t-1] + i[t] * tanh(W_g x[t] + U_g h[t-1] + b_g);
    o[t] = sigmoid(W_o x[t] + U_o h[t-1] + p_o * c[t] + b_o); h[t] = o[t] * tanh(c[t]).

    Departs from the source in three ways. The output takes tanh of c. Gradients pass through all steps and peepholes;
    the source cuts them off at the gates. Peepholes start at 0, so the cell starts as a plain LSTM.

    Args:
        units: Width of the states.
    Call arguments:
        inputs: x[t], float32, shape (batch, c).
        states: h[t-1] and c[t-1], float32, shape (batch, units).
    Returns:
        h[t], and the list of h[t] and c[t].
    Reference:
        Gers & Schmidhuber 2000, doi:10.1109/IJCNN.2000.861302; Gers et al. 2002, JMLR 3:115.
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self.peepholes = self.add_weight(shape=(3, self.units), initializer="zeros", name="peepholes")  # i, f, o

    def call(self, inputs: Any, states: list[Any], training: bool = False) -> tuple[Any, list[Any]]:
        ops = keras.ops
        hidden, carry = states
        z_i, z_f, z_g, z_o = self._sums(inputs, hidden)
        p_i, p_f, p_o = ops.split(self.peepholes, 3, axis=0)
        carry = ops.sigmoid(z_f + p_f * carry) * carry + ops.sigmoid(z_i + p_i * carry) * ops.tanh(z_g)
        hidden = ops.sigmoid(z_o + p_o * carry) * ops.tanh(carry)
        return hidden, [hidden, carry]


@keras.saving.register_keras_serializable("ids")
class MultiplicativeLSTMCell(_Cell):
    """Multiplicative LSTM cell: the recurrent weights depend on the input, through an intermediate state m.

    m[t] = (W_mx x[t]) * (W_mh h[t-1]); the rest is an LSTM with m[t] in place of h[t-1]:
    i[t] = sigmoid(W_i x[t] + U_i m[t] + b_i), f[t] and o[t] likewise; g[t] = tanh(W_g x[t] + U_g m[t] + b_g);
    c[t] = f[t] * c[t-1] + i[t] * g[t]; h[t] = o[t] * tanh(c[t]).

    h[t] is that of a standard LSTM; some code that follows the source has tanh(o[t] * c[t]). There is no weight
    normalization and no dropout within the cell.

    Args:
        units: Width of the states, and of m.
    Call arguments:
        inputs: x[t], float32, shape (batch, c).
        states: h[t-1] and c[t-1], float32, shape (batch, units).
    Returns:
        h[t], and the list of h[t] and c[t].
    Reference:
        Krause et al. 2016, arXiv:1609.07959.
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self.input_factor = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="glorot_uniform", name="input_factor"
        )
        self.recurrent_factor = self.add_weight(
            shape=(self.units, self.units), initializer="orthogonal", name="recurrent_factor"
        )

    def call(self, inputs: Any, states: list[Any], training: bool = False) -> tuple[Any, list[Any]]:
        ops = keras.ops
        hidden, carry = states
        intermediate = ops.matmul(inputs, self.input_factor) * ops.matmul(hidden, self.recurrent_factor)
        z_i, z_f, z_g, z_o = self._sums(inputs, intermediate)
        carry = ops.sigmoid(z_f) * carry + ops.sigmoid(z_i) * ops.tanh(z_g)
        hidden = ops.sigmoid(z_o) * ops.tanh(carry)
        return hidden, [hidden, carry]
