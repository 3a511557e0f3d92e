"""Layout of the model input: the values of a record in steps, and the records before it in its file."""

from collections.abc import Sequence
from dataclasses import field
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from src.data.history import ALIKE
from src.data.schema import GROUPS, group
from src.utils.validation import CHECKED

LayoutName = Literal["record", "groups", "history", "window"]
Window = Annotated[int, Field(ge=1, le=10_000)]
HistoryLength = Annotated[int, Field(ge=1, le=1_000_000)]


@dataclass(frozen=True, config=CHECKED)
class Layout:
    """Layout of the model input for each record.

    The previous records are those of the source file, in whatever part they are. A training window may contain
    validation records, without their labels, and the other way round.

    Attributes:
        name: `record`, the paper's layout: the k values of a record as a sequence of k steps. `groups`: its features as
            four steps, one for each group of the contest (`src.data.schema.GROUPS`). `history`: these four steps and a
            fifth with counts of similar previous records (`src.data.history.History`). `window`: the last records of
            the file up to this one, each a step of k values.
        window: Records in a window; 1 for all layouts but `window`.
        history: Numbers of previous records that the counts of `history` cover; empty for the other layouts.
        short_history: Share of the training records that get an empty or short history, as at the start of a file
            (`src.data.history.short_histories`); for `history`.
    """

    name: LayoutName
    window: Window
    history: list[HistoryLength] = field(default_factory=list)
    short_history: Annotated[float, Field(ge=0, le=1)] = 0.0

    @model_validator(mode="after")
    def _check(self) -> "Layout":
        if self.name != "window" and self.window != 1:
            raise ValueError(f"window={self.window}: expected 1 where a model reads one record; add layout=window")
        if bool(self.history) != (self.name == "history"):
            raise ValueError(
                f"history={self.history}: expected one length or more with layout=history, and none elsewhere"
            )
        if self.short_history and self.name != "history":
            raise ValueError(f"short_history={self.short_history:g}: expected 0 without layout=history")
        return self

    @property
    def follows_file(self) -> bool:
        """True if a model also reads the previous records of the file."""
        return self.name in ("history", "window")

    def steps(self, features: Sequence[str]) -> np.ndarray | None:
        """Map each of k features, and each history count behind them, to its step.

        Returns:
            Step of each column, int64, shape (k + counts,); None for layouts that do not read groups.
        """
        if self.name not in ("groups", "history"):
            return None
        steps = {name: step for step, name in enumerate(GROUPS)}
        counts = [len(GROUPS)] * (len(self.history) * len(ALIKE))
        return np.array([steps[group(feature)] for feature in features] + counts, dtype=np.int64)


class Windows:
    """Windows of the w records that end with each of n records. The first record of the file is repeated before itself.

    The object represents an array of shape (n, w, k) but stores only positions. It takes 4 k bytes for each record of
    the file and 8 for each window, where the array would take 4 w k for each window. Training and scoring gather the
    distinct windows of a part or a batch: 0.4 GB for 100,000 windows of 8 records with 123 features.

    Args:
        rows: Consecutive records of a file, float32, shape (m, k).
        last: Row of the newest record of each window, 0 to m - 1, int64, shape (n,).
        window: Records in a window, w, 1 or more.

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
        """Newest record of each window, float32, shape (n, k)."""
        return self.rows[self.last]

    @property
    def places(self) -> np.ndarray:
        """Rows of each window, oldest first, int64, shape (n, w)."""
        return np.maximum(self.last[:, None] + np.arange(1 - self.window, 1), 0)

    def __getitem__(self, which: "np.ndarray | slice | list[int]") -> "Windows":
        """Select windows; only their positions are copied."""
        return Windows(self.rows, self.last[which], self.window)

    def __array__(self, dtype: "np.typing.DTypeLike | None" = None, copy: bool | None = None) -> np.ndarray:
        """Gather all windows into one array, float32, shape (n, w, k)."""
        return np.asarray(self.rows[self.places], dtype=dtype)


def request_windows(rows: np.ndarray, request: int, window: int) -> Windows:
    """Build the windows of records that come in requests of consecutive records, each a complete file.

    Args:
        rows: Consecutive records, float32, shape (n, k).
        request: Records in a request; the last one may have fewer.
        window: Records in a window, w, 1 or more.

    >>> rows = np.array([[1.0], [2.0], [3.0]], dtype=np.float32)
    >>> np.asarray(request_windows(rows, 2, 3))[..., 0].tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 2.0], [3.0, 3.0, 3.0]]
    """
    record = np.arange(len(rows))
    number, before = record // request, window - 1
    last = record + (number + 1) * before  # behind the copies of the first record of each request
    source = np.zeros(len(rows) + (int(number[-1]) + 1) * before if len(rows) else 0, dtype=np.int64)
    source[last] = record
    for copy in range(1, before + 1):
        source[last[::request] - copy] = record[::request]
    return Windows(rows[source], last, window)


ModelInput = np.ndarray | Windows
