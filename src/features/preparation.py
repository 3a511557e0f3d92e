"""Scaling and reducing as one fitted object, how it is kept, and the two tables people look at."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import skops.io
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler

from src.data.schema import FEATURES
from src.features.mutual_information import mutual_information
from src.features.reducers import Reducer
from src.files import whole_file

# All that a kept pipeline may be made of; anything else in the file is refused.
TRUSTED = [f"src.features.reducers.{name}" for name in ("AllFeatures", "PrincipalComponents", "MutualInformation")] + [
    "sklearn.utils._tags.Tags"
]


@dataclass(frozen=True)
class Reduced:
    """One part as the models read it: X float32, shape (n, k); y int32, shape (n,)."""

    X: np.ndarray
    y: np.ndarray


def fit_preparation(reducer: Reducer, X: np.ndarray, y: np.ndarray) -> tuple[Pipeline, float]:
    """Fit min-max scaling to [0, 1] and the reducer on the training part.

    Args:
        X: float32, shape (n, 53).
        y: int32, shape (n,).
    Returns:
        The fitted pipeline and the seconds it took.
    """
    start = time.perf_counter()
    pipeline = Pipeline([("scale", MinMaxScaler()), ("reduce", clone(reducer))])
    pipeline.fit(X, y)
    return pipeline, time.perf_counter() - start


def prepare(pipeline: Pipeline, X: np.ndarray) -> np.ndarray:
    """Encoded features, float32, shape (n, 53), to model input, float32, shape (n, k)."""
    return np.ascontiguousarray(pipeline.transform(X), dtype=np.float32)


def save_preparation(pipeline: Pipeline, path: Path) -> None:
    """Keep a fitted pipeline in a format that runs no code when it is read."""
    with whole_file(path) as part:
        skops.io.dump(pipeline, part)


def load_preparation(path: Path) -> Pipeline:
    """Read a kept pipeline.

    Raises:
        skops.io.exceptions.UntrustedTypesFoundException: the file holds anything but this project's own pipeline.
    """
    pipeline = skops.io.load(path, trusted=TRUSTED)
    if not isinstance(pipeline, Pipeline):
        raise ValueError(f"{path}: found a {type(pipeline).__name__}, expected a fitted Pipeline")
    return pipeline


def explained_variance(X: np.ndarray) -> pd.DataFrame:
    """Share of the variance of min-max scaled X, shape (n, d), that each principal component explains.

    Returns:
        Columns `component` (1-based), `ratio`, `cumulative`; d rows.
    """
    ratio = PCA(svd_solver="covariance_eigh").fit(MinMaxScaler().fit_transform(X)).explained_variance_ratio_
    return pd.DataFrame(
        {"component": np.arange(1, len(ratio) + 1), "ratio": ratio, "cumulative": np.minimum(np.cumsum(ratio), 1.0)}
    )


def mutual_information_ranking(X: np.ndarray, y: np.ndarray) -> pd.DataFrame:
    """The paper's mutual information of each feature with the class, best first.

    Args:
        X: float32, shape (n, 53); scaling does not matter.
        y: int32, shape (n,).
    Returns:
        Columns `rank` (1-based), `feature`, `position` (1-based), `score` (nats); 53 rows.
    """
    scores = mutual_information(X, y)
    order = np.argsort(-scores, kind="stable")
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(order) + 1),
            "feature": [FEATURES[place] for place in order],
            "position": order + 1,
            "score": scores[order],
        }
    )
