"""k-means clusters, with class probabilities from the training records in each cluster."""

from typing import Any, Self

import numpy as np
from pydantic.dataclasses import dataclass
from sklearn.base import ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from src.models.classical.classifier import Classical, Probable
from src.utils.validation import CHECKED, Count


class ClusterShares(Probable):
    """k-means classifier: the probabilities of a record are the shares of the classes in the nearest cluster.

    Args:
        clusters: Number of clusters; at most one a record.
        random_state: Seed of the first centers.
    Attributes:
        means_: The fitted scikit-learn KMeans.
        shares_: Share of each class in each cluster, float64, shape (clusters, classes).
    """

    def __init__(self, clusters: int = 100, *, random_state: int | None = None):
        self.clusters = clusters
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Find clusters of X, shape (n, d), without the classes y, shape (n,); then count the classes in them."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        self.means_ = KMeans(min(self.clusters, len(X)), random_state=self.random_state).fit(X)
        counts = np.zeros((self.means_.n_clusters, len(self.classes_)))
        np.add.at(counts, (self.means_.labels_, labels), 1)
        # an empty cluster gets the shares of the whole training part
        empty = counts.sum(axis=1) == 0
        counts[empty] = counts.sum(axis=0)
        self.shares_ = counts / counts.sum(axis=1, keepdims=True)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Class probabilities, shape (n, classes), of X, shape (n, d)."""
        check_is_fitted(self)
        shares: np.ndarray = self.shares_[self.means_.predict(validate_data(self, X, dtype=np.float64, reset=False))]
        return shares


@dataclass(frozen=True, config=CHECKED)
class Clusters(Classical):
    """k-means without the classes, then the majority class of each cluster.

    The score shows how well the classes are separated in the features. The model represents published systems that
    cluster first; their further stages differ and are left out.

    Attributes:
        clusters: Number of clusters.
    Reference:
        MacQueen 1967; Anand et al. 2018 is one such system.
    """

    clusters: Count

    def make_estimator(self, seed: int) -> ClassifierMixin:
        return ClusterShares(self.clusters, random_state=seed)
