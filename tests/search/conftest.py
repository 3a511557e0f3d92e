"""Studies in a real database, with trials that cost nothing."""

from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.study import Study

from src.search import trial_queue
from src.search.config import Sweep
from src.search.storage import open_storage

Define = Callable[..., Sweep]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'folder' / 'optuna.db'}"


@pytest.fixture
def define(url: str) -> Define:
    """A sweep that has all it needs, but for what a test changes."""

    def make(**changes: object) -> Sweep:
        values: dict[str, object] = {
            "name": "made",
            "study": "made",
            "storage": url,
            "space": {"x": "interval(0, 1)"},
            "objectives": {"val_macro_f1": "maximize"},
            "n_trials": 4,
            "timeout": None,
            "n_seeds": 1,
            "seed": 0,
            "sampler": {"name": "random"},
            "pruner": {"name": "median"},
            "max_failures": 3,
            "threads": None,
            "heartbeat": 1,
        }
        return Sweep(**{**values, **changes})  # type: ignore[arg-type]

    return make


@pytest.fixture
def study(url: str) -> Study:
    storage = open_storage(url, 1, trial_queue.on_stale)
    return optuna.create_study(study_name="made", storage=storage, direction="maximize")
