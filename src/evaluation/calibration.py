"""Whether probabilities are what they say: of the verdicts given with 90 % certainty, nine in ten should be right."""

import numpy as np
import pandas as pd

BINS = 15


def reliability(probability: np.ndarray, target: np.ndarray, bins: int = BINS) -> pd.DataFrame:
    """Certainty and accuracy of the most probable class, by bins of about as many records.

    Equal certainties are in one bin, so that a bin is what the probabilities say, not in which order the records come;
    one that fills a bin, as a tree's 1 does, has it to itself, and the rest is divided evenly.

    Args:
        probability: float32, shape (n, classes), n >= 1.
        target: int32, shape (n,).
    Returns:
        `records`, `confidence` (mean probability of the most probable class) and `accuracy`, by rising confidence.
    """
    confidence = probability.max(axis=1).astype(np.float64)
    right = probability.argmax(axis=1) == target
    values, records = np.unique(confidence, return_counts=True)
    alone = values[records > len(confidence) / bins]
    edges = np.concatenate([alone, np.nextafter(alone, -np.inf)])
    if len(rest := confidence[~np.isin(confidence, alone)]):
        n_rest = max(1, bins - len(alone))
        edges = np.append(edges, np.quantile(rest, np.arange(1, n_rest) / n_rest, method="inverted_cdf"))
    place = np.searchsorted(np.unique(edges), confidence)
    records = np.bincount(place)
    sums = [np.bincount(place, weights=values)[records > 0] for values in (confidence, right)]
    records = records[records > 0]
    return pd.DataFrame({"records": records, "confidence": sums[0] / records, "accuracy": sums[1] / records})


def calibration_error(table: pd.DataFrame) -> float:
    """Expected calibration error of a `reliability` table: the bins' mean |accuracy - confidence|, by records.

    Reference:
        Naeini et al., 2015, doi:10.1609/aaai.v29i1.9602; bins of equal mass: Nixon et al., 2019, arXiv:1904.01685.
    """
    return float(np.average((table["accuracy"] - table["confidence"]).abs(), weights=table["records"]))
