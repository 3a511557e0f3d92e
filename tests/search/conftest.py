"""Studies in a real database, with quick trials."""

from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.storages import RDBStorage
from optuna.study import Study

from src.search import trial_queue
from src.search.config import Sweep
from src.search.storage import open_storage
from src.search.trial_queue import TrialQueue

Define = Callable[..., Sweep]
QueueOf = Callable[[int], TrialQueue]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'folder' / 'optuna.db'}"


@pytest.fixture
def define(url: str) -> Define:
    """A complete definition of a sweep, with the changes of a test."""

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
            "save": False,
        }
        return Sweep(**{**values, **changes})  # type: ignore[arg-type]

    return make


@pytest.fixture
def storage(url: str) -> RDBStorage:
    return open_storage(url, 1, trial_queue.on_stale)


@pytest.fixture
def study(storage: RDBStorage) -> Study:
    return optuna.create_study(study_name="made", storage=storage, direction="maximize")


@pytest.fixture
def queue_of(study: Study, storage: RDBStorage) -> QueueOf:
    """The queue of the study where it ends with so many trials."""
    return lambda n_trials: TrialQueue(study, storage, n_trials)
