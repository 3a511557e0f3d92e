"""Rotation forests, in bags, on the features that tell most: an ensemble of ensembles."""

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
    """Trees, each on features that are turned in a way of its own; their mean probability judges.

    For each tree, the d features are dealt out at random into subsets of `subset`, the last of what is left. For each
    subset, a random choice of the classes is made, `share` of their records are drawn with replacement, and the
    principal axes of these, all of them, are the columns of a block. The blocks make R, shape (d, d), R R' = 1, and the
    tree is fitted on X R, with all records.

    Departs from the source in the tree: CART's, unpruned, instead of C4.5's. Of a record that occurs many times, it
    gets one that weighs as much.

    Args:
        trees: How many.
        subset: Features in a subset.
        share: Of the records of the chosen classes.
        random_state: Of all draws.
    Attributes:
        rotations_: float64, shape (trees, d, d).
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
        """Turn and grow, on X, shape (n, d), and y, shape (n,)."""
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

        with ThreadPoolExecutor(os.cpu_count()) as threads:  # growing a tree does not hold Python's lock
            self.trees_ = list(threads.map(grow, self.rotations_, seeds))
        return self

    def _rotation(self, X: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """One R, float64, shape (d, d)."""
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
        """Mean of the trees' probabilities, shape (n, classes), of X, shape (n, d)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        judged = [tree.predict_proba(X @ rotation) for rotation, tree in zip(self.rotations_, self.trees_, strict=True)]
        mean: np.ndarray = np.mean(judged, axis=0)
        return mean


def principal_axes(X: np.ndarray) -> np.ndarray:
    """Eigenvectors of the covariance of X, shape (n, m), by falling variance, float64, shape (m, m), a column each.

    Also of fewer rows than columns, of which scikit-learn's PCA gives fewer axes.
    """
    covariance = np.atleast_2d(np.cov(X, rowvar=False, bias=True, dtype=np.float64))
    axes: np.ndarray = np.linalg.eigh(covariance)[1][:, ::-1]
    return axes


@dataclass(frozen=True, config=CHECKED)
class TwoStage(Classical):
    """The features that tell most, then bags of records with a rotation forest each; their mean probability judges.

    Departs from the source in how features are chosen: by their importance in a random forest. There, a swarm of
    particles, an ant colony and a genetic algorithm search for those that a pruned tree does best with.

    Attributes:
        features: How many are kept; all where there are no more.
        forests: Bags, and rotation forests.
        bag: Records in each, drawn with replacement, as a share of all.
        trees: Of a rotation forest.
        subset: Features that are turned together.
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
