"""Layers of our own, for Keras's safe loading: registered by name. Imports Keras: import it late."""

from typing import Any

import numpy as np

from src.models.framework import load_keras

keras = load_keras()


@keras.saving.register_keras_serializable("ids")
class FourierFeatures(keras.layers.Layer):  # type: ignore[name-defined]
    """Each value x of a sequence becomes x, sin(f x) and cos(f x) for every frequency f.

    A smooth network finds fine structure late or never (its spectral bias); on sines of high frequency that structure
    is coarse. The frequencies start in geometric steps and are trained.

    Args:
        count: Number of frequencies, 1 or more.
        lowest: The first, in radians per unit of x.
        highest: The last.
    Call arguments:
        inputs: float32, shape (batch, k, 1).
    Returns:
        float32, shape (batch, k, 1 + 2 count).
    Reference:
        Tancik et al. 2020, arXiv:2006.10739; Gorishniy et al. 2022, arXiv:2203.05556 (periodic, trained).
    """

    def __init__(self, count: int, lowest: float, highest: float, **kwargs: Any):
        super().__init__(**kwargs)
        self.count, self.lowest, self.highest = count, lowest, highest

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        start = np.geomspace(self.lowest, self.highest, self.count, dtype=np.float32)
        self.frequencies = self.add_weight(
            shape=(self.count,),
            initializer=lambda shape, dtype: keras.ops.convert_to_tensor(start, dtype),
            name="frequencies",
        )

    def call(self, inputs: Any) -> Any:
        angle = inputs * self.frequencies
        return keras.ops.concatenate([inputs, keras.ops.sin(angle), keras.ops.cos(angle)], axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "count": self.count, "lowest": self.lowest, "highest": self.highest}
