"""A fitted network: how it scores, and how it is kept."""

import importlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import softmax

from src.data.layout import ModelInput, Windows
from src.models.dedup import distinct
from src.models.interface import write_kind
from src.models.networks.keras_setup import cores_for_calls, load_keras
from src.utils.files import whole_file

# Records, or windows: what a batch leaves on its way through the network then stays in the processor's cache.
SCORING_BATCH = 2048


def sequences(X: ModelInput) -> np.ndarray:
    """The steps that a network reads, float32: shape (n, k, 1) of records, (n, w, k) of windows."""
    return np.asarray(X) if isinstance(X, Windows) else X[:, :, None]


class NetworkClassifier:
    """A fitted network."""

    def __init__(self, network: Any):
        self._network = network
        # For scoring: drops optimizer state and the step of the fit. XLA would take longer to compile than to score.
        self._network.compile(jit_compile=False)

    def predict_proba(self, X: ModelInput) -> np.ndarray:
        """Class probabilities, float32, shape (n, classes), of X, float32, shape (n, k), or Windows, shape (n, w, k).

        Each distinct row is scored once: 70 % of KDD99's records are copies.
        """
        first, row, _ = distinct(X)
        return self._score(X[first])[row]

    def _score(self, X: ModelInput) -> np.ndarray:
        logits = np.empty((len(X), *self._network.output_shape[1:]), dtype=np.float32)

        def score(start: int) -> None:
            some = slice(start, start + SCORING_BATCH)
            logits[some] = self._network.predict_on_batch(sequences(X[some]))

        starts = range(0, len(X), SCORING_BATCH)
        for start in starts[:1]:  # the first call builds what the others use
            score(start)
        with ThreadPoolExecutor(cores_for_calls()) as threads:
            list(threads.map(score, starts[1:]))
        mean: np.ndarray = softmax(logits, axis=-1).mean(axis=1)
        return mean

    def save(self, folder: Path) -> None:
        """Keep the network as `network.keras`."""
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(folder / "network.keras") as part:
            named = part.with_suffix(".keras")  # Keras looks at the ending
            self._network.save(named)
            named.replace(part)
        write_kind(folder, "network")

    @classmethod
    def load(cls, folder: Path) -> "NetworkClassifier":
        """Read back what `save` kept, in safe mode: no code in the file is run."""
        for module in ("src.models.networks.layers", "src.models.networks.cells"):
            importlib.import_module(module)  # registers what is in it
        return cls(load_keras().saving.load_model(folder / "network.keras", safe_mode=True, compile=False))
