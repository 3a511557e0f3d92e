"""Rows that a network is trained on: the training part with duplicates merged, types limited, weights and grafts."""

import numpy as np

from src.data.layout import HISTORY_STEP, ModelInput
from src.models.dedup import merge_copies
from src.models.networks.history_grafts import graft
from src.models.networks.row_weights import balance, balance_types, limit_types
from src.models.training import Training

Rows = tuple[ModelInput, np.ndarray, np.ndarray]


def trained_rows(
    X: ModelInput,
    y: np.ndarray,
    training: Training,
    seed: int,
    *,
    attack: np.ndarray | None = None,
    steps: np.ndarray | None = None,
) -> Rows:
    """Make the rows to train on, their classes, int32, and their weights, float32, shape (m,).

    Args:
        X, y, attack, steps: Arguments of `src.models.interface.Model.fit`.
        training: Settings of the training.
        seed: Seed of all draws.
    Raises:
        ValueError: `training` needs attack types or a history, and there is none.
    """
    X, y, weight = _weighted(X, y, attack, training, seed)
    if not training.history_grafts:
        return X, y, weight
    return graft(np.asarray(X), y, weight, _history(steps), training.history_grafts, seed)


def _weighted(X: ModelInput, y: np.ndarray, attack: np.ndarray | None, training: Training, seed: int) -> Rows:
    """Make the rows without grafts."""
    if not (training.type_balance or training.max_rows_per_attack_type):
        X, y, weight = merge_copies(X, y, training.max_copies_per_row)
        return X, y, balance(weight, y, training.class_balance)
    if attack is None:
        raise ValueError(
            f"training.type_balance={training.type_balance} "
            f"training.max_rows_per_attack_type={training.max_rows_per_attack_type}: found no attack types, "
            "expected one for each row; pass `attack` to fit, or set them to 0 and null"
        )
    types = int(attack.max()) + 1
    X, attack_type, weight = merge_copies(X, y * types + attack, training.max_copies_per_row)
    if training.max_rows_per_attack_type:
        kept = limit_types(attack_type, training.max_rows_per_attack_type, seed)
        X, attack_type, weight = X[kept], attack_type[kept], weight[kept]
    y = attack_type // types
    weight = balance(weight, y, training.class_balance)
    return X, y, balance_types(weight, y, attack_type, training.type_balance)


def _history(steps: np.ndarray | None) -> np.ndarray:
    """Find the columns that describe the records before, int64."""
    columns = np.zeros(0, dtype=np.int64) if steps is None else np.flatnonzero(steps == HISTORY_STEP)
    if not len(columns):
        raise ValueError(
            "training.history_grafts: found no column of the history, expected layout=history; "
            "set it to 0 for other layouts"
        )
    return columns
