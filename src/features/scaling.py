"""Scales the encoded features to [0, 1], the first step of the fitted preparation."""

from collections.abc import Sequence
from itertools import chain
from typing import Any, Literal, Self

import numpy as np
from pydantic.dataclasses import dataclass
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from src.data.schema import Schema, indicator_names
from src.utils.validation import CHECKED

_FLOATS = [np.float64, np.float32]
_UNKNOWN = "unknown"  # value of the indicator of all values that are not known


@dataclass(frozen=True, config=CHECKED)
class Scaling:
    """Scaling of the encoded features.

    Attributes:
        name: `minmax`, the paper's scaling, or `log_minmax`, which first takes log(1 + x) of the counts.
        clip: If true, values outside the range of the training part are cut to it.
        one_hot_service: If true, indicators replace each category's code. In KDD99 these are 71 (70 services and
            `unknown`) for that of the service, which makes 123 features.
    """

    name: Literal["minmax", "log_minmax"]
    clip: bool
    one_hot_service: bool

    def features(self, schema: Schema) -> tuple[str, ...]:
        """Names of the features of a schema, in order."""
        if not self.one_hot_service:
            return schema.features
        indicators = [indicator_names(name, (*schema.vocabularies[name], _UNKNOWN)) for name in schema.codes]
        return (*(name for name in schema.features if name not in schema.codes), *chain(*indicators))

    def unscaled(self, X: np.ndarray, schema: Schema) -> np.ndarray:
        """Compute the columns of `features`, unscaled float32, from encoded records, float32, shape (n, d)."""
        return one_hot(X, *_coded(schema)) if self.one_hot_service else X

    def scaler(self, schema: Schema) -> "UnitRange":
        """Build the unfitted scaler of encoded records."""
        columns, codes = _coded(schema) if self.one_hot_service else ((), ())
        counts = tuple(place for place, name in enumerate(schema.features) if schema.kinds.get(name) == "count")
        return UnitRange(log=counts if self.name == "log_minmax" else (), one_hot=columns, codes=codes, clip=self.clip)


def _coded(schema: Schema) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Places of the features that are codes, and how many codes each has: the known values, and one for all others."""
    places = tuple(schema.features.index(name) for name in schema.codes)
    return places, tuple(len(schema.vocabularies[name]) + 1 for name in schema.codes)


class UnitRange(TransformerMixin, BaseEstimator):
    """Min-max scaler to [0, 1], with an optional logarithm of some columns and indicators for others.

    Args:
        log: Columns that are replaced by log(1 + x); X must not have negative values then.
        one_hot: Columns of codes that are replaced by indicators behind the other columns.
        codes: Number of codes of each of these columns, which are 0 to codes - 1; any other value has no indicator.
        clip: If true, values outside the fitted range are cut to [0, 1].
    Attributes:
        minmax_: Fitted scikit-learn scaler of the resulting columns.
    """

    def __init__(
        self, *, log: Sequence[int] = (), one_hot: Sequence[int] = (), codes: Sequence[int] = (), clip: bool = False
    ):
        self.log = log
        self.one_hot = one_hot
        self.codes = codes
        self.clip = clip

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the range of each column of X, shape (n, d)."""
        X = validate_data(self, X, dtype=_FLOATS)
        self.minmax_ = MinMaxScaler(clip=self.clip).fit(self._columns(X))
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Scale X, shape (n, d), to shape (n, d), or with the indicators of codes in place of their columns."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=_FLOATS, reset=False)
        return np.asarray(self.minmax_.transform(self._columns(X)))

    def _columns(self, X: np.ndarray) -> np.ndarray:
        """Apply logarithms and indicators to X; returns X itself if there are none."""
        if len(self.log):
            if (X < 0).any():
                column = int((X < 0).any(axis=0).argmax())
                raise ValueError(
                    f"Negative values in data: found {X[:, column].min():g} in column {column}, expected 0 or more, "
                    "which has a logarithm; use scaling=minmax"
                )
            X = X.copy(order="K")
            for column in self.log:
                X[:, column] = np.log1p(X[:, column])
        return one_hot(X, self.one_hot, self.codes) if len(self.one_hot) else X

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = bool(len(self.log))
        return tags


def one_hot(X: np.ndarray, columns: Sequence[int], codes: Sequence[int]) -> np.ndarray:
    """Replace columns of X, shape (n, d), by an indicator for each code 0 ... codes - 1, behind the other columns.

    Returns:
        Columns of X's dtype, shape (n, d - columns + codes), stored column by column.

    >>> one_hot(np.array([[5.0, 2.0, 7.0], [6.0, 0.0, 8.0]]), [1], [3]).tolist()
    [[5.0, 7.0, 0.0, 0.0, 1.0], [6.0, 8.0, 1.0, 0.0, 0.0]]
    """
    at = X.shape[1] - len(columns)
    by_column = np.empty((at + sum(codes), len(X)), dtype=X.dtype)
    by_column[:at] = np.delete(X.T, list(columns), axis=0)
    for column, count in zip(columns, codes, strict=True):
        by_column[at : at + count] = X[:, column] == np.arange(count)[:, None]
        at += count
    return by_column.T
