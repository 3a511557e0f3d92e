"""Reducers that compute k new columns from all features, other than principal components."""

import warnings
from typing import Any, Self

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import ConvergenceWarning
from sklearn.kernel_approximation import Nystroem
from sklearn.neural_network import MLPRegressor
from sklearn.random_projection import GaussianRandomProjection
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from src.features.reducers import Projection, check_whole

CHUNK = 16_384  # records transformed at once where the steps before the last have many columns


class LinearDiscriminants(Projection):
    """Fisher's linear discriminants: the k directions that best separate the means of the classes.

    The distance of the means is measured against the spread within the classes.

    Args:
        k: Number of directions, at most the number of features and the number of classes minus one.
    Reference:
        Fisher 1936, doi:10.1111/j.1469-1809.1936.tb02137.x; Rao 1948 for more than two classes.
    """

    def __init__(self, k: int = 1):
        self.k = k

    def check_k(self, n_features: int, n_classes: int | None = None) -> None:
        super().check_k(n_features)
        if n_classes is not None and self.k > n_classes - 1:
            raise self._out_of_range(
                f"a whole number from 1 to {n_classes - 1}, since {n_classes} classes have as many directions between "
                "them; for more take reducer=pca"
            )

    def fit(self, X: Any, y: Any) -> Self:
        """Fit on X, shape (n, d), and classes y, shape (n,)."""
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], ensure_min_samples=2)
        check_classification_targets(y)
        self.check_k(X.shape[1], len(np.unique(y)))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Variables are collinear")  # indicators of one column add up to 1
            self.discriminants_ = LinearDiscriminantAnalysis(n_components=self.k).fit(X, y)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Project X, shape (n, d), to shape (n, k)."""
        check_is_fitted(self)
        return np.asarray(self.discriminants_.transform(self._valid(X, reset=False)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


class KernelComponents(Projection):
    """Kernel principal components with a radial kernel, which capture relations that are not linear.

    The kernel matrix of all records would have n^2 numbers. Nystroem's method computes the kernel of each record with
    some records only, the landmarks. The components are principal components of these kernel values.

    Args:
        k: Number of components, 1 to the number of landmarks.
        landmarks: Number of landmarks, drawn from the training part.
        gamma: Coefficient of the kernel exp(-gamma |x - x'|^2).
        random_state: Seed of the draw.
    Reference:
        Schoelkopf, Smola & Mueller 1998, doi:10.1162/089976698300017467; Williams & Seeger 2001 (NIPS 13).
    """

    def __init__(self, k: int = 2, *, landmarks: int = 300, gamma: float = 1.0, random_state: int | None = None):
        self.k = k
        self.landmarks = landmarks
        self.gamma = gamma
        self.random_state = random_state

    def check_k(self, n_features: int, n_classes: int | None = None) -> None:
        check_whole("landmarks", self.landmarks, 1)
        if not self.gamma > 0:
            raise ValueError(f"reducer.gamma={self.gamma!r}: expected a number above 0")
        self._check_range(self.landmarks, "reducer.landmarks")

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit on X, shape (n, d), n >= k, n >= 2."""
        X = self._valid(X, reset=True)
        self.check_k(X.shape[1])
        landmarks = min(self.landmarks, len(X))
        self._check_range(landmarks, f"n_samples = {landmarks}")
        self.kernel_ = Nystroem(gamma=self.gamma, n_components=landmarks, random_state=self.random_state).fit(X)
        few = X if len(X) <= CHUNK else X[np.random.default_rng(self.random_state).permutation(len(X))[:CHUNK]]
        self.pca_ = PCA(self.k, svd_solver="covariance_eigh").fit(self.kernel_.transform(few))
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Project X, shape (n, d), to shape (n, k)."""
        check_is_fitted(self)
        X = self._valid(X, reset=False)
        chunks = (X[start : start + CHUNK] for start in range(0, len(X), CHUNK))
        return np.concatenate([self.pca_.transform(self.kernel_.transform(chunk)) for chunk in chunks])


class RandomProjection(Projection):
    """Projection onto k random directions: the baseline for reducers that learn from data.

    Args:
        k: Number of directions, 1 to d.
        random_state: Seed of the directions.
    Reference:
        Johnson & Lindenstrauss 1984; Dasgupta 2000 (UAI), experiments with random projection.
    """

    def __init__(self, k: int = 2, *, random_state: int | None = None):
        self.k = k
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Draw the directions for X, shape (n, d)."""
        X = self._valid(X, reset=True)
        self.check_k(X.shape[1])
        self.projection_ = GaussianRandomProjection(self.k, random_state=self.random_state).fit(X)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Project X, shape (n, d), to shape (n, k)."""
        check_is_fitted(self)
        return np.asarray(self.projection_.transform(self._valid(X, reset=False)))


class Autoencoder(Projection):
    """Autoencoder with a bottleneck of k values, from which it reconstructs the record.

    The layers have d, `hidden`, k, `hidden` and d values, with tanh between them. Adam minimizes the squared error. A
    transformed record is its k bottleneck values, each in [-1, 1].

    Args:
        k: Number of bottleneck values, 1 to d.
        hidden: Width of the layers before and after the bottleneck.
        epochs: Maximum number of epochs; training stops early after ten epochs without improvement.
        batch_size: Records in a batch.
        learning_rate: Learning rate of Adam.
        random_state: Seed of the initial weights and of the order of the records.
    Attributes:
        weights_: Weights of the two encoder layers, shapes (d, hidden) and (hidden, k).
        biases_: Biases of the two encoder layers, shapes (hidden,) and (k,).
    Reference:
        Hinton & Salakhutdinov 2006, doi:10.1126/science.1127647.
    """

    def __init__(
        self,
        k: int = 2,
        *,
        hidden: int = 32,
        epochs: int = 20,
        batch_size: int = 512,
        learning_rate: float = 0.003,
        random_state: int | None = None,
    ):
        self.k = k
        self.hidden = hidden
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    def check_k(self, n_features: int, n_classes: int | None = None) -> None:
        super().check_k(n_features)
        for name in ("hidden", "epochs", "batch_size"):
            check_whole(name, getattr(self, name), 1)
        if not self.learning_rate > 0:
            raise ValueError(f"reducer.learning_rate={self.learning_rate!r}: expected a number above 0")

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train on X, shape (n, d), n >= 2."""
        X = self._valid(X, reset=True)
        self.check_k(X.shape[1])
        network = MLPRegressor(
            hidden_layer_sizes=(self.hidden, self.k, self.hidden),
            activation="tanh",
            batch_size=min(self.batch_size, len(X)),
            learning_rate_init=self.learning_rate,
            max_iter=self.epochs,
            random_state=self.random_state,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it used all epochs, as configured
            network.fit(X, X[:, 0] if X.shape[1] == 1 else X)
        self.weights_, self.biases_ = network.coefs_[:2], network.intercepts_[:2]
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Encode X, shape (n, d), as bottleneck values in [-1, 1], shape (n, k)."""
        check_is_fitted(self)
        values = self._valid(X, reset=False)
        for weights, biases in zip(self.weights_, self.biases_, strict=True):
            values = np.tanh(values @ weights + biases)
        return values
