"""Calibration: compares confidence with accuracy. Nine in ten verdicts with 90 % confidence should be right."""

import numpy as np
import pandas as pd

BINS = 15


def reliability(probability: np.ndarray, target: np.ndarray, bins: int = BINS) -> pd.DataFrame:
    """Compute confidence and accuracy of the most probable class in bins of about equally many records.

    Equal confidences share a bin, so the order of the records does not matter. A value frequent enough to fill a bin,
    such as the 1 of a tree, has a bin of its own; quantiles divide the rest. scikit-learn's `calibration_curve`
    differs: it interpolates quantiles, drops repeated edges and returns no counts.

    Args:
        probability: Class probabilities, float32, shape (n, classes), n >= 1.
        target: Class index, int32, shape (n,).
        bins: Approximate number of bins.
    Returns:
        Columns `records`, `confidence` (mean probability of the most probable class) and `accuracy`, by rising
        confidence.
    """
    confidence = probability.max(axis=1).astype(np.float64)
    right = probability.argmax(axis=1) == target
    values, records = np.unique(confidence, return_counts=True)
    alone = values[records > len(confidence) / bins]
    edges = np.concatenate([alone, np.nextafter(alone, -np.inf)])
    if len(rest := confidence[~np.isin(confidence, alone)]):
        n_rest = max(1, bins - len(alone))
        edges = np.append(edges, np.quantile(rest, np.arange(1, n_rest) / n_rest, method="inverted_cdf"))
    bin_of_record = np.searchsorted(np.unique(edges), confidence)
    records = np.bincount(bin_of_record)
    sums = [np.bincount(bin_of_record, weights=values)[records > 0] for values in (confidence, right)]
    records = records[records > 0]
    return pd.DataFrame({"records": records, "confidence": sums[0] / records, "accuracy": sums[1] / records})


def calibration_error(table: pd.DataFrame) -> float:
    """Expected calibration error of a `reliability` table: mean |accuracy - confidence|, weighted by records.

    Reference:
        Naeini et al., 2015, doi:10.1609/aaai.v29i1.9602; bins of equal mass: Nixon et al., 2019, arXiv:1904.01685.
    """
    return float(np.average((table["accuracy"] - table["confidence"]).abs(), weights=table["records"]))
