"""What a model reads of a record: its values, in steps, and what came before it in its file."""

from collections.abc import Sequence
from dataclasses import field
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from src.data.history import ALIKE
from src.data.schema import GROUPS, group
from src.utils.validation import CHECKED


@dataclass(frozen=True, config=CHECKED)
class Layout:
    """What a model reads of each record.

    Attributes:
        name: `record` (the paper's: its k values as a sequence of k steps); `groups`: its features as four steps, a
            group of the contest each, see `src.data.schema.GROUPS`; `history`: these and, as a fifth step, how
            many of the records before it in the file were like it (`src.data.history.History`); or `window`: the last
            records of the file up to this one, a step of k values each. The records before are those of the source
            file, whatever part they are in: windows of training contain records of validation, without their labels,
            and the other way.
        window: Records in a window; 1 for all but `window`.
        history: How many records back each count of `history` looks; none for the others.
    """

    name: Literal["record", "groups", "history", "window"]
    window: Annotated[int, Field(ge=1)]
    history: list[Annotated[int, Field(ge=1)]] = field(default_factory=list)

    @model_validator(mode="after")
    def _check(self) -> "Layout":
        if self.name != "window" and self.window != 1:
            raise ValueError(f"window={self.window}: expected 1 where a model reads one record; add layout=window")
        if bool(self.history) != (self.name == "history"):
            raise ValueError(
                f"history={self.history}: expected one length or more with layout=history, and none elsewhere"
            )
        return self

    @property
    def follows_file(self) -> bool:
        """Whether a model also reads the records that stand before a record in its file."""
        return self.name in ("history", "window")

    def steps(self, features: Sequence[str]) -> np.ndarray | None:
        """The step that each of k features, and each count of the history behind them, belongs to.

        Returns:
            int64, shape (k + counts,); None unless they are read by groups.
        """
        if self.name not in ("groups", "history"):
            return None
        places = {name: place for place, name in enumerate(GROUPS)}
        counts = [len(GROUPS)] * (len(self.history) * len(ALIKE))
        return np.array([places[group(feature)] for feature in features] + counts, dtype=np.int64)


class Windows:
    """For each of n records a window of the w records that end with it; before the first record stands the first.

    It stands for an array of shape (n, w, k), of which it keeps the places alone: 4 k bytes for each record of the file
    and 8 for each window, where the array takes 4 w k a window. Who trains or scores gathers the distinct windows of a
    part or a batch; 0.4 GB for 100,000 windows of 8 records with 123 features.

    Args:
        rows: float32, shape (m, k): the records that follow each other in a file.
        last: int64, shape (n,): the row of the newest record of each window, 0 to m - 1.
        window: w, 1 or more.

    >>> windows = Windows(np.array([[1.0], [2.0], [3.0]], dtype=np.float32), np.array([0, 2]), 3)
    >>> np.asarray(windows)[..., 0].tolist(), np.asarray(windows[[1]])[..., 0].tolist()
    ([[1.0, 1.0, 1.0], [1.0, 2.0, 3.0]], [[1.0, 2.0, 3.0]])
    """

    def __init__(self, rows: np.ndarray, last: np.ndarray, window: int):
        self.rows = rows
        self.last = last
        self.window = window

    def __len__(self) -> int:
        return len(self.last)

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self.last), self.window, self.rows.shape[1]

    @property
    def newest(self) -> np.ndarray:
        """The record that each window is about, float32, shape (n, k)."""
        return self.rows[self.last]

    @property
    def places(self) -> np.ndarray:
        """The rows of each window, oldest first: int64, shape (n, w)."""
        return np.maximum(self.last[:, None] + np.arange(1 - self.window, 1), 0)

    def __getitem__(self, which: "np.ndarray | slice | list[int]") -> "Windows":
        """Some of the windows; nothing is copied but their places."""
        return Windows(self.rows, self.last[which], self.window)

    def __array__(self, dtype: "np.typing.DTypeLike | None" = None, copy: bool | None = None) -> np.ndarray:
        """All the windows side by side, float32, shape (n, w, k)."""
        return np.asarray(self.rows[self.places], dtype=dtype)


ModelInput = np.ndarray | Windows
