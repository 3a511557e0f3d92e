"""Deep belief network: layers pre-trained one after the other as restricted Boltzmann machines, without classes."""

from typing import Any

import numpy as np
from pydantic.dataclasses import dataclass
from sklearn.neural_network import BernoulliRBM

from src.models.networks.keras_setup import load_keras
from src.models.networks.pretrained import Pretrained
from src.utils.validation import CHECKED, Count


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class DeepBelief(Pretrained):
    """Feed-forward network that starts from the weights of stacked restricted Boltzmann machines.

    A machine has visible values v and hidden values h, all 0 or 1, and the energy -v W h - a v - b h. So
    P(h_j = 1 | v) = sigmoid(v W + b)_j and P(v_i = 1 | h) = sigmoid(W h + a)_i. The first machine is trained on the
    records, each other machine on the probabilities of the one below. Then h[0] = x, h[l] = sigmoid(h[l-1] W_l + b_l);
    the head reads the last layer, and all layers are trained on the classes.

    Departs from the source in two ways. Values of a record between 0 and 1 are taken as probabilities; the source has
    the bits of a packet. The machines are scikit-learn's, trained by persistent contrastive divergence (Tieleman 2008,
    doi:10.1145/1390156.1390290); Hinton starts each chain at the data.

    Attributes:
        layers: Number of stacked machines.
        units: Number of hidden values of each machine.
    Reference:
        Kang & Kang 2016, doi:10.1371/journal.pone.0155781; Hinton, Osindero & Teh 2006,
        doi:10.1162/neco.2006.18.7.1527.
    """

    layers: Count
    units: Count

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
        """Build the layers: float32, shape (batch, steps, c), to (batch, units)."""
        layers = load_keras().layers
        hidden = layers.Flatten()(inputs)
        for _ in range(self.layers):
            hidden = layers.Dense(self.units, "sigmoid")(hidden)
        return hidden
