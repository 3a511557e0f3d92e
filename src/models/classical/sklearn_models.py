"""More classical models: support vectors, neighbors, naive Bayes, boosted trees.

What each of them assumes of its inputs is in its docstring; they read the features as they are scaled, or reduced.
"""

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass
from sklearn.base import ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from src.models.classical.classifier import Classical
from src.utils.validation import CHECKED, Count, Positive


@dataclass(frozen=True, config=CHECKED)
class NearestNeighbors(Classical):
    """The share of each class among the nearest records of training, by Euclidean distance.

    All of them are looked at: with 53 features, trees of records are slower. Two cores take a millisecond to score a
    record against 400,000 of training.

    Attributes:
        neighbors: How many of them.
    Reference:
        Cover & Hart 1967, doi:10.1109/TIT.1967.1053964.
    """

    neighbors: Count

    def estimator(self, seed: int) -> ClassifierMixin:
        return KNeighborsClassifier(self.neighbors, algorithm="brute", n_jobs=-1)


@dataclass(frozen=True, config=CHECKED)
class NaiveBayes(Classical):
    """Features that are normally distributed and independent within each class.

    Attributes:
        smoothing: Share of the largest feature's variance that is added to all of them.
    Reference:
        Hand & Yu 2001, doi:10.1111/j.1751-5823.2001.tb00465.x.
    """

    smoothing: Positive

    def estimator(self, seed: int) -> ClassifierMixin:
        return GaussianNB(var_smoothing=self.smoothing)


@dataclass(frozen=True, config=CHECKED)
class GradientBoosting(Classical):
    """Trees one after the other, each on what those before leave unexplained, over histograms of the features.

    Attributes:
        iterations: Trees, or, of several classes, trees of each.
        learning_rate: Share of each tree that counts.
        max_leaf_nodes: Leaves of a tree.
    Reference:
        Friedman 2001, doi:10.1214/aos/1013203451; Ke et al. 2017 (NIPS 30), LightGBM.
    """

    iterations: Count
    learning_rate: Positive
    max_leaf_nodes: Annotated[int, Field(ge=2)]

    def estimator(self, seed: int) -> ClassifierMixin:
        return HistGradientBoostingClassifier(
            max_iter=self.iterations,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.max_leaf_nodes,
            early_stopping=False,
            random_state=seed,
        )
