"""Fits, saves and loads the preparation (scaling and reducer), and computes the two tables about it."""

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
from src.features.mutual_information import mutual_information
from src.features.reducers import Reducer
from src.features.scaling import UnitRange
from src.utils.archives import AGAIN
from src.utils.files import whole_file
from src.utils.repeatable_archives import make_repeatable
from src.utils.skops_files import load_object

# A saved pipeline may contain scikit-learn's public classes, the reducers of these modules, and these classes. A file
# with anything else is refused.
_REDUCERS = ("src.features.reducers", "src.features.selection", "src.features.projection")
_CLASSES = ("src.features.scaling.UnitRange", "sklearn.utils._tags.Tags")


@dataclass(frozen=True)
class Reduced:
    """Part of the data as input of a model.

    Attributes:
        X: Reduced features, float32, shape (n, k), or Windows, shape (n, w, k).
        y: Class index, int32, shape (n,).
        attack: Index of the label in `Schema.labels`, int32, shape (n,).
    """

    X: ModelInput
    y: np.ndarray
    attack: np.ndarray

    def without(self, rows: np.ndarray) -> "Reduced":
        """Drop the given rows, int64."""
        kept = np.delete(np.arange(len(self.y)), rows)
        return Reduced(self.X[kept], self.y[kept], self.attack[kept])


def fit_preparation(
    reducer: Reducer, X: np.ndarray, y: np.ndarray, scaler: UnitRange | None = None
) -> tuple[Pipeline, float]:
    """Fit scaling to [0, 1] and the reducer on the training part.

    Args:
        reducer: Unfitted reducer.
        X: Encoded features, float32, shape (n, d).
        y: Class index, int32, shape (n,).
        scaler: Unfitted scaler; None is plain min-max scaling.
    Returns:
        Fitted pipeline, and the seconds that the fit took.
    """
    start = time.perf_counter()
    pipeline = Pipeline([("scale", clone(scaler or UnitRange())), ("reduce", clone(reducer))])
    pipeline.fit(X, y)
    return pipeline, time.perf_counter() - start


def prepare(pipeline: Pipeline, X: np.ndarray) -> np.ndarray:
    """Transform encoded features, float32, shape (n, d), into model input, float32, shape (n, k)."""
    return np.ascontiguousarray(pipeline.transform(X), dtype=np.float32)


def save_preparation(pipeline: Pipeline, path: Path) -> None:
    """Save a fitted pipeline in a format that runs no code when it is loaded."""
    import skops.io  # a late import: it loads all of scikit-learn

    with whole_file(path) as part:
        skops.io.dump(pipeline, part)
        make_repeatable(part)


def load_preparation(path: Path) -> Pipeline:
    """Load a pipeline that `save_preparation` saved.

    Raises:
        ValueError: the file is damaged, contains a class that is not allowed, or another object than a pipeline.
    """
    pipeline = load_object(path, lambda name: name in _CLASSES or _is_reducer(name))
    if not isinstance(pipeline, Pipeline):
        raise ValueError(f"{path}: found a {type(pipeline).__name__}, expected a fitted Pipeline")
    steps = getattr(pipeline, "steps", None)
    pairs = [step for step in steps if isinstance(step, tuple) and len(step) == 2] if isinstance(steps, list) else []
    kinds = [type(step) for _, step in pairs]
    if len(kinds) != 2 or kinds[0] is not UnitRange or not issubclass(kinds[1], Reducer):
        found = ", ".join(kind.__name__ for kind in kinds)
        raise ValueError(f"{path}: found a Pipeline of {found or 'nothing'}, expected a scaling and a reducer; {AGAIN}")
    return pipeline


def _is_reducer(name: str) -> bool:
    """Check that a full name belongs to a reducer of this project, without importing any other module."""
    module, _, attribute = name.rpartition(".")
    found = getattr(import_module(module), attribute, None) if module in _REDUCERS else None
    return isinstance(found, type) and issubclass(found, Reducer)


def save_reduced(part: Reduced, path: Path) -> None:
    """Save a part; windows as their records of k values, and a position for each window."""
    X = part.X
    with whole_file(path) as new, new.open("wb") as file:
        if isinstance(X, Windows):
            np.savez(file, rows=X.rows, last=X.last, window=X.window, y=part.y, attack=part.attack)
        else:
            np.savez(file, X=X, y=part.y, attack=part.attack)


def load_reduced(path: Path) -> Reduced:
    """Load a part that `save_reduced` saved."""
    with np.load(path) as arrays:
        windows = "X" not in arrays
        X = Windows(arrays["rows"], arrays["last"], int(arrays["window"])) if windows else arrays["X"]
        return Reduced(X, arrays["y"], arrays["attack"])


def explained_variance(X: np.ndarray, scaler: UnitRange | None = None) -> pd.DataFrame:
    """Compute the share of the variance of scaled X, shape (n, d), that each principal component explains.

    Args:
        X: Encoded features, float32, shape (n, d).
        scaler: Unfitted scaler; None is plain min-max scaling.
    Returns:
        Columns `component` (1-based), `ratio`, `cumulative`; d rows.
    """
    scaled = clone(scaler or UnitRange()).fit_transform(X)
    ratio = PCA(svd_solver="covariance_eigh").fit(scaled).explained_variance_ratio_
    return pd.DataFrame(
        {"component": np.arange(1, len(ratio) + 1), "ratio": ratio, "cumulative": np.minimum(np.cumsum(ratio), 1.0)}
    )


def mutual_information_ranking(X: np.ndarray, y: np.ndarray, features: Sequence[str]) -> pd.DataFrame:
    """Rank the features by the paper's mutual information with the class, best first.

    Args:
        X: Features, float32, shape (n, d); scaling changes nothing.
        y: Class index, int32, shape (n,).
        features: Names of the d columns.
    Returns:
        Columns `rank` (1-based), `feature`, `position` (1-based), `score` (nats); d rows.
    """
    scores = mutual_information(X, y)
    order = np.argsort(-scores, kind="stable")
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(order) + 1),
            "feature": [features[column] for column in order],
            "position": order + 1,
            "score": scores[order],
        }
    )
