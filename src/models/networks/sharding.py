"""Sharding: each core runs a part of the batch through the network. Imports Keras: import it late.

By default TensorFlow splits each operation between the cores. An operation on a batch takes 5 to 100 microseconds, less
than the cores need to synchronize, so two cores are hardly faster than one. Shards synchronize once, to add gradients.
"""

from typing import Any

from src.models.networks.keras_setup import load_keras, on_tensorflow_cpu

keras = load_keras()

# Rows in a shard. Smaller shards would use more cores, and make two cores a tenth slower. A batch below 2 * SHARD is
# still cut in two, down to shards of SMALLEST rows, where the computation takes as long as the overhead.
SHARD, SMALLEST = 512, 64


class Sharded(keras.Model):  # type: ignore[name-defined]
    """Network that computes each batch in shards: the same logits, with gradients summed over the shards.

    The number of shards depends on the batch, never on the machine. So the same seed gives the same weights on any
    number of cores.

    Args:
        network: Keras model: float32, shape (batch, ...), to logits, float32, shape (batch, members, classes).
        shards: Number of shards; it divides the size of a training batch.
    """

    def __init__(self, network: Any, shards: int):
        super().__init__()
        self.network, self.shards = network, shards

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        ops = keras.ops
        rows = ops.shape(inputs)[0]
        if not training:  # the last batch of a set may have any size
            inputs = ops.concatenate([inputs, ops.repeat(inputs[:1], -rows % self.shards, axis=0)])
        logits = ops.concatenate([self.network(shard, training=training) for shard in ops.split(inputs, self.shards)])
        return logits if training else logits[:rows]


def sharded(network: Any, batch: int) -> Any:
    """Wrap a network for batches of so many rows; unchanged for few rows and on a GPU, where shards save no time."""
    wanted = max(batch // SHARD, 2 if batch >= 2 * SMALLEST else 1)
    shards = next(number for number in range(wanted, 0, -1) if batch % number == 0)
    return Sharded(network, shards) if shards > 1 and on_tensorflow_cpu() else network
