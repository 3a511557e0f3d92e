"""Scaling and reducing as one fitted object, how it is kept, and the two tables people look at."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline

from src.data.layout import ModelInput, Windows
from src.data.schema import FEATURES
from src.features.mutual_information import mutual_information
from src.features.reducers import Reducer
from src.features.scaling import UnitRange
from src.utils.files import whole_file

# All that a kept pipeline may be made of beside scikit-learn's public classes: the reducers of these modules, and these
# classes. Anything else in the file is refused.
_REDUCERS = ("src.features.reducers", "src.features.selection", "src.features.projection")
_CLASSES = ("src.features.scaling.UnitRange", "sklearn.utils._tags.Tags")


@dataclass(frozen=True)
class Reduced:
    """One part as the models read it.

    Attributes:
        X: float32, shape (n, k), or Windows, shape (n, w, k).
        y: Class index, int32, shape (n,).
        attack: Attack type, int32, shape (n,): its place in `src.data.schema.LABELS`.
    """

    X: ModelInput
    y: np.ndarray
    attack: np.ndarray

    def without(self, rows: np.ndarray) -> "Reduced":
        """All but some rows, int64."""
        kept = np.delete(np.arange(len(self.y)), rows)
        return Reduced(self.X[kept], self.y[kept], self.attack[kept])


def fit_preparation(
    reducer: Reducer, X: np.ndarray, y: np.ndarray, scaler: UnitRange | None = None
) -> tuple[Pipeline, float]:
    """Fit scaling to [0, 1] and the reducer on the training part.

    Args:
        X: float32, shape (n, 53).
        y: int32, shape (n,).
        scaler: Unfitted; plain min-max scaling unless given.
    Returns:
        The fitted pipeline and the seconds it took.
    """
    start = time.perf_counter()
    pipeline = Pipeline([("scale", clone(scaler or UnitRange())), ("reduce", clone(reducer))])
    pipeline.fit(X, y)
    return pipeline, time.perf_counter() - start


def prepare(pipeline: Pipeline, X: np.ndarray) -> np.ndarray:
    """Encoded features, float32, shape (n, 53), to model input, float32, shape (n, k)."""
    return np.ascontiguousarray(pipeline.transform(X), dtype=np.float32)


def save_preparation(pipeline: Pipeline, path: Path) -> None:
    """Keep a fitted pipeline in a format that runs no code when it is read."""
    import skops.io  # late, here and below: it imports all of scikit-learn

    with whole_file(path) as part:
        skops.io.dump(pipeline, part)


def load_preparation(path: Path) -> Pipeline:
    """Read a kept pipeline.

    Raises:
        skops.io.exceptions.UntrustedTypesFoundException: the file holds anything but this project's own pipeline.
    """
    import skops.io

    trusted = [name for name in skops.io.get_untrusted_types(file=path) if name in _CLASSES or _is_reducer(name)]
    pipeline = skops.io.load(path, trusted=trusted)
    if not isinstance(pipeline, Pipeline):
        raise ValueError(f"{path}: found a {type(pipeline).__name__}, expected a fitted Pipeline")
    return pipeline


def _is_reducer(name: str) -> bool:
    """Tell whether a full name is that of a reducer of this project; imports no other module to find out."""
    module, _, attribute = name.rpartition(".")
    found = getattr(import_module(module), attribute, None) if module in _REDUCERS else None
    return isinstance(found, type) and issubclass(found, Reducer)


def save_reduced(part: Reduced, path: Path) -> None:
    """Keep one part; windows as the records they are of, k values each, and a place for each window."""
    X = part.X
    with whole_file(path) as new, new.open("wb") as file:
        if isinstance(X, Windows):
            np.savez(file, rows=X.rows, last=X.last, window=X.window, y=part.y, attack=part.attack)
        else:
            np.savez(file, X=X, y=part.y, attack=part.attack)


def load_reduced(path: Path) -> Reduced:
    """Read back what `save_reduced` kept."""
    with np.load(path) as arrays:
        windows = "X" not in arrays
        X = Windows(arrays["rows"], arrays["last"], int(arrays["window"])) if windows else arrays["X"]
        return Reduced(X, arrays["y"], arrays["attack"])


def explained_variance(X: np.ndarray, scaler: UnitRange | None = None) -> pd.DataFrame:
    """Share of the variance of scaled X, shape (n, d), that each principal component explains.

    Args:
        scaler: Unfitted; plain min-max scaling unless given.

    Returns:
        Columns `component` (1-based), `ratio`, `cumulative`; d rows.
    """
    scaled = clone(scaler or UnitRange()).fit_transform(X)
    ratio = PCA(svd_solver="covariance_eigh").fit(scaled).explained_variance_ratio_
    return pd.DataFrame(
        {"component": np.arange(1, len(ratio) + 1), "ratio": ratio, "cumulative": np.minimum(np.cumsum(ratio), 1.0)}
    )


def mutual_information_ranking(X: np.ndarray, y: np.ndarray, features: Sequence[str] = FEATURES) -> pd.DataFrame:
    """The paper's mutual information of each feature with the class, best first.

    Args:
        X: float32, shape (n, d); scaling does not matter.
        y: int32, shape (n,).
        features: Names of the d columns.
    Returns:
        Columns `rank` (1-based), `feature`, `position` (1-based), `score` (nats); d rows.
    """
    scores = mutual_information(X, y)
    order = np.argsort(-scores, kind="stable")
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(order) + 1),
            "feature": [features[place] for place in order],
            "position": order + 1,
            "score": scores[order],
        }
    )
