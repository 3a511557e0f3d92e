"""Model interface: `fit` returns a classifier that predicts, saves and loads."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

from src.data.layout import ModelInput
from src.models.training import Training
from src.utils.files import write_text

OnEpoch = Callable[[dict[str, float]], object]


class Classifier(Protocol):
    """A fitted model."""

    def predict_proba(self, X: ModelInput) -> np.ndarray:
        """Class probabilities, float32, shape (n, classes), of X in the form that the model was fitted on."""
        ...

    def check(self, X: ModelInput, n_classes: int) -> None:
        """Check that a loaded model reads X, some rows, and tells so many classes apart.

        Raises:
            ValueError: it does not.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write to `folder` everything that `load` needs, without pickle."""
        ...


@dataclass(frozen=True)
class Fitted:
    """Result of a fit.

    Attributes:
        classifier: Fitted model, with the weights of the best epoch on validation.
        seconds: Wall-clock time of the fit alone, without imports, preparation and evaluation.
        epochs: Metrics of each epoch: `epoch` (1-based), `loss`, `accuracy`, `val_loss`, `val_accuracy`, `seconds`.
        facts: Other values for the record of the run, such as the number of weights.
        scores: Metrics of the run that only the fit can compute, by name.
    """

    classifier: Classifier
    seconds: float
    epochs: list[dict[str, float]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)


class Model(Protocol):
    """Unfitted model, built from a file in conf/model; building it does not import Keras.

    Attributes:
        reads_windows: True if X may be Windows and `fit` uses `steps`.
        max_classes: Largest number of classes of a task; None for any number.
    """

    reads_windows: ClassVar[bool]
    max_classes: ClassVar[int | None]

    @property
    def single(self) -> "Model":
        """Model of one member of an ensemble; the model itself if it is no ensemble."""
        ...

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
        codes: Sequence[int] = (),
    ) -> Fitted:
        """Fit on the training part; validation only decides when to stop.

        Args:
            X: Features, float32, shape (n, k), or Windows, shape (n, w, k).
            y: Classes, int32, shape (n,).
            X_val: Features of the validation part.
            y_val: Classes of the validation part.
            n_classes: Number of classes of the task.
            training: Settings of a network's training; classical models do not use them.
            seed: Seed of all random draws.
            on_epoch: Called with the metrics of each epoch.
            steps: Step that each of the k columns belongs to, int64, shape (k,); None makes each column a step.
            attack: Attack type of each row of X, int32 codes, shape (n,).
            codes: Columns of X whose values are codes without an order.
        Raises:
            FloatingPointError: the loss is NaN or infinite; the message names the epoch.
            ValueError: `training` balances attack types and `attack` is None.
        """
        ...


def write_kind(folder: Path, kind: str, **facts: Any) -> None:
    """Write the kind of a saved model, by which `load_classifier` finds the class that reads `folder`."""
    write_text(folder / "model.json", json.dumps({"kind": kind, **facts}, indent=2) + "\n")
