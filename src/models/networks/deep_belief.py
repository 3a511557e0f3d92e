"""A deep belief network: layers that learn without classes, one on what the other has learned."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass
from sklearn.neural_network import BernoulliRBM

from src.models.networks.keras_setup import load_keras
from src.models.networks.pretrained import Pretrained
from src.utils.validation import CHECKED


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class DeepBelief(Pretrained):
    """A stack of restricted Boltzmann machines, whose weights a feed-forward network starts from.

    A machine of visible v and hidden h, both of 0 and 1, has the energy -v W h - a v - b h, so that
    P(h_j = 1 | v) = sigmoid(v W + b)_j and P(v_i = 1 | h) = sigmoid(W h + a)_i. The first is trained on the records,
    each other on the probabilities of the one below it. Then h[0] = x, h[l] = sigmoid(h[l-1] W_l + b_l), the classes
    are read from the last, and all layers are trained.

    Departs from the source in these: values of a record between 0 and 1 are taken for probabilities, where the source
    has the bits of a packet; the machines are scikit-learn's, of persistent contrastive divergence (Tieleman 2008,
    doi:10.1145/1390156.1390290), where Hinton's have a chain that starts at the data each time.

    Attributes:
        layers: Machines, one on top of the other.
        units: Hidden values of each.
    Reference:
        Kang & Kang 2016, doi:10.1371/journal.pone.0155781; Hinton, Osindero & Teh 2006,
        doi:10.1162/neco.2006.18.7.1527.
    """

    layers: Annotated[int, Field(ge=1)]
    units: Annotated[int, Field(ge=1)]

    def learn(self, X: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        weights = []
        for _ in range(self.layers):
            machine = BernoulliRBM(
                self.units,
                learning_rate=self.pretraining_rate,
                batch_size=min(self.pretraining_batch, len(X)),
                n_iter=self.pretraining_epochs,
                random_state=int(rng.integers(2**32)),
            ).fit(X)
            weights += [machine.components_.T, machine.intercept_hidden_]
            X = machine.transform(X)
        return weights

    def body(self, inputs: Any) -> Any:
        """float32, shape (batch, steps, c), to (batch, units)."""
        layers = load_keras().layers
        hidden = layers.Flatten()(inputs)
        for _ in range(self.layers):
            hidden = layers.Dense(self.units, "sigmoid")(hidden)
        return hidden
