"""Clusters with the classes of the training records in them."""

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
    """k-means, and in each cluster the shares of the classes: a record gets those of the nearest centre.

    Args:
        clusters: How many, at most as many as records.
        random_state: Of the first centres.
    Attributes:
        means_: The fitted scikit-learn KMeans.
        shares_: float64, shape (clusters, classes).
    """

    def __init__(self, clusters: int = 100, *, random_state: int | None = None):
        self.clusters = clusters
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Find the clusters of X, shape (n, d), without y, shape (n,), and then count its classes in them."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        self.means_ = KMeans(min(self.clusters, len(X)), random_state=self.random_state).fit(X)
        counts = np.zeros((self.means_.n_clusters, len(self.classes_)))
        np.add.at(counts, (self.means_.labels_, labels), 1)
        # a centre that lost its records to others keeps the shares of all
        empty = counts.sum(axis=1) == 0
        counts[empty] = counts.sum(axis=0)
        self.shares_ = counts / counts.sum(axis=1, keepdims=True)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Shares of the classes, shape (n, classes), of X, shape (n, d)."""
        check_is_fitted(self)
        shares: np.ndarray = self.shares_[self.means_.predict(validate_data(self, X, dtype=np.float64, reset=False))]
        return shares


@dataclass(frozen=True, config=CHECKED)
class Clusters(Classical):
    """k-means without the classes, then the majority of each cluster: how far the classes lie apart by themselves.

    Stands for systems that cluster first; theirs have further stages, which differ.

    Attributes:
        clusters: How many.
    Reference:
        MacQueen 1967; Anand et al. 2018 as one of the family.
    """

    clusters: Count

    def make_estimator(self, seed: int) -> ClassifierMixin:
        return ClusterShares(self.clusters, random_state=seed)
