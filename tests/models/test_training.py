"""Settings of training: legal and illegal values."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from src.models.training import Training


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs\n.*greater than or equal to 1"),
        ({"batch_size": 0}, "batch_size\n.*greater than or equal to 1"),
        ({"class_balance": -0.1}, "class_balance\n.*greater than or equal to 0"),
        ({"class_balance": 1.1}, "class_balance\n.*less than or equal to 1"),
        ({"type_balance": -0.1}, "type_balance\n.*greater than or equal to 0"),
        ({"type_balance": 1.1}, "type_balance\n.*less than or equal to 1"),
        ({"noise": -0.1}, "noise\n.*greater than or equal to 0"),
        ({"noise": float("inf")}, "noise\n.*finite"),
        ({"label_smoothing": 1.0}, "label_smoothing\n.*less than 1"),
        ({"optimizer": "adamax"}, "optimizer\n.*'adam', 'adamw', 'nadam', 'rmsprop' or 'sgd'"),
        ({"learning_rate": 0}, "learning_rate\n.*greater than 0"),
        ({"learning_rate": float("nan")}, "learning_rate\n.*finite"),
        ({"schedule": "linear"}, "schedule\n.*'constant' or 'cosine'"),
        ({"warmup_epochs": -1}, "warmup_epochs\n.*greater than or equal to 0"),
        ({"warmup_epochs": float("inf")}, "warmup_epochs\n.*finite"),
        ({"clipnorm": 0}, "clipnorm\n.*greater than 0"),
        ({"clipnorm": float("inf")}, "clipnorm\n.*finite"),
        ({"monitor": "accuracy"}, "monitor\n.*'val_loss' or 'val_accuracy'"),
        ({"patience": 0}, "patience\n.*greater than or equal to 1"),
        ({"jit_compile": "maybe"}, "jit_compile\n.*valid boolean"),
        ({"steps": 3}, "steps\n.*Unexpected keyword"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(
    changes: dict[str, Any], message: str, make_training: Callable[..., Training]
) -> None:
    with pytest.raises(ValidationError, match=message):
        make_training(**changes)


@pytest.mark.parametrize("changes", [{"patience": None}, {"clipnorm": None}, {"warmup_epochs": 0}, {"clipnorm": 0.5}])
def test_what_may_be_left_out_may_be_null(changes: dict[str, Any], make_training: Callable[..., Training]) -> None:
    (key, value), *_ = changes.items()
    assert getattr(make_training(**changes), key) == value


def test_settings_cannot_change_once_they_are_made(make_training: Callable[..., Training]) -> None:
    with pytest.raises(AttributeError, match="epochs"):
        make_training().epochs = 3  # type: ignore[misc]
