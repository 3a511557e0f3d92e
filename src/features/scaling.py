"""Scales the encoded features to [0, 1], the first step of the fitted preparation."""

from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
from pydantic.dataclasses import dataclass
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from src.data.schema import COLUMNS, FEATURES, SERVICES
from src.features.encoding import UNKNOWN_SERVICE
from src.utils.validation import CHECKED

_FLOATS = [np.float64, np.float32]
_COUNTS = tuple(column for column, name in enumerate(FEATURES) if COLUMNS.get(name) == "count")
_SERVICE = FEATURES.index("service")
_SERVICE_INDICATORS = tuple(f"service_{name}" for name in (*SERVICES, "unknown"))


@dataclass(frozen=True, config=CHECKED)
class Scaling:
    """Scaling of the 53 encoded features.

    Attributes:
        name: `minmax`, the paper's scaling, or `log_minmax`, which first takes log(1 + x) of the bytes and counts.
        clip: If true, values outside the range of the training part are cut to it.
        one_hot_service: If true, 71 indicators (70 services and `unknown`) replace the service's code, which makes 123
            features.
    """

    name: Literal["minmax", "log_minmax"]
    clip: bool
    one_hot_service: bool

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the 53 or 123 features, in order."""
        if not self.one_hot_service:
            return FEATURES
        return (*(name for name in FEATURES if name != "service"), *_SERVICE_INDICATORS)

    def unscaled(self, X: np.ndarray) -> np.ndarray:
        """Compute the columns of `features`, unscaled float32, from encoded records, float32, shape (n, 53)."""
        return one_hot(X, _SERVICE, UNKNOWN_SERVICE + 1) if self.one_hot_service else X

    def scaler(self) -> "UnitRange":
        """Build the unfitted scaler of encoded records."""
        return UnitRange(
            log=_COUNTS if self.name == "log_minmax" else (),
            one_hot=_SERVICE if self.one_hot_service else None,
            codes=UNKNOWN_SERVICE + 1,
            clip=self.clip,
        )


class UnitRange(TransformerMixin, BaseEstimator):
    """Min-max scaler to [0, 1], with an optional logarithm of some columns and indicators for one column.

    Args:
        log: Columns that are replaced by log(1 + x); X must not have negative values then.
        one_hot: Column of codes that is replaced by indicators behind the other columns; None for no column.
        codes: Number of codes, which are 0 to codes - 1; any other value has no indicator.
        clip: If true, values outside the fitted range are cut to [0, 1].
    Attributes:
        minmax_: Fitted scikit-learn scaler of the resulting columns.
    """

    def __init__(self, *, log: Sequence[int] = (), one_hot: int | None = None, codes: int = 2, clip: bool = False):
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
        """Scale X, shape (n, d), to shape (n, d), or (n, d - 1 + codes) with a one-hot column."""
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
        return X if self.one_hot is None else one_hot(X, self.one_hot, self.codes)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = bool(len(self.log))
        return tags


def one_hot(X: np.ndarray, column: int, codes: int) -> np.ndarray:
    """Replace a column of X, shape (n, d), by an indicator for each code 0 ... codes - 1, behind the other columns.

    Returns:
        Columns of X's dtype, shape (n, d - 1 + codes), stored column by column.

    >>> one_hot(np.array([[5.0, 2.0, 7.0], [6.0, 0.0, 8.0]]), 1, 3).tolist()
    [[5.0, 7.0, 0.0, 0.0, 1.0], [6.0, 8.0, 1.0, 0.0, 0.0]]
    """
    d = X.shape[1]
    by_column = np.empty((d - 1 + codes, len(X)), dtype=X.dtype)
    by_column[: d - 1] = np.delete(X.T, column, axis=0)
    by_column[d - 1 :] = X[:, column] == np.arange(codes)[:, None]
    return by_column.T
