"""Trains an epoch of the same network in JAX: one compiled call that scans over the batches and their steps.

    python -m benchmarks.contenders.jax_scan data.npz [BATCH]

Runs in the environment of the peers: NumPy and JAX, without this project.
"""

import sys

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.contenders.turns import serve

UNITS = 64
RATE, DECAY_1, DECAY_2, SMALL = 1e-3, 0.9, 0.999, 1e-7


def logits(weights, X):  # type: ignore[no-untyped-def]
    """Compute logits, shape (batch, 2), of X, float32, shape (batch, k, 1)."""

    def step(state, x):  # type: ignore[no-untyped-def]
        h, c = state
        i, f, g, o = jnp.split(x @ weights["input"] + h @ weights["state"] + weights["bias"], 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    zero = jnp.zeros((X.shape[0], UNITS))
    (h, _), _ = jax.lax.scan(step, (zero, zero), X.transpose(1, 0, 2))
    return h @ weights["classes"] + weights["classes_bias"]


def loss(weights, X, y):  # type: ignore[no-untyped-def]
    """Mean cross-entropy."""
    return -jnp.take_along_axis(jax.nn.log_softmax(logits(weights, X)), y[:, None], axis=1).mean()


def adam(weights, gradient, first, second, time):  # type: ignore[no-untyped-def]
    """Take one step of Kingma & Ba 2015, algorithm 1."""
    tree = jax.tree.map
    first = tree(lambda m, g: DECAY_1 * m + (1 - DECAY_1) * g, first, gradient)
    second = tree(lambda v, g: DECAY_2 * v + (1 - DECAY_2) * g * g, second, gradient)
    rate = RATE * jnp.sqrt(1 - DECAY_2**time) / (1 - DECAY_1**time)
    return tree(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + SMALL), weights, first, second), first, second


def main() -> None:
    """Serve the turns."""
    batch = int(sys.argv[2]) if len(sys.argv) > 2 else 1024
    with np.load(sys.argv[1]) as arrays:
        X, y = jnp.asarray(arrays["X"])[:, :, None], jnp.asarray(arrays["y"])
    draw = np.random.default_rng(0).normal
    shapes = {"input": (1, 4 * UNITS), "state": (UNITS, 4 * UNITS), "bias": (4 * UNITS,), "classes": (UNITS, 2),
              "classes_bias": (2,)}  # fmt: skip
    weights = {name: jnp.asarray(draw(0, 0.1, shape), jnp.float32) for name, shape in shapes.items()}
    zeros = jax.tree.map(jnp.zeros_like, weights)

    def epoch(state, key):  # type: ignore[no-untyped-def]
        def update(state, rows):  # type: ignore[no-untyped-def]
            weights, first, second, time = state
            value, gradient = jax.value_and_grad(loss)(weights, X[rows], y[rows])
            return (*adam(weights, gradient, first, second, time), time + 1), value

        return jax.lax.scan(update, state, jax.random.permutation(key, len(X)).reshape(-1, batch))

    state, key = (weights, zeros, zeros, jnp.float32(1)), jax.random.key(0)
    compiled = jax.jit(epoch).lower(state, key).compile()

    def work() -> None:
        nonlocal state, key
        key, _ = jax.random.split(key)
        state, losses = compiled(state, key)
        losses.block_until_ready()

    serve(work)


if __name__ == "__main__":
    main()
