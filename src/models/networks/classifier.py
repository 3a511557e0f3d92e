"""Fitted network: scoring, saving and loading."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import softmax

from src.data.layout import ModelInput, Windows
from src.models.dedup import distinct
from src.models.interface import write_kind
from src.models.networks.keras_setup import cores_for_calls
from src.utils.files import whole_file
from src.utils.repeatable_archives import make_repeatable

# Records or windows in a batch: its hidden values then fit in the processor's cache.
SCORING_BATCH = 2048


def sequences(X: ModelInput) -> np.ndarray:
    """Arrange a model's input as steps, float32: shape (n, k, 1) for records, (n, w, k) for windows."""
    return np.asarray(X) if isinstance(X, Windows) else X[:, :, None]


class NetworkClassifier:
    """Fitted network."""

    def __init__(self, network: Any):
        self._network = network
        # Frees the optimizer and the training step. Without XLA, which takes longer to compile than scoring takes.
        self._network.compile(jit_compile=False)

    def predict_proba(self, X: ModelInput) -> np.ndarray:
        """Class probabilities, float32, shape (n, classes), of X, float32, shape (n, k), or Windows, shape (n, w, k).

        Each distinct row is scored once: 70 % of the records of KDD99 are duplicates.
        """
        first, row, _ = distinct(X)
        return self._score(X[first])[row]

    def _score(self, X: ModelInput) -> np.ndarray:
        logits = np.empty((len(X), *self._network.output_shape[1:]), dtype=np.float32)

        def score(start: int) -> None:
            batch = slice(start, start + SCORING_BATCH)
            logits[batch] = self._network.predict_on_batch(sequences(X[batch]))

        starts = range(0, len(X), SCORING_BATCH)
        for start in starts[:1]:  # the first call builds the function that the threads share
            score(start)
        with ThreadPoolExecutor(cores_for_calls()) as threads:
            list(threads.map(score, starts[1:]))
        mean: np.ndarray = softmax(logits, axis=-1).mean(axis=1)
        return mean

    def save(self, folder: Path) -> None:
        """Write the network to `network.keras`."""
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(folder / "network.keras") as part:
            named = part.with_suffix(".keras")  # Keras requires this suffix
            self._network.save(named)
            named.replace(part)
            make_repeatable(part)
        write_kind(folder, "network")

    def check(self, X: ModelInput, n_classes: int) -> None:
        """See `src.models.interface.Classifier.check`."""
        found, expected = self._network.input_shape[1:], sequences(X).shape[1:]
        if found != expected:
            raise ValueError(f"found a network that reads {found}, expected {expected}, steps and values of each")
        if self._network.output_shape[2] != n_classes:
            raise ValueError(f"found a network of {self._network.output_shape[2]} classes, expected {n_classes}")

    @classmethod
    def load(cls, folder: Path) -> "NetworkClassifier":
        """Load what `save` wrote, in safe mode: no code in the file is run."""
        from src.models.networks.saved_network import load_network

        return cls(load_network(folder / "network.keras"))
