"""The features that a random forest splits by most."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from src.models.dedup import distinct


class ImportantFeatures(SelectorMixin, BaseEstimator):
    """The features whose splits lower the Gini impurity most, on average over the trees of a random forest.

    Of a record that occurs many times, the forest gets one that weighs as much.

    Args:
        features: How many are kept; all where there are no more.
        trees: Of the forest.
        random_state: Of the forest.
    Attributes:
        importances_: float64, shape (d,), 1 in all.
    Reference:
        Breiman 2001, doi:10.1023/A:1010933404324.
    """

    def __init__(self, features: int = 10, *, trees: int = 30, random_state: int | None = None):
        self.features = features
        self.trees = trees
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Grow the forest on X, shape (n, d), and y, shape (n,)."""
        X, y = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(y)
        labels = np.unique(y, return_inverse=True)[1]
        first, _, count = distinct(X, labels)
        forest = RandomForestClassifier(self.trees, random_state=self.random_state, n_jobs=-1)
        self.importances_ = forest.fit(X[first], labels[first], sample_weight=count).feature_importances_
        return self

    def _get_support_mask(self) -> np.ndarray:
        check_is_fitted(self)
        best = np.argsort(-self.importances_, kind="stable")[: self.features]
        return np.isin(np.arange(len(self.importances_)), best)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags
