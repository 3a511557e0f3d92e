"""Training rows that look like an attack in nothing but what came before them."""

import numpy as np


def graft(
    X: np.ndarray, y: np.ndarray, weight: np.ndarray, history: np.ndarray, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Add copies of normal rows with the history and the class of an attack, each weighing half an attack's row.

    Attacks that training lacks may send records that are normal each for itself, and many of them. A network that
    learns all attacks from what their own records look like has no use for the history; these copies teach it that
    the history alone can be reason enough.

    Args:
        X: float32, shape (n, k).
        y: int32, shape (n,); 0 is normal.
        weight: float32, shape (n,).
        history: Columns of X that tell of the records before, int64.
        share: Copies to be made, as a share of the normal rows; none where there is no attack.
        seed: Of the draw of normal rows, and of the attack for each.
    Returns:
        X, y and weights, float32, that are 1 on average; the copies stand behind the rows.
    """
    normal, attacks = np.flatnonzero(y == 0), np.flatnonzero(y != 0)
    count = round(share * len(normal)) if len(attacks) else 0
    rng = np.random.default_rng([seed, 3])
    bodies, histories = rng.choice(normal, count), rng.choice(attacks, count) if count else attacks[:0]
    copies = X[bodies]
    copies[:, history] = X[histories[:, None], history]
    weight = np.concatenate([weight, weight[histories] / 2])
    return np.concatenate([X, copies]), np.concatenate([y, y[histories]]), (weight / weight.mean()).astype(np.float32)
