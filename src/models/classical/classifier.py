"""Base classes of the classical models, and the fitted classical model."""

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import skops.io
from sklearn.base import BaseEstimator, ClassifierMixin

from src.data.layout import ModelInput
from src.models.dedup import distinct
from src.models.interface import Fitted, OnEpoch, write_kind
from src.models.probabilities import check_probability
from src.models.training import Training
from src.utils.archives import AGAIN
from src.utils.files import whole_file
from src.utils.messages import first_line
from src.utils.repeatable_archives import make_repeatable
from src.utils.skops_files import load_object

# Records that are scored at once: some models compute thousands of numbers for each record.
SCORED = 16_384
# Types that a saved estimator may hold beside scikit-learn's public classes; a file with any other type is refused.
TRUSTED = [
    "sklearn.tree._tree.Tree",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "src.models.classical.autoencoder_ensemble.ErrorDetector",
    "src.models.classical.clusters.ClusterShares",
    "src.models.classical.extreme_learning.RandomHidden",
    "src.models.classical.forest_importance.ImportantFeatures",
    "src.models.classical.rotation_forest.RotationForest",
    "src.models.classical.support_vectors.KernelMachine",
    "src.models.classical.support_vectors.LinearMachine",
]


class Probable(ClassifierMixin, BaseEstimator):
    """Base class of this project's estimators: `fit` sets `classes_`, and `predict` uses `predict_proba`."""

    def predict(self, X: Any) -> np.ndarray:
        """Most probable class of each row of X, shape (n, d): shape (n,)."""
        most = self.predict_proba(X).argmax(axis=1)
        found: np.ndarray = self.classes_[most]
        return found


class Classical(ABC):
    """Model that fits an estimator with scikit-learn's interface."""

    reads_windows: ClassVar[bool] = False
    max_classes: ClassVar[int | None] = None

    @property
    def single(self) -> "Classical":
        """The model itself, which is no ensemble of networks."""
        return self

    @abstractmethod
    def make_estimator(self, seed: int) -> ClassifierMixin:
        """Make the unfitted estimator."""

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
        """Fit as `src.models.interface.Model.fit` says; only X, y, `n_classes` and `seed` are used."""
        start = time.perf_counter()
        estimator: Any = self.make_estimator(seed).fit(X, y)
        seconds = time.perf_counter() - start
        return Fitted(ClassicalClassifier(estimator, n_classes), seconds)


class ClassicalClassifier:
    """Fitted classical model."""

    def __init__(self, estimator: Any, n_classes: int):
        self._estimator = estimator
        self._n_classes = n_classes

    def predict_proba(self, X: ModelInput) -> np.ndarray:
        """Class probabilities, float32, shape (n, classes), of X, float32, shape (n, k); duplicates are scored once."""
        first, row, _ = distinct(X)
        rows, probability = X[first], np.zeros((len(first), self._n_classes), dtype=np.float32)
        for start in range(0, len(first), SCORED):
            some = slice(start, start + SCORED)
            probability[some, self._estimator.classes_] = self._estimator.predict_proba(rows[some])
        return probability[row]

    def on_one_core(self) -> "ClassicalClassifier":
        """Return the model with the cores of an estimator limited to one.

        On several cores a forest adds the probabilities of its trees in the order in which they are done, so the last
        bit of a sum varies.
        """
        one_core = copy(self._estimator)
        if "n_jobs" in one_core.get_params(deep=False):
            one_core.set_params(n_jobs=1)
        return ClassicalClassifier(one_core, self._n_classes)

    def save(self, folder: Path) -> None:
        """Write the estimator to `estimator.skops`."""
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(folder / "estimator.skops") as part:
            skops.io.dump(self._estimator, part)
            make_repeatable(part)
        write_kind(folder, "classical", n_classes=self._n_classes)

    def check(self, X: ModelInput, n_classes: int) -> None:
        """See `src.models.interface.Classifier.check`."""
        if self._n_classes != n_classes:
            raise ValueError(f"found a model of {self._n_classes} classes, expected {n_classes}")
        try:
            probability = self.predict_proba(X)
        except Exception as error:  # any class: the file decides what the estimator holds
            found = f"{type(error).__name__}: {first_line(error)}"
            raise ValueError(f"found a model that cannot score a record of {X.shape[1]} values ({found})") from None
        check_probability(probability)

    @classmethod
    def load(cls, folder: Path, n_classes: int) -> "ClassicalClassifier":
        """Load what `save` wrote; a file with a type outside `TRUSTED` and scikit-learn is refused."""
        path = folder / "estimator.skops"
        estimator = load_object(path, TRUSTED.__contains__)
        classes = getattr(estimator, "classes_", None)
        if not hasattr(estimator, "predict_proba") or not _are_indices(classes, n_classes):
            raise ValueError(f"{path}: found a {type(estimator).__name__} with the classes {classes}, expected a "
                             f"classifier of classes from 0 to {n_classes - 1}; {AGAIN}")  # fmt: skip
        return cls(estimator, n_classes)


def _are_indices(classes: Any, n: int) -> bool:
    """Tell whether classes are ascending whole numbers from 0 to n - 1; some may be missing."""
    whole = isinstance(classes, np.ndarray) and classes.ndim == 1 and classes.dtype.kind in "iu" and len(classes) > 0
    return whole and bool((np.diff(classes) > 0).all() and classes[0] >= 0 and classes[-1] < n)
