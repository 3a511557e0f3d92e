"""What all networks share: what becomes of the input, and members that judge together."""

import time
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from src.data.layout import ModelInput, Windows
from src.models.dedup import merge_copies
from src.models.interface import Fitted, OnEpoch
from src.models.networks.classifier import NetworkClassifier
from src.models.networks.fit import fit_network
from src.models.networks.fourier import Fourier
from src.models.networks.keras_setup import load_keras
from src.models.networks.training_rows import trained_rows
from src.models.networks.weight_of_evidence import Evidence
from src.models.training import Training
from src.utils.validation import CHECKED, Positive

# An input that varies by less, against the largest one, is constant but for float32's rounding: principal components
# without variance reach 1e-6, the columns of KDD99 scaled to [0, 1] stay above 1e-4. Blown up to `input_scale`, the
# rounding would drown all else as soon as a record does not have the constant.
ROUNDING = 1e-5


@dataclass(frozen=True, config=CHECKED)
class Network(ABC):
    """A network over a record's k values as a sequence, shape (n, k, 1), or over windows of records, shape (n, w, k).

    Attributes:
        members: Networks side by side that judge together, see `src.models.networks.ensemble`.
        standardize: Each of the k inputs is standardized on the training part; false leaves it as it is, so that an
            indicator that is rare in training is not blown up where it is set.
        input_scale: What the inputs are multiplied by then: the standard deviation the network sees.
        fourier: Sines and cosines of the inputs that the network also sees.
    """

    reads_windows: ClassVar[bool] = True
    max_classes: ClassVar[int | None] = None

    members: Annotated[int, Field(ge=1)]
    standardize: bool
    input_scale: Positive
    fourier: Fourier

    @property
    def single(self) -> "Network":
        """One of the members."""
        return replace(self, members=1)

    @abstractmethod
    def body(self, inputs: Any) -> Any:
        """Keras layers from inputs, float32, shape (batch, steps, c), to what the classes are read from, (batch, d)."""

    def recoding(self, X: np.ndarray, y: np.ndarray) -> Evidence | None:
        """What the inputs become before all else, fitted on the training part; None leaves them as they are.

        Args:
            X: float32, shape (n, k).
            y: int32, shape (n,); 0 is normal.
        """
        return None

    def pretrained(self, inputs: Any, seen: Any, X: ModelInput, rng: np.random.Generator) -> list[np.ndarray]:
        """What the first weights of a body start as, learned without classes; none: all of them as they are drawn.

        Args:
            inputs: The network's input, a Keras tensor.
            seen: What the body reads, of the same network.
            X: The training part.
            rng: Of the body's member.
        """
        return []

    def build(
        self,
        mean: np.ndarray,
        deviation: np.ndarray,
        n_classes: int,
        window: int | None = None,
        *,
        steps: np.ndarray | None = None,
        noise: float = 0.0,
        evidence: Evidence | None = None,
        unlabelled: ModelInput | None = None,
        seed: int = 0,
    ) -> Any:
        """The Keras model: float32, shape (batch, k, 1), to logits, float32, shape (batch, members, n_classes).

        Args:
            mean: Of each input, recoded where it is, on the training part, shape (k,).
            deviation: Its standard deviation, shape (k,); where it is nothing but rounding the input is only centred.
            window: Records in a window: the model takes shape (batch, window, k).
            steps: The step that each input belongs to, int64, shape (k,); None: each its own.
            noise: Standard deviation of what training adds to the scaled inputs.
            evidence: What the inputs are recoded to before they are scaled; None: they are not.
            unlabelled: The training part, for bodies that are pre-trained; None: they start as they are drawn.
            seed: Of the pre-training.
        """
        keras = load_keras()
        if not self.standardize:
            mean, deviation = np.zeros_like(mean), np.ones_like(deviation)
        variance = np.where(is_constant(mean, deviation), 1.0, (deviation / self.input_scale) ** 2)
        k = len(mean)
        inputs = keras.Input((k, 1) if window is None else (window, k))
        axis = 1 if window is None else 2
        seen = inputs
        if evidence is not None:
            from src.models.networks.layers import WeightOfEvidence

            seen = WeightOfEvidence(evidence.edges, evidence.weights, axis)(inputs)
        scaled = keras.layers.Normalization(axis=axis, mean=mean, variance=variance)(seen)
        if noise:
            scaled = keras.layers.GaussianNoise(noise)(scaled)
        if steps is not None:
            from src.models.networks.layers import Grouped

            scaled = Grouped(steps.tolist())(scaled)
        judged = []
        for member in range(self.members):
            head = keras.layers.Dense(n_classes)  # before the body: weights are drawn in the order of the layers
            seen = self.fourier.expand(scaled, member, self.members)
            read = self.body(seen)
            rng = np.random.default_rng([seed, member])
            start = [] if unlabelled is None else self.pretrained(inputs, seen, unlabelled, rng)
            if start:
                body = keras.Model(seen, read)
                body.set_weights([*start, *body.get_weights()[len(start) :]])
            judged.append(keras.layers.Reshape((1, n_classes))(head(read)))
        return keras.Model(inputs, keras.layers.Concatenate(axis=1)(judged) if len(judged) > 1 else judged[0])

    def fit(
        self,
        X: ModelInput,
        y: np.ndarray,
        X_val: ModelInput,
        y_val: np.ndarray,
        *,
        n_classes: int,
        training: Training,
        seed: int,
        on_epoch: OnEpoch = lambda epoch: None,
        steps: np.ndarray | None = None,
        attack: np.ndarray | None = None,
    ) -> Fitted:
        """See `src.models.interface.Model.fit`."""
        keras = load_keras()
        keras.backend.clear_session()
        keras.utils.set_random_seed(seed)
        start = time.perf_counter()
        records, window = (X.newest, X.window) if isinstance(X, Windows) else (X, None)
        evidence = self.recoding(records, y)
        seen = records if evidence is None else evidence.recode(records)
        mean, deviation = seen.mean(axis=0, dtype=np.float64), seen.std(axis=0, dtype=np.float64)
        network = self.build(mean, deviation, n_classes, window, steps=steps, noise=training.noise, evidence=evidence,
                             unlabelled=X, seed=seed)  # fmt: skip
        rows = trained_rows(X, y, training, seed, attack=attack, steps=steps)
        epochs = fit_network(network, rows, merge_copies(X_val, y_val, len(X_val)), training, on_epoch)
        seconds = time.perf_counter() - start
        facts = {"rows_per_epoch": len(rows[0]), "network_parameters": network.count_params()}
        facts["backend"] = keras.backend.backend()
        return Fitted(NetworkClassifier(network), seconds, epochs, facts)


def is_constant(mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Which inputs do not vary but for rounding: bool, shape (k,), of the mean and deviation of each, shape (k,)."""
    constant: np.ndarray = deviation <= ROUNDING * np.max(np.abs(mean) + deviation)
    return constant
