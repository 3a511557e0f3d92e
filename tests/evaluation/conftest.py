"""Made-up evaluations that the tests of pictures and reports share."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from src.evaluation import metrics
from src.evaluation.metrics import Evaluation
from src.evaluation.verdicts import Verdicts
from tests.kdd import FEATURES, LABELS

NAMES = ("normal", "dos", "probe", "user_to_root", "remote_to_local", "sixth", "seventh")


@pytest.fixture(scope="session")
def make_evaluation() -> Callable[..., tuple[Evaluation, tuple[str, ...]]]:
    """`make_evaluation(3)`: a good detector of three classes on 40 labels, and the names of the classes."""

    def make(n_classes: int, n: int = 2000) -> tuple[Evaluation, tuple[str, ...]]:
        rng = np.random.default_rng(n_classes)
        names = NAMES[:n_classes] if n_classes > 2 else ("normal", "attack")
        target = np.arange(n, dtype=np.int32) % n_classes
        logits = rng.normal(size=(n, n_classes)) + 4 * np.eye(n_classes)[target]
        probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        kinds = np.array([LABELS[place] for place in target])
        return metrics.evaluate(probability.astype(np.float32), target, kinds, names, known=LABELS[::2]), names

    return make


@pytest.fixture(scope="session")
def variance() -> pd.DataFrame:
    """Explained variance of 53 components."""
    ratio = np.array([0.55, 0.164, 0.108, 0.05, 0.03] + [0.098 / 48] * 48)
    return pd.DataFrame({"component": np.arange(1, 54), "ratio": ratio, "cumulative": ratio.cumsum().clip(max=1)})


@pytest.fixture(scope="session")
def information() -> pd.DataFrame:
    """Mutual information of 53 features, best first."""
    order = np.random.default_rng(0).permutation(53)
    return pd.DataFrame(
        {
            "rank": np.arange(1, 54),
            "feature": [FEATURES[place] for place in order],
            "position": order + 1,
            "score": np.linspace(0.69, 0, 53),
        }
    )


@pytest.fixture(scope="session")
def epochs() -> list[dict[str, float]]:
    """Five epochs, the last without an error on training."""
    return [
        {"epoch": one, "loss": 0.5 / one, "accuracy": 0.8 + one * 0.04, "val_loss": 0.6 / one, "val_accuracy": 0.9,
         "seconds": 0.25}
        for one in range(1, 6)
    ]  # fmt: skip


@pytest.fixture(scope="session")
def make_verdicts() -> Callable[..., Verdicts]:
    """`make_verdicts([0, 1], target=[0, 0])`: verdicts on records of lines 1, 2, ..., each a vector of its own."""

    def make(
        predicted: Sequence[int] | np.ndarray,
        *,
        target: Sequence[int] | np.ndarray,
        vector: Sequence[int] | np.ndarray | None = None,
        row: Sequence[int] | np.ndarray | None = None,
        classes: tuple[str, ...] = ("normal", "attack"),
        cost: Sequence[Sequence[float]] | None = None,
    ) -> Verdicts:
        lines = np.arange(1, len(predicted) + 1)
        return Verdicts(
            np.asarray(lines if row is None else row, dtype=np.int64),
            np.asarray(lines if vector is None else vector, dtype=np.uint64),
            np.asarray(target, dtype=np.int32),
            np.asarray(predicted, dtype=np.int32),
            np.asarray(predicted, dtype=np.float32) / 2,
            classes,
            cost,
        )

    return make
