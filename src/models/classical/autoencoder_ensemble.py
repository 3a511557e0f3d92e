"""Autoencoders of normal traffic, one for each group of features: what they cannot make again is an attack."""

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
# Errors below, in standard deviations of a feature, are rounding: a group that is made again as it was has no others.
SMALLEST_ERROR = 1e-4


class ErrorDetector(Probable):
    """Tells the first of two classes, normal traffic, from the other by how badly it is made again.

    1. The features that a random forest of both classes splits by most are kept, see `ImportantFeatures`.
    2. Affinity propagation puts them into groups by |correlation| on normal records, and finds how many groups.
    3. For each group g an autoencoder, x' = V tanh(W x + b) + c, is trained with Adam on the squared error of normal
       records, each feature standardized on them.
    4. e_g is the root of the mean squared error of a record's features in g, and t_g the c-th largest e_g of the normal
       training records, for the largest c with at most a share `false_alarms` of them above t_g in some group, so that
       no group raises more alarms than others for its errors' long tail. The probability of an attack is e / (1 + e)
       with e = max_g e_g / t_g: above 1/2 where some e_g > t_g.

    The forest and the thresholds count each record as often as it occurs; groups and autoencoders are of `records`
    distinct normal ones, so that the thresholds are of errors on records most of which were not trained on.

    Args:
        features, records: How many features are kept, and distinct normal records drawn; all where there are no more.
        squeeze: Hidden values of a group, as a share of its features; one at least.
        epochs: Passes over them at most; it ends when ten make nothing better.
        false_alarms: Share of the normal training records above the threshold, at most.
        random_state: Of the forest, the draw, the groups and the weights.
    Attributes:
        groups_: Of each, the columns of X, int64.
        mean_, deviation_: Of each column on the normal records drawn, shape (d,); a deviation of 0 is 1 here.
        layers_: Of each group, W, b, V and c.
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
        if len(self.classes_) > 2:
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {type_of_target(y)}: found the "
                f"classes {self.classes_.tolist()}, expected normal traffic and attacks; take task=binary"
            )
        if len(self.classes_) < 2:
            raise ValueError(
                f"y: found one class, {self.classes_[0]}, expected normal traffic and attacks, to choose features by"
            )
        rng = np.random.default_rng(self.random_state)
        kept = ImportantFeatures(self.features, random_state=self.random_state).fit(X, labels).get_support(indices=True)
        normal = X[labels == 0]
        first, _, count = distinct(normal)
        normal = normal[first]
        drawn = normal[rng.permutation(len(normal))[: self.records]].astype(np.float64)
        self.mean_, deviation = drawn.mean(axis=0), drawn.std(axis=0)
        self.deviation_ = np.where(deviation > 0, deviation, 1.0)
        drawn = (drawn - self.mean_) / self.deviation_
        self.groups_ = [kept[group] for group in feature_groups(drawn[:, kept], self.random_state)]
        self.layers_ = [self._trained(drawn[:, group]) for group in self.groups_]
        errors = np.repeat(self.errors(normal), count, axis=0)
        self.thresholds_ = np.maximum(thresholds(errors, self.false_alarms), SMALLEST_ERROR)
        return self

    def _trained(self, X: np.ndarray) -> list[np.ndarray]:
        """W, b, V and c of one group, whose features are X, shape (n, m)."""
        network = MLPRegressor(
            hidden_layer_sizes=(max(1, round(self.squeeze * X.shape[1])),),
            activation="tanh",
            batch_size=min(BATCH, len(X)),
            learning_rate_init=LEARNING_RATE,
            max_iter=self.epochs,
            random_state=self.random_state,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # all epochs were used, as asked for
            network.fit(X, X[:, 0] if X.shape[1] == 1 else X)
        (W, V), (b, c) = network.coefs_, network.intercepts_
        return [W, b, V, c]

    def errors(self, X: np.ndarray) -> np.ndarray:
        """e_g of X, shape (n, d): float64, shape (n, groups)."""
        errors = np.empty((len(X), len(self.groups_)))
        for place, (group, (W, b, V, c)) in enumerate(zip(self.groups_, self.layers_, strict=True)):
            values = (X[:, group] - self.mean_[group]) / self.deviation_[group]
            again = np.tanh(values @ W + b) @ V + c
            errors[:, place] = np.sqrt(((again - values) ** 2).mean(axis=1))
        return errors

    def predict_proba(self, X: Any) -> np.ndarray:
        """1 - p and p = e / (1 + e), shape (n, 2), of X, shape (n, d)."""
        check_is_fitted(self)
        error = (self.errors(validate_data(self, X, dtype=np.float32, reset=False)) / self.thresholds_).max(axis=1)
        attack = error / (1 + error)
        return np.column_stack([1 - attack, attack])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


def feature_groups(X: np.ndarray, random_state: int | None) -> list[np.ndarray]:
    """Columns of X, standardized, shape (n, d), that are alike by |correlation|: places of each group, int64.

    Reference:
        Frey & Dueck 2007, doi:10.1126/science.1136800, affinity propagation.
    """
    alike = np.abs(X.T @ X) / len(X)
    with warnings.catch_warnings():
        # where it finds no exemplars all are one group; where all are alike, scikit-learn decides which it is
        warnings.simplefilter("ignore")
        labels = AffinityPropagation(affinity="precomputed", random_state=random_state).fit(alike).labels_
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]


def thresholds(errors: np.ndarray, share: float) -> np.ndarray:
    """The c-th largest error of each group, shape (groups,), for the largest c with few enough rows above one of them.

    Args:
        errors: Shape (n, groups).
        share: Of the n rows that may be above in some group, 0 <= share < 1.
    """
    rising = np.sort(errors, axis=0)
    # how many errors of the group are as large: an error is above the threshold where these are fewer than c
    as_large = [len(errors) - np.searchsorted(*columns) for columns in zip(rising.T, errors.T, strict=True)]
    rarest = np.sort(np.min(as_large, axis=0))
    limits: np.ndarray = rising[-rarest[int(share * len(errors))]]
    return limits


@dataclass(frozen=True, config=CHECKED)
class GroupedAutoencoders(Classical):
    """AE-IDS: important features in groups, an autoencoder of normal traffic for each, see `ErrorDetector`.

    Departs from the source in the last step: there, k-means parts the errors of the records that are judged, small from
    large; here each record is judged by itself, against a threshold that few normal training records exceed.

    Attributes:
        features: How many are kept; all where there are no more.
        records: Distinct normal records that the autoencoders are trained on.
        squeeze: Hidden values of a group, as a share of its features.
        epochs: Passes over the records at most.
        false_alarms: Share of the normal training records above the threshold.
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
