"""Ways in which the records of a file may reach a detector that reads previous records: alone, shuffled, mixed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:  # stages that score nothing import the names of the ways
    from src.detector.detector import Detector

REQUEST = 100  # consecutive records of a request
STREAMS = 10  # parts of the file that a mixed stream takes one record of in turn
IN_FILE = "file"


@dataclass(frozen=True)
class Way:
    """A way in which records arrive.

    Attributes:
        words: What arrives, in words.
        short: The same for the title of a column.
    """

    words: str
    short: str


WAYS: Final[Mapping[str, Way]] = {
    IN_FILE: Way("the file, in order", "file in order"),
    "single": Way("single records, each without a history", "single records"),
    "requests": Way(f"requests of {REQUEST} consecutive records, each a file of its own", f"requests of {REQUEST}"),
    "shuffled": Way("the file, shuffled", "shuffled"),
    "reversed": Way("the file, reversed", "reversed"),
    "mixed": Way(f"{STREAMS} parts of the file, a record of each in turn", f"{STREAMS} parts mixed"),
}


def by_arrival(detector: "Detector", X: np.ndarray, seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """Score the records of a file in each of `WAYS` but that of the file itself.

    Args:
        X: Encoded records, float32, shape (n, d), in the order of the file.
        seed: Seed of the shuffle.
    Returns:
        Name of each way, and the uncalibrated probabilities, float32, shape (n, classes), in the order of the file.
    """
    for name, request in (("single", 1), ("requests", REQUEST)):
        yield name, detector.uncalibrated(X, request)
    place = np.arange(len(X))
    orders = {
        "shuffled": np.random.default_rng([seed, 6]).permutation(len(X)),
        "reversed": place[::-1],
        "mixed": np.argsort(np.concatenate([np.arange(len(part)) for part in np.array_split(place, STREAMS)]),
                            kind="stable"),
    }  # fmt: skip
    for name, order in orders.items():
        probability = np.empty((len(X), len(detector.card.class_names)), dtype=np.float32)
        probability[order] = detector.uncalibrated(X[order])
        yield name, probability
