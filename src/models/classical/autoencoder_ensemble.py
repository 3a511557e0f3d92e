"""AE-IDS: autoencoders of normal traffic, one for each group of features; a large reconstruction error is an attack."""

import warnings
from dataclasses import asdict
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass
from sklearn.base import ClassifierMixin
from sklearn.cluster import AffinityPropagation
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from src.models.classical.classifier import Classical, Probable
from src.models.classical.forest_importance import ImportantFeatures
from src.models.dedup import distinct
from src.utils.validation import CHECKED, Count

BATCH, LEARNING_RATE = 64, 0.01
SMALLEST_ERROR = 1e-4  # in standard deviations of a feature; smaller errors are rounding


class ErrorDetector(Probable):
    """Detector of records that autoencoders trained on normal traffic reconstruct badly.

    1. A random forest of both classes ranks the features; the most important are kept, see `ImportantFeatures`.
    2. Affinity propagation groups them by |correlation| on normal records, and finds the number of groups.
    3. Each group g gets an autoencoder, x' = V tanh(W x + b) + c. Adam minimizes its squared error on normal records,
       on which each feature is standardized.
    4. e_g is the root of the mean squared error of a record's features in g. t_g is the c-th largest e_g of the normal
       training records, with one c for all groups. It is the largest c that leaves at most a share `false_alarms` of
       these records above t_g in some group. So a group with a long tail of errors raises no more alarms than others.
    5. The probability of an attack is e / (1 + e) with e = max_g e_g / t_g: above 1/2 where some e_g > t_g.

    The first class is normal traffic. The forest and the thresholds count a record as often as it occurs. Groups and
    autoencoders see `records` distinct normal records, so most records behind the thresholds were not trained on.

    Args:
        features: Number of features that are kept; all where there are no more.
        records: Number of distinct normal records that are drawn; all where there are no more.
        squeeze: Hidden values of a group as a share of its features; at least one.
        epochs: Upper bound on the passes over the records; training ends after ten passes without improvement.
        false_alarms: Upper bound on the share of normal training records above the thresholds.
        random_state: Seed of the forest, the draw, the groups and the weights.
    Attributes:
        groups_: Columns of X of each group, int64.
        mean_, deviation_: Mean and deviation of each column, shape (d,), on the drawn records; 1 in place of 0.
        layers_: W, b, V and c of each group.
        thresholds_: t_g, shape (groups,).
    """

    def __init__(
        self,
        features: int = 10,
        *,
        records: int = 10_000,
        squeeze: float = 0.5,
        epochs: int = 20,
        false_alarms: float = 0.01,
        random_state: int | None = None,
    ):
        self.features = features
        self.records = records
        self.squeeze = squeeze
        self.epochs = epochs
        self.false_alarms = false_alarms
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Fit on X, shape (n, d), and y, shape (n,), of two classes."""
        X, y = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        self._check_classes(y)
        forest = ImportantFeatures(self.features, random_state=self.random_state).fit(X, labels)
        normal = X[labels == 0]
        first, _, count = distinct(normal)
        normal = normal[first]
        self._fit_autoencoders(normal, forest.get_support(indices=True))
        errors = np.repeat(self.errors(normal), count, axis=0)
        self.thresholds_ = np.maximum(thresholds(errors, self.false_alarms), SMALLEST_ERROR)
        return self

    def _check_classes(self, y: np.ndarray) -> None:
        """Raise ValueError unless there are two classes."""
        if len(self.classes_) > 2:
            raise ValueError(f"Only binary classification is supported. The type of the target is {type_of_target(y)}: "
                             f"found the classes {self.classes_.tolist()}, expected normal traffic and attacks; "
                             "set task=binary")  # fmt: skip
        if len(self.classes_) < 2:
            raise ValueError(f"y: found one class, {self.classes_[0]}, expected normal traffic and attacks, "
                             "which the choice of features needs")  # fmt: skip

    def _fit_autoencoders(self, normal: np.ndarray, columns: np.ndarray) -> None:
        """Group the columns and train an autoencoder for each group, on a sample of the distinct normal records."""
        order = np.random.default_rng(self.random_state).permutation(len(normal))
        drawn = normal[order[: self.records]].astype(np.float64)
        self.mean_, deviation = drawn.mean(axis=0), drawn.std(axis=0)
        self.deviation_ = np.where(deviation > 0, deviation, 1.0)
        drawn = (drawn - self.mean_) / self.deviation_
        self.groups_ = [columns[group] for group in feature_groups(drawn[:, columns], self.random_state)]
        self.layers_ = [self._autoencoder(drawn[:, group]) for group in self.groups_]

    def _autoencoder(self, X: np.ndarray) -> list[np.ndarray]:
        """Train the autoencoder of one group on its features X, shape (n, m); returns W, b, V and c."""
        network = MLPRegressor(
            hidden_layer_sizes=(max(1, round(self.squeeze * X.shape[1])),),
            activation="tanh",
            batch_size=min(BATCH, len(X)),
            learning_rate_init=LEARNING_RATE,
            max_iter=self.epochs,
            random_state=self.random_state,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # `epochs` is a limit: reaching it is no fault
            network.fit(X, X[:, 0] if X.shape[1] == 1 else X)
        (W, V), (b, c) = network.coefs_, network.intercepts_
        return [W, b, V, c]

    def errors(self, X: np.ndarray) -> np.ndarray:
        """Compute e_g of X, shape (n, d): float64, shape (n, groups)."""
        errors = np.empty((len(X), len(self.groups_)))
        for index, (group, (W, b, V, c)) in enumerate(zip(self.groups_, self.layers_, strict=True)):
            values = (X[:, group] - self.mean_[group]) / self.deviation_[group]
            reconstructed = np.tanh(values @ W + b) @ V + c
            errors[:, index] = np.sqrt(((reconstructed - values) ** 2).mean(axis=1))
        return errors

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities 1 - p and p = e / (1 + e), shape (n, 2), of X, shape (n, d)."""
        check_is_fitted(self)
        error = (self.errors(validate_data(self, X, dtype=np.float32, reset=False)) / self.thresholds_).max(axis=1)
        attack = error / (1 + error)
        return np.column_stack([1 - attack, attack])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


