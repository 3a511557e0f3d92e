"""What a model is: a recipe that `fit` turns into a classifier, which can be asked, kept and read back."""

import json
from collections.abc import Callable
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
        """Class probabilities, float32, shape (n, classes), of X as the model was fitted on."""
        ...

    def save(self, folder: Path) -> None:
        """Keep everything `load` needs in `folder`, pickle-free."""
        ...


@dataclass(frozen=True)
class Fitted:
    """Outcome of a fit.

    Attributes:
        classifier: With the weights of the best epoch on validation.
        seconds: Wall-clock time of the fit alone: no import, no preparation, no evaluation.
        epochs: One mapping an epoch: `epoch` (1-based), `loss`, `accuracy`, `val_loss`, `val_accuracy`, `seconds`.
        facts: What else is worth a line in the run's record, such as the number of weights.
    """

    classifier: Classifier
    seconds: float
    epochs: list[dict[str, float]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


class Model(Protocol):
    """A recipe: what a file in conf/model builds. Making one imports no framework.

    Attributes:
        reads_windows: X may be Windows, and `steps` is heeded.
        max_classes: Of a task; None: any number.
    """

    reads_windows: ClassVar[bool]
    max_classes: ClassVar[int | None]

    @property
    def single(self) -> "Model":
        """The recipe of one member of a ensemble; itself where there is none."""
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
    ) -> Fitted:
        """Fit on X, float32, shape (n, k), or Windows, shape (n, w, k), and y, int32, shape (n,).

        Validation may only stop the fit.

        Args:
            steps: The step each of the k columns of a record belongs to, int64, shape (k,); None: each its own.
            attack: Attack type of each row of X, int32 codes, shape (n,).
        Raises:
            FloatingPointError: the loss is no longer a number; names the epoch.
            ValueError: attack types are to be balanced, and there are none.
        """
        ...


def write_kind(folder: Path, kind: str, **facts: Any) -> None:
    """Note which class can read `folder`."""
    write_text(folder / "model.json", json.dumps({"kind": kind, **facts}, indent=2) + "\n")
