"""Selection of features by a random forest, for models that choose their own."""

import numpy as np

from src.features.reducers import Ranking
from src.features.selection import forest_importances
from src.models.dedup import distinct


class ImportantFeatures(Ranking):
    """The k features with the largest importance in a random forest of the distinct rows, see `forest_importances`.

    Duplicate rows (same features and class) are merged into one row of their weight: the forest grows faster, and
    repeating the whole training part changes nothing. `src.features.selection.ForestImportance` reads all rows.

    Args:
        k: Number of features, 1 or more; all are kept where there are no more.
        n_estimators: Number of trees.
        random_state: Seed of the forest.
    """

    def __init__(self, k: int = 10, *, n_estimators: int = 30, random_state: int | None = None):
        self.k = k
        self.n_estimators = n_estimators
        self.random_state = random_state

    def check_k(self, n_features: int, n_classes: int | None = None) -> None:
        """Accept any k: a model may ask for more features than a reducer left."""

    def _scores(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        X, labels = X.astype(np.float32), np.unique(y, return_inverse=True)[1]
        first, _, count = distinct(X, labels)
        return forest_importances(
            X[first],
            labels[first],
            n_estimators=self.n_estimators,
            random_state=self.random_state,
            sample_weight=count,
        )
