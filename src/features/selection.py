"""Reducers that choose k of the features, by other scores than mutual information."""

import warnings
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import RFE, chi2, f_classif
from sklearn.tree import DecisionTreeClassifier

from src.features.mutual_information import discretize, mutual_information
from src.features.reducers import Ranking, check_whole


class Anova(Ranking):
    """The k features whose means differ most between the classes, for their spread within: the F statistic.

    A constant feature scores 0. Reference: Fisher 1925, Statistical Methods for Research Workers.
    """

    def __init__(self, k: int = 10):
        self.k = k

    def _scores(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
            warnings.simplefilter("ignore")  # of constant features, which the score tells
            return _numbers(f_classif(X, y)[0])


class ChiSquared(Ranking):
    """The k features whose sum over each class is least what the class's size would give: Pearson's chi-squared.

    It takes a feature's values for counts, so they must not be negative. A feature that is zero throughout scores 0.
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
            return _numbers(chi2(X, y)[0])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags


class MinimumRedundancy(Ranking):
    """mRMR: k features one after the other, each the one that tells most about the class less what, on average, it
    shares with those chosen before (the difference form, MID).

    `scores_` is k for the first that was chosen, down to 1, and 0 for the rest.

    Args:
        k: Number of features, 1 to d.
        bins: Most cells of a column in the joint histograms, at least 2.
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
        shared, scores = np.zeros(X.shape[1]), np.zeros(X.shape[1])
        for chosen in range(self.k):
            gain = relevance - shared / max(1, chosen)
            best = int(np.argmax(np.where(scores > 0, -np.inf, gain)))
            scores[best] = self.k - chosen
            cells = discretize(np.ascontiguousarray(X[:, best]), self.bins)
            shared += mutual_information(X, cells, bins=self.bins)
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
    """The k features that stay when a decision tree is fitted again and again, each time without the one that it made
    least use of.

    `scores_` is 0 for those that stay, and the lower the earlier one went.

    Args:
        k: Number of features, 1 to d.
        random_state: Of the trees.
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


def _numbers(scores: np.ndarray) -> np.ndarray:
    """The scores, 0 where there is none as a feature does not vary."""
    return np.where(np.isnan(scores), 0.0, scores)
