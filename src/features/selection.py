"""Reducers that select k of the features by other scores than mutual information."""

import warnings
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import RFE, chi2, f_classif
from sklearn.tree import DecisionTreeClassifier

from src.features.mutual_information import discretize, mutual_information
from src.features.reducers import Ranking, check_whole


class Anova(Ranking):
    """Selection of k features by the F statistic: variance of the class means, relative to the variance within classes.

    A constant feature scores 0. Reference: Fisher 1925, Statistical Methods for Research Workers.
    """

    def __init__(self, k: int = 10):
        self.k = k

    def _scores(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
            warnings.simplefilter("ignore")  # about constant features, which score 0
            return _without_nan(f_classif(X, y)[0])


class ChiSquared(Ranking):
    """Selection of k features by Pearson's chi-squared: distance of a feature's class sums from those of independence.

    The test treats values as counts, so they must not be negative. A feature of zeros scores 0.
    Reference: Liu & Setiono 1995, doi:10.1109/TAI.1995.479783.
    """

    def __init__(self, k: int = 10):
        self.k = k

    def _scores(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        if X.min() < 0:
            raise ValueError(
                f"Negative values in data passed to reducer=chi2: found {X.min():g}, expected 0 or more; take another "
                "scaling, or another reducer"
            )
        with np.errstate(divide="ignore", invalid="ignore"):
            return _without_nan(chi2(X, y)[0])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags


class MinimumRedundancy(Ranking):
    """Selection of k features by minimum redundancy and maximum relevance (mRMR, the difference form MID).

    It selects one feature at a time. Each is the best by its mutual information with the class, minus its average
    mutual information with the features selected before. `scores_` is k for the first, down to 1, and 0 for the rest.

    Args:
        k: Number of features, 1 to d.
        bins: Maximum number of histogram bins of a column, at least 2.
    Reference:
        Peng, Long & Ding 2005, doi:10.1109/TPAMI.2005.159.
    """

    def __init__(self, k: int = 10, *, bins: int = 256):
        self.k = k
        self.bins = bins

    def check_k(self, n_features: int, n_classes: int | None = None) -> None:
        super().check_k(n_features)
        check_whole("bins", self.bins, 2)

    def _scores(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        relevance = mutual_information(X, y, bins=self.bins)
        redundancy, scores = np.zeros(X.shape[1]), np.zeros(X.shape[1])
        for n_selected in range(self.k):
            gain = relevance - redundancy / max(1, n_selected)
            best = int(np.argmax(np.where(scores > 0, -np.inf, gain)))
            scores[best] = self.k - n_selected
            binned = discretize(np.ascontiguousarray(X[:, best]), self.bins)
            redundancy += mutual_information(X, binned, bins=self.bins)
        return scores


class ForestImportance(Ranking):
    """The k features that a random forest's splits gain most impurity by.

    Args:
        k: Number of features, 1 to d.
        n_estimators: Number of trees.
        random_state: Seed of the forest.
    Reference:
        Breiman 2001, doi:10.1023/A:1010933404324.
    """

    def __init__(self, k: int = 10, *, n_estimators: int = 100, random_state: int | None = None):
        self.k = k
        self.n_estimators = n_estimators
        self.random_state = random_state

    def check_k(self, n_features: int, n_classes: int | None = None) -> None:
        super().check_k(n_features)
        check_whole("n_estimators", self.n_estimators, 1)

    def _scores(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        return forest_importances(X, y, n_estimators=self.n_estimators, random_state=self.random_state)


def forest_importances(
    X: np.ndarray,
    y: np.ndarray,
    *,
    n_estimators: int,
    random_state: int | None,
    sample_weight: np.ndarray | None = None,
) -> np.ndarray:
    """Decrease in Gini impurity by the splits on each feature, averaged over the trees of a random forest.

    Args:
        X: Features, shape (n, d).
        y: Classes, shape (n,).
        n_estimators: Number of trees.
        random_state: Seed of the forest.
        sample_weight: Weight of each row, shape (n,); None gives all rows the same weight.
    Returns:
        float64, shape (d,), with sum 1, or all 0 where no tree splits.
    """
    forest = RandomForestClassifier(n_estimators, random_state=random_state, n_jobs=-1)
    importances: np.ndarray = forest.fit(X, y, sample_weight=sample_weight).feature_importances_
    return importances


class RecursiveElimination(Ranking):
    """Selection of k features by recursive elimination: refits a decision tree without its least important feature.

    `scores_` is 0 for the selected features, and lower for a feature that was eliminated earlier.

    Args:
        k: Number of features, 1 to d.
        random_state: Seed of the trees.
    Reference:
        Guyon et al. 2002, doi:10.1023/A:1012487302797, which fits linear support vector machines.
    """

    def __init__(self, k: int = 10, *, random_state: int | None = None):
        self.k = k
        self.random_state = random_state

    def _scores(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        tree = DecisionTreeClassifier(random_state=self.random_state)
        scores: np.ndarray = 1.0 - RFE(tree, n_features_to_select=self.k).fit(X, y).ranking_
        return scores


def _without_nan(scores: np.ndarray) -> np.ndarray:
    """Replace the NaN scores of constant features by 0."""
    return np.where(np.isnan(scores), 0.0, scores)
