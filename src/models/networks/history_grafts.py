"""History grafts: training rows that are an attack by their history alone."""

import numpy as np


def graft(
    X: np.ndarray, y: np.ndarray, weight: np.ndarray, history: np.ndarray, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Add copies of normal rows with the history and class of an attack, each with half the weight of the attack's row.

    An unknown attack may send many records that are normal one by one. A network that can classify all training attacks
    by their own records learns to ignore the history. These copies teach it that the history alone can show an attack.

    Args:
        X: Features, float32, shape (n, k).
        y: Classes, int32, shape (n,); 0 is normal.
        weight: Weights of the rows, float32, shape (n,).
        history: Columns of X that describe the records before, int64.
        share: Number of copies as a share of the normal rows; no copies are made if there is no attack.
        seed: Seed of the draw of normal rows, and of an attack for each.
    Returns:
        Features, classes and weights, float32, with mean 1; the copies come last.
    """
    normal, attacks = np.flatnonzero(y == 0), np.flatnonzero(y != 0)
    count = round(share * len(normal)) if len(attacks) else 0
    rng = np.random.default_rng([seed, 3])
    records, histories = rng.choice(normal, count), rng.choice(attacks, count) if count else attacks[:0]
    copies = X[records]
    copies[:, history] = X[histories[:, None], history]
    weight = np.concatenate([weight, weight[histories] / 2])
    return np.concatenate([X, copies]), np.concatenate([y, y[histories]]), (weight / weight.mean()).astype(np.float32)