def feature_groups(X: np.ndarray, random_state: int | None) -> list[np.ndarray]:
    """Group columns by |correlation|, with affinity propagation: indices of the columns of each group, int64.

    Args:
        X: Standardized columns, shape (n, d).
        random_state: Seed of the algorithm.
    Reference:
        Frey & Dueck 2007, doi:10.1126/science.1136800.
    """
    correlation = np.abs(X.T @ X) / len(X)
    with warnings.catch_warnings():
        # scikit-learn warns where it finds no exemplars (all columns are one group) and where all are equally similar
        warnings.simplefilter("ignore")
        labels = AffinityPropagation(affinity="precomputed", random_state=random_state).fit(correlation).labels_
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]


def thresholds(errors: np.ndarray, share: float) -> np.ndarray:
    """Choose the c-th largest error of each group as its threshold, for the largest c with few enough rows above one.

    Args:
        errors: Errors of n rows, shape (n, groups).
        share: Upper bound on the share of rows that exceed a threshold, 0 <= share < 1.
    """
    n = len(errors)
    ascending = np.sort(errors, axis=0)
    # rank of an error: how many errors of its group are as large or larger; it exceeds the threshold if rank < c
    ranks = [n - np.searchsorted(*columns) for columns in zip(ascending.T, errors.T, strict=True)]
    lowest_ranks = np.sort(np.min(ranks, axis=0))  # of each row, over the groups
    c = lowest_ranks[int(share * n)]
    limits: np.ndarray = ascending[-c]
    return limits


@dataclass(frozen=True, config=CHECKED)
class GroupedAutoencoders(Classical):
    """AE-IDS: an autoencoder of normal traffic for each group of important features, see `ErrorDetector`.

    Departs from the source in the last step. There, k-means splits the errors of the records to score into small and
    large ones. Here each record is compared, by itself, with a threshold that few normal training records exceed.
    The fields are arguments of `ErrorDetector`.

    Reference:
        Li et al. 2020, doi:10.1016/j.cose.2020.101851.
    """

    max_classes: ClassVar[int | None] = 2

    features: Count
    records: Count
    squeeze: Annotated[float, Field(gt=0, le=1)]
    epochs: Count
    false_alarms: Annotated[float, Field(gt=0, lt=1)]

    def make_estimator(self, seed: int) -> ClassifierMixin:
        return ErrorDetector(random_state=seed, **asdict(self))
