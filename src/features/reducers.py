"""Reducers: scikit-learn estimators that reduce the scaled features to k columns."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, OneToOneFeatureMixin, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectorMixin, mutual_info_classif
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from src.features.mutual_information import mutual_information


class Reducer(BaseEstimator, ABC):
    """Base class of reducers to `k` columns. Checks k without data.

    Attributes:
        keeps_features: True if the columns are all the features in their order.
    """

    keeps_features: ClassVar[bool] = False

    k: int

    def check_k(self, n_features: int, n_classes: int | None = None) -> None:
        """Raise ValueError, naming the range, unless k is valid for `n_features` and, if it matters, `n_classes`."""
        self._check_range(n_features, "the number of features")

    def _out_of_range(self, expected: str) -> ValueError:
        return ValueError(f"k={self.k!r}: expected {expected}; set it with k=... on the command line")

    def _check_range(self, most: int, what: str) -> None:
        if isinstance(self.k, bool) or not isinstance(self.k, (int, np.integer)) or not 1 <= self.k <= most:
            raise self._out_of_range(f"a whole number from 1 to {most} ({what})")


def check_whole(name: str, value: Any, least: int) -> None:
    """Raise ValueError, naming the setting of the reducer, unless `value` is a whole number, `least` or more."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"reducer.{name}={value!r}: expected a whole number, {least} or more")


class AllFeatures(OneToOneFeatureMixin, TransformerMixin, Reducer):
    """Identity: keeps every feature in its order.

    Args:
        k: Number of features; None accepts any number.
    """

    keeps_features: ClassVar[bool] = True

    def __init__(self, k: int | None = None):
        self.k = k  # type: ignore[assignment]

    def check_k(self, n_features: int, n_classes: int | None = None) -> None:
        if self.k is not None and (isinstance(self.k, bool) or self.k != n_features):
            raise self._out_of_range(f"{n_features}, since reducer=none keeps every feature")

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check X, shape (n, d), and that k equals d."""
        validate_data(self, X)
        self.check_k(self.n_features_in_)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return X itself, shape (n, d)."""
        check_is_fitted(self, "n_features_in_")
        return np.asarray(validate_data(self, X, reset=False))


class Projection(ClassNamePrefixFeaturesOutMixin, TransformerMixin, Reducer):
    """Base class of reducers that compute each of their k columns from all features."""

    def _valid(self, X: Any, *, reset: bool) -> np.ndarray:
        valid: np.ndarray = validate_data(
            self, X, dtype=[np.float64, np.float32], reset=reset, ensure_min_samples=2 if reset else 1
        )
        return valid

    @property
    def _n_features_out(self) -> int:
        _ = self.n_features_in_  # before a fit an AttributeError, which scikit-learn expects
        return int(self.k)


class PrincipalComponents(Projection):
    """Principal components: the k directions of largest variance (scikit-learn's PCA, from the covariance matrix).

    Args:
        k: Number of components, 1 to d.
    Attributes:
        pca_: The fitted scikit-learn PCA.
    """

    def __init__(self, k: int = 2):
        self.k = k

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit on X, shape (n, d), n >= 2."""
        X = self._valid(X, reset=True)
        self.check_k(X.shape[1])
        self.pca_ = PCA(n_components=self.k, svd_solver="covariance_eigh").fit(X)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Project X, shape (n, d), to shape (n, k)."""
        check_is_fitted(self)
        return np.asarray(self.pca_.transform(self._valid(X, reset=False)))


class Ranking(SelectorMixin, Reducer):
    """Base class of reducers that keep the k features with the largest scores, in their order.

    Args:
        k: Number of features, 1 to d.
    Attributes:
        scores_: Score of each column, float64, shape (d,).
        ranking_: Columns by falling score, ties in column order, int64, shape (d,).
    """

    @abstractmethod
    def _scores(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Score the columns of X, shape (n, d), for the classes y, shape (n,); returns float64, shape (d,)."""

    def fit(self, X: Any, y: Any) -> Self:
        """Score the columns of X, shape (n, d), against the classes y, shape (n,)."""
        X, y = validate_data(self, X, y, ensure_min_samples=2)
        check_classification_targets(y)
        self.check_k(X.shape[1])
        self.scores_ = self._scores(X, y)
        self.ranking_ = np.argsort(-self.scores_, kind="stable")
        return self

    def _get_support_mask(self) -> np.ndarray:
        check_is_fitted(self)
        mask = np.zeros(len(self.scores_), dtype=bool)
        mask[self.ranking_[: self.k]] = True
        return mask

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


class MutualInformation(Ranking):
    """Selection of the k features with most mutual information with the class, in nats.

    Args:
        k: Number of features, 1 to d.
        estimator: `histogram`, the paper's definition, or `knn`, scikit-learn's nearest-neighbor estimate (slow).
        bins: Maximum number of histogram bins of a column, at least 2.
        random_state: Seed of the noise that `knn` adds to break ties.
    """

    def __init__(
        self,
        k: int = 4,
        *,
        estimator: Literal["histogram", "knn"] = "histogram",
        bins: int = 256,
        random_state: int | None = None,
    ):
        self.k = k
        self.estimator = estimator
        self.bins = bins
        self.random_state = random_state

    def check_k(self, n_features: int, n_classes: int | None = None) -> None:
        super().check_k(n_features)
        if self.estimator not in ("histogram", "knn"):
            raise ValueError(f"reducer.estimator={self.estimator!r}: expected 'histogram' or 'knn'")
        check_whole("bins", self.bins, 2)

    def _scores(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        if self.estimator == "histogram":
            return mutual_information(X, y, bins=self.bins)
        scores: np.ndarray = mutual_info_classif(X, y, random_state=self.random_state, n_jobs=-1)
        return scores
