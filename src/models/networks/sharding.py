"""A batch in shards, which the cores take through the network side by side. Imports Keras: import it late.

TensorFlow would have all cores share each operation. A batch's operations take 5 to 100 microseconds each, less than
cores need to meet, so that two of them are hardly faster than one. Shards do not meet before their gradients are added.
"""

from typing import Any

from src.models.networks.keras_setup import load_keras, on_tensorflow_cpu

keras = load_keras()

# Fewer rows a shard would occupy more cores, and cost two of them a tenth. A batch that has less is cut in two all the
# same, down to shards that take no longer than what is between them.
SHARD, SMALLEST = 512, 64


class Sharded(keras.Model):  # type: ignore[name-defined]
    """A network whose batches go through it in shards: the same logits, and gradients that are summed by shard.

    In how many is a matter of the batch, never of the machine, so that the same seed gives the same weights on any
    number of cores.

    Args:
        network: From float32, shape (batch, ...), to logits, float32, shape (batch, members, classes).
        shards: In how many; a training batch is a multiple of it.
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
    """The network for batches of so many rows; as it is where shards gain nothing: for few rows, or on a GPU."""
    wanted = max(batch // SHARD, 2 if batch >= 2 * SMALLEST else 1)
    shards = next(number for number in range(wanted, 0, -1) if batch % number == 0)
    return Sharded(network, shards) if shards > 1 and on_tensorflow_cpu() else network
