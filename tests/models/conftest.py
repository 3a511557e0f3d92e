"""Small data and settings that the tests of models share."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import pytest
from omegaconf import DictConfig

from src.config.build import build
from src.data.layout import ModelInput
from src.models.interface import Fitted, Model
from src.models.networks.lstm import LSTM
from src.models.networks.network import Network
from src.models.training import Training
from src.utils.paths import PROJECT

WAVES = {"lowest": 0.1, "highest": 10.0, "knee": 1.0, "decay": 0.5}
NETWORK_DEFAULTS: dict[str, Any] = {
    **{"input_scale": 1.0, "members": 1, "standardize": True, "form": "value"},
    "fourier": {"n_frequencies": 0, **WAVES},
}
LSTM_DEFAULTS = NETWORK_DEFAULTS | {"layers": 1, "units": 4, "dropout": 0.0, "bidirectional": False, "dense": 0}
Rows = tuple[ModelInput, np.ndarray]
MODELS = sorted(path.stem for path in (PROJECT / "conf" / "model").glob("*.yaml"))
# Overrides that make each network of conf/model small; a network without an entry in SMALL takes RECURRENT.
RECURRENT = ("units=3", "fourier.n_frequencies=2", "fourier.highest=10")
CONVOLUTIONAL = ("layers=2", "filters=8", "pool=2", "units=16")
PRETRAINED = ("pretraining_epochs=1", "pretraining_batch=8", "pretraining_records=20")
SMALL = {
    "lstm_ensemble": (*RECURRENT, "members=2"),
    "dnn": ("layers=2", "units=16", "fourier.n_frequencies=2", "fourier.highest=10"),
    "cnn": (*CONVOLUTIONAL, "fourier.n_frequencies=2", "fourier.highest=10"),
    "cnn_lstm": CONVOLUTIONAL,
    "bat": (*CONVOLUTIONAL, "members=2"),
    "stl": (*PRETRAINED, "units=3", "members=2"),
    "dbn": (*PRETRAINED, "units=3", "layers=2", "fourier.n_frequencies=2"),
    "ae_alexnet": (*PRETRAINED, "hidden=5", "side=3", "channels=8", "units=32"),
}


def made_small(name: str) -> list[str]:
    """Overrides that choose a network of conf/model and make it small."""
    return [f"model={name}", *(f"model.{change}" for change in SMALL.get(name, RECURRENT))]


def waves(n_frequencies: int) -> dict[str, Any]:
    """Values of `model.fourier` with this number of frequencies."""
    return {"n_frequencies": n_frequencies, **WAVES}


def make_lstm(**changes: Any) -> LSTM:
    """LSTM with one small layer and no Fourier features, but for `changes`."""
    return LSTM(**(LSTM_DEFAULTS | changes))


@pytest.fixture(scope="session")
def networks(composed: Callable[..., DictConfig]) -> dict[str, Network]:
    """Networks of conf/model, made small."""
    names = [name for name in MODELS if isinstance(build(composed(f"model={name}")).model, Network)]
    return {name: cast(Network, build(composed(*made_small(name))).model) for name in names}


@pytest.fixture(scope="session")
def make_training() -> Callable[..., Training]:
    """Settings of a training that takes seconds: `make_training(epochs=5)`."""

    def make(**changes: Any) -> Training:
        values: dict[str, Any] = {
            "epochs": 2,
            "batch_size": 16,
            "max_copies_per_row": 1,
            "class_balance": 0.0,
            "type_balance": 0.0,
            "max_rows_per_attack_type": None,
            "history_grafts": 0.0,
            "noise": 0.0,
            "label_smoothing": 0.0,
            "optimizer": "adam",
            "learning_rate": 0.03,
            "schedule": "constant",
            "warmup_epochs": 0,
            "clipnorm": None,
            "monitor": "val_accuracy",
            "patience": None,
            "jit_compile": False,
            "progress": False,
        }
        return Training(**(values | changes))

    return make


@pytest.fixture(scope="session")
def make_rows() -> Callable[..., Rows]:
    """Random X, float32 (n, k), and independent classes y, int32 (n,): a model can only memorize them."""

    def make(n: int = 32, k: int = 3, n_classes: int = 2, seed: int = 0) -> Rows:
        rng = np.random.default_rng(seed)
        return rng.random((n, k), dtype=np.float32), rng.permutation(np.arange(n, dtype=np.int32) % n_classes)

    return make


@pytest.fixture(scope="session")
def fit(make_training: Callable[..., Training], make_rows: Callable[..., Rows]) -> Callable[..., Fitted]:
    """Fit a model on 32 rows, validated on themselves: `fit(model, seed=1, epochs=5)`."""

    def make(
        model: Model,
        rows: Rows | None = None,
        validation: Rows | None = None,
        *,
        seed: int = 0,
        n_classes: int = 2,
        on_epoch: Callable[[dict[str, float]], object] = lambda epoch: None,
        steps: np.ndarray | None = None,
        attack: np.ndarray | None = None,
        codes: Sequence[int] = (),
        **training: Any,
    ) -> Fitted:
        X, y = rows or make_rows(n_classes=n_classes)
        X_val, y_val = validation or (X, y)
        return model.fit(
            X,
            y,
            X_val,
            y_val,
            n_classes=n_classes,
            training=make_training(**training),
            seed=seed,
            on_epoch=on_epoch,
            steps=steps,
            attack=attack,
            codes=codes,
        )

    return make
