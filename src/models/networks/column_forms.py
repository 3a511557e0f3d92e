"""Forms in which a network reads a column: its value, its rank, a scaled logarithm, or indicators of its codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

ColumnForm = Literal["value", "rank", "logarithm", "rank_logarithm"]
MOST_EDGES = 255
MOST_CODES = 1000


@dataclass(frozen=True)
class ColumnForms:
    """Forms of the k columns of the model input. The forms are in this order: ranks, logarithms, indicators.

    Rank: share of the edges of the column that are at most the value, from 0 to 1. Logarithm: log(1 + x / unit) /
    log(1 + 1 / unit), which is 0 at 0 and 1 at 1; the unit is the smallest positive value of training. So a count that
    was scaled to [0, 1] gets the logarithm of the count. Values below 0 count as 0.

    Attributes:
        ranked: Columns with ranks.
        edges: Ascending edges of each of them, all exact in float32.
        logged: Columns with logarithms; columns of two values have none, as it would equal their rank.
        units: Unit of each of them, above 0.
        coded: Columns of codes.
        codes: Codes of each of them that occur in training, ascending; each has an indicator, and others have none.
    """

    ranked: list[int]
    edges: list[list[float]]
    logged: list[int]
    units: list[float]
    coded: list[int]
    codes: list[list[float]]

    @property
    def columns(self) -> np.ndarray:
        """Column that each form is made of, int64."""
        indicators = [column for column, own in zip(self.coded, self.codes, strict=True) for _ in own]
        return np.array([*self.ranked, *self.logged, *indicators], dtype=np.int64)

    def layer(self, axis: int) -> Any:
        """Build the Keras layer; `axis` is 1 for inputs of shape (batch, k, 1), and 2 for (batch, window, k)."""
        from src.models.networks.form_layers import FormsOfColumns

        return FormsOfColumns(self.ranked, self.edges, self.logged, self.units, self.coded, self.codes, axis)


def fit_forms(X: np.ndarray, form: ColumnForm, codes: Sequence[int]) -> ColumnForms | None:
    """Fit the forms on the training part; None leaves the columns as they are.

    Args:
        X: Model input, float32, shape (n, k), n >= 1.
        form: Form of the columns of numbers.
        codes: Columns of codes, which have no order.
    Raises:
        ValueError: a column of codes has more than `MOST_CODES`.
    """
    if form == "value":
        return None
    forms = ColumnForms([], [], [], [], [], [])
    for column in range(X.shape[1]):
        values = np.unique(X[:, column])
        if column in codes:
            if len(values) > MOST_CODES:
                raise ValueError(f"column {column + 1} of the model input: found {len(values):,} codes, expected at "
                                 f"most {MOST_CODES:,}; set model.form=value")  # fmt: skip
            forms.coded.append(column)
            forms.codes.append(values.tolist())
            continue
        if form in ("rank", "rank_logarithm"):
            forms.ranked.append(column)
            forms.edges.append(_edges(values).tolist())
        if form == "logarithm" or (form == "rank_logarithm" and len(values) > 2):
            positive = values[values > 0]
            forms.logged.append(column)
            forms.units.append(float(positive[0]) if len(positive) else 1.0)
    return forms


def _edges(values: np.ndarray) -> np.ndarray:
    """Choose the edges of a column from its distinct values, ascending: all but the lowest, or 255 evenly spaced."""
    above = values[1:]
    if len(above) <= MOST_EDGES:
        return above
    return above[np.linspace(0, len(above) - 1, MOST_EDGES).round().astype(np.int64)]
