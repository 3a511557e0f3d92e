"""What came before a record in its file: how many of the last records were like it.

The contest's own columns count connections to one host or service; these need no addresses, only the file's order, and
reach further back. Idea: the "connection window" of Lee & Stolfo 2000, doi:10.1145/382912.382914, section 5.2.
"""

from collections.abc import Sequence

import numpy as np

from src.data.duplicates import vector_ids
from src.data.schema import FEATURES, FLAGS

_FLAG = tuple(f"flag_{name}" for name in FLAGS)
# Records are alike in five ways: these features are the same.
ALIKE = {
    "service": ("service",),
    "service_flag": ("service", *_FLAG),
    "service_src_bytes": ("service", "src_bytes"),
    "service_dst_bytes": ("service", "dst_bytes"),
    "service_flag_bytes": ("service", *_FLAG, "src_bytes", "dst_bytes"),
}


class History:
    """Counts of like records among the last ones of a file that comes in blocks, in order.

    Args:
        lengths: How many records back each count looks, each 1 or more.

    >>> X = np.zeros((4, len(FEATURES)), dtype=np.float32)
    >>> X[2, FEATURES.index("src_bytes")] = 7
    >>> service, *_, everything = History([3])(X).T  # nothing, one, two, three like it; of the third, none has 7 bytes
    >>> np.expm1(service * np.log(4)).round().tolist(), np.expm1(everything * np.log(4)).round().tolist()
    ([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 0.0, 2.0])
    """

    def __init__(self, lengths: Sequence[int]):
        self._lengths = tuple(lengths)
        self._before = np.zeros((len(ALIKE), 0), dtype=np.uint64)  # of the last records, as far as a count looks

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """The counts of the next records.

        Args:
            X: Encoded records, float32, shape (n, 53), unscaled.
        Returns:
            float32, shape (n, 5 lengths): for each length and each way of `ALIKE`, log(1 + count) / log(1 + length).
        """
        now = [vector_ids(X[:, [FEATURES.index(name) for name in names]]) for names in ALIKE.values()]
        keys = np.concatenate([self._before, np.stack(now)], axis=1)
        known = self._before.shape[1]
        self._before = keys[:, max(0, keys.shape[1] - max(self._lengths)) :].copy()
        columns = np.empty((len(self._lengths) * len(keys), len(X)), dtype=np.float32)
        for way, key in enumerate(keys):
            for place, count in enumerate(_earlier(key, self._lengths)):
                columns[place * len(keys) + way] = np.log1p(count[known:]) / np.log1p(self._lengths[place])
        return columns.T


def with_history(rows: np.ndarray, history: np.ndarray) -> np.ndarray:
    """What a model reads of n records: k values of each, float32, shape (n, k), and behind them its counts."""
    return np.concatenate([rows, history], axis=1)


def _earlier(key: np.ndarray, lengths: Sequence[int]) -> list[np.ndarray]:
    """For each length, how many of so many records before each one have its key: int64, shape (n,)."""
    n = len(key)
    kind = np.unique(key, return_inverse=True)[1].astype(np.int64)
    place = np.arange(n)
    # (key, place) as one number: among those of a key, the places are in order
    own = kind * (n + 1) + place
    ordered = np.sort(own)
    rank = np.searchsorted(ordered, own)
    return [rank - np.searchsorted(ordered, kind * (n + 1) + np.maximum(place - length, 0)) for length in lengths]
