"""Bagged rotation forests on the most important features."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass
from sklearn.base import ClassifierMixin
from sklearn.ensemble import BaggingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from src.models.classical.classifier import Classical, Probable
from src.models.classical.forest_importance import ImportantFeatures
from src.models.dedup import distinct
from src.utils.validation import CHECKED, Count

Share = Annotated[float, Field(gt=0, le=1)]


class RotationForest(Probable):
    """Rotation forest: trees on features that are rotated at random, with the mean of their probabilities.

    For each tree, the d features are split at random into subsets of `subset`; the last may be smaller. For each
    subset, some classes are chosen at random, and `share` of their records are drawn with replacement. The principal
    axes of these records, all of them, are the columns of a block. The blocks make the rotation R, shape (d, d),
    R R' = 1, and the tree is fitted on X R, with all records.

    Departs from the source in the tree: unpruned CART in place of C4.5. Duplicate records are merged into one record
    of their weight.

    Args:
        trees: Number of trees.
        subset: Number of features in a subset.
        share: Share of the records of the chosen classes that are drawn.
        random_state: Seed of all draws.
    Attributes:
        rotations_: R of each tree, float64, shape (trees, d, d).
        trees_: Fitted scikit-learn trees.
    Reference:
        Rodriguez, Kuncheva & Alonso 2006, doi:10.1109/TPAMI.2006.211.
    """

    def __init__(self, trees: int = 10, *, subset: int = 3, share: float = 0.75, random_state: int | None = None):
        self.trees = trees
        self.subset = subset
        self.share = share
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Draw the rotations and fit the trees on X, shape (n, d), and y, shape (n,)."""
        X, y = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        rng = np.random.default_rng(self.random_state)
        self.rotations_ = np.stack([self._rotation(X, labels, rng) for _ in range(self.trees)])
        seeds = rng.integers(2**31, size=self.trees)
        first, _, count = distinct(X, labels)
        rows, classes = X[first], labels[first]

        def grow(rotation: np.ndarray, seed: np.integer) -> DecisionTreeClassifier:
            return DecisionTreeClassifier(random_state=int(seed)).fit(rows @ rotation, classes, sample_weight=count)

        with ThreadPoolExecutor(os.cpu_count()) as threads:  # scikit-learn releases Python's lock while it fits a tree
            self.trees_ = list(threads.map(grow, self.rotations_, seeds))
        return self

    def _rotation(self, X: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw one R, float64, shape (d, d)."""
        rotation = np.zeros((X.shape[1], X.shape[1]))
        features = rng.permutation(X.shape[1])
        for start in range(0, len(features), self.subset):
            block = features[start : start + self.subset]
            chosen = rng.choice(len(self.classes_), rng.integers(1, len(self.classes_) + 1), replace=False)
            records = np.flatnonzero(np.isin(labels, chosen))
            drawn = rng.choice(records, max(1, round(self.share * len(records))))
            rotation[np.ix_(block, block)] = principal_axes(X[np.ix_(drawn, block)])
        return rotation

    def predict_proba(self, X: Any) -> np.ndarray:
        """Mean probabilities of the trees, shape (n, classes), for X, shape (n, d)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        each = [tree.predict_proba(X @ rotation) for rotation, tree in zip(self.rotations_, self.trees_, strict=True)]
        mean: np.ndarray = np.mean(each, axis=0)
        return mean


def principal_axes(X: np.ndarray) -> np.ndarray:
    """Compute the eigenvectors of the covariance of X, shape (n, m), by falling variance: columns, float64, (m, m).

    There are m of them even if n < m; scikit-learn's PCA gives fewer axes then.
    """
    covariance = np.atleast_2d(np.cov(X, rowvar=False, bias=True, dtype=np.float64))
    axes: np.ndarray = np.linalg.eigh(covariance)[1][:, ::-1]
    return axes


@dataclass(frozen=True, config=CHECKED)
class TwoStage(Classical):
    """Bagged rotation forests on the most important features, with the mean of their probabilities.

    Departs from the source in the choice of features: by their importance in a random forest. There, a particle swarm,
    an ant colony and a genetic algorithm search for the features with which a pruned tree scores best.

    Attributes:
        features: Number of features that are kept; all where there are no more.
        forests: Number of rotation forests, each fitted on a bag of records.
        bag: Number of records in a bag, drawn with replacement, as a share of all.
        trees: Number of trees in a rotation forest.
        subset: Number of features that are rotated together.
    Reference:
        Tama, Comuzzi & Rhee 2019, doi:10.1109/ACCESS.2019.2928048; Breiman 1996, doi:10.1007/BF00058655, bagging.
    """

    features: Count
    forests: Count
    bag: Share
    trees: Count
    subset: Count

    def make_estimator(self, seed: int) -> ClassifierMixin:
        forest = RotationForest(self.trees, subset=self.subset)
        bags = BaggingClassifier(forest, self.forests, max_samples=self.bag, random_state=seed)
        return make_pipeline(ImportantFeatures(self.features, random_state=seed), bags)
