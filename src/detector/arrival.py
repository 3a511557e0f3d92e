"""Ways in which the records of a file may reach a detector that reads previous records: alone, shuffled, mixed."""

from collections.abc import Iterator

import numpy as np

from src.detector.detector import Detector

REQUEST = 100  # consecutive records of a request
STREAMS = 10  # parts of the file that a mixed stream takes one record of in turn


def by_arrival(detector: Detector, X: np.ndarray, seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """Score the records of a file as they may arrive.

    Ways: `single`, each record alone; `requests`, 100 consecutive records at a time; `shuffled`; `reversed`; `mixed`, a
    record of each tenth of the file in turn.

    Args:
        X: Encoded records, float32, shape (n, 53), in the order of the file.
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
