"""History of a record: counts of similar records among the records before it in its file.

The contest's own columns count connections to one host or service. These counts need no addresses, only the order of
the file, and they cover more records. Idea: the "connection window" of Lee & Stolfo 2000,
doi:10.1145/382912.382914, section 5.2.
"""

from collections.abc import Sequence

import numpy as np

from src.data.duplicates import vector_ids
from src.data.schema import FEATURES, FLAGS

_FLAG = tuple(f"flag_{name}" for name in FLAGS)
# Two records are similar in five ways: by equality of these features.
ALIKE = {
    "service": ("service",),
    "service_flag": ("service", *_FLAG),
    "service_src_bytes": ("service", "src_bytes"),
    "service_dst_bytes": ("service", "dst_bytes"),
    "service_flag_bytes": ("service", *_FLAG, "src_bytes", "dst_bytes"),
}


class History:
    """Counts similar records among the previous records of a file; the file comes in blocks, in order.

    Args:
        lengths: Numbers of previous records that the counts cover, each 1 or more.

    >>> X = np.zeros((4, len(FEATURES)), dtype=np.float32)
    >>> X[2, FEATURES.index("src_bytes")] = 7
    >>> service, *_, everything = History([3])(X).T  # 0, 1, 2, 3 similar records; the third alone has 7 bytes
    >>> np.expm1(service * np.log(4)).round().tolist(), np.expm1(everything * np.log(4)).round().tolist()
    ([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 0.0, 2.0])
    """

    def __init__(self, lengths: Sequence[int]):
        self._lengths = tuple(lengths)
        self._before = np.zeros((len(ALIKE), 0), dtype=np.uint64)  # keys of the records that a count still covers

    def __call__(self, X: np.ndarray, visible: np.ndarray | None = None) -> np.ndarray:
        """Count for the next records.

        Args:
            X: Encoded records, float32, shape (n, 53), unscaled.
            visible: Number of previous records that may be counted for each record, int64, shape (n,), as at the start
                of a file; None counts all.
        Returns:
            log(1 + count) / log(1 + length) for each length and each key of `ALIKE`, float32, shape (n, 5 lengths).
        """
        now = [vector_ids(X[:, [FEATURES.index(name) for name in names]]) for names in ALIKE.values()]
        keys = np.concatenate([self._before, np.stack(now)], axis=1)
        known = self._before.shape[1]
        self._before = keys[:, max(0, keys.shape[1] - max(self._lengths)) :].copy()
        columns = np.empty((len(self._lengths) * len(keys), len(X)), dtype=np.float32)
        covered: Sequence[int | np.ndarray] = self._lengths
        if visible is not None:
            covered = [np.append(np.zeros(known, dtype=np.int64), np.minimum(visible, one)) for one in self._lengths]
        for row, key in enumerate(keys):
            counts = _count_previous(key, covered)
            for position, (length, count) in enumerate(zip(self._lengths, counts, strict=True)):
                columns[position * len(keys) + row] = np.log1p(count[known:]) / np.log1p(length)
        return columns.T


def with_history(rows: np.ndarray, history: np.ndarray) -> np.ndarray:
    """Append the history counts of n records to their k values, float32, shape (n, k)."""
    return np.concatenate([rows, history], axis=1)


def short_histories(n: int, share: float, longest: int, seed: int) -> np.ndarray:
    """Draw how many previous records are visible: none or few for a share of the records, all for the others.

    Half of the share has an empty history. The other half has 1 to `longest` records, most of them few.

    Args:
        n: Number of records.
        share: Share of the records with an empty or short history.
        longest: Number of records that counts as all.
        seed: Seed of the draw.
    Returns:
        Numbers, int64, shape (n,).
    """
    rng = np.random.default_rng([seed, 5])
    few = np.floor(longest ** rng.random(n)).astype(np.int64)
    short = np.where(rng.random(n) < 0.5, 0, few)
    return np.where(rng.random(n) < share, short, longest)


def _count_previous(key: np.ndarray, lengths: "Sequence[int | np.ndarray]") -> list[np.ndarray]:
    """Count the records with the key of each record among the previous ones: int64, shape (n,), for each length.

    A length is one number, or one for each record.
    """
    n = len(key)
    code = np.unique(key, return_inverse=True)[1].astype(np.int64)
    position = np.arange(n)
    # (key, position) as one number: sorted, the positions of one key follow each other in order
    own = code * (n + 1) + position
    ordered = np.sort(own)
    rank = np.searchsorted(ordered, own)
    return [rank - np.searchsorted(ordered, code * (n + 1) + np.maximum(position - length, 0)) for length in lengths]
