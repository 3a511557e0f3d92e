"""Check of class probabilities: a model whose numbers are damaged must not call a record normal."""

import numpy as np

_ROUNDING = 1e-3


def check_probability(probability: np.ndarray, first: int = 0) -> None:
    """Check class probabilities, shape (n, classes): from 0 to 1, with sum 1.

    A sum above 1 is not refused: Gaussian naive Bayes gives 1 to several classes where a record is so far from all of
    them that the differences of its logarithms are lost.

    Args:
        probability: Class probabilities.
        first: Number of scored records before these, for the message.
    Raises:
        ValueError: those of a record are not; NaN and infinity are not either.
    """
    within = (probability >= -_ROUNDING) & (probability <= 1 + _ROUNDING)
    right = within.all(axis=1) & (probability.sum(axis=1) >= 1 - _ROUNDING)
    if not right.all():
        record = int(right.argmin())
        found = ", ".join(f"{value:g}" for value in probability[record])
        raise ValueError(
            f"record {first + record + 1}: found the class probabilities {found}, expected finite numbers from 0 to 1 "
            "with sum 1; the model is damaged or does not fit the records: get the detector again, or train it again"
        )
