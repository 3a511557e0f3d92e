"""A Hydra callback: the runs of one multirun get one MLflow parent."""

import atexit
import os
from contextlib import ExitStack
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from src import tracking

_SIGNALS = ExitStack()  # not in the callback, which is pickled for workers


class ParentRun(Callback):
    """Makes the parent before the first job and ends it after the last; jobs find its id in the environment."""

    def __init__(self) -> None:
        self._run_id: str | None = None

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        overrides = " ".join(config.hydra.overrides.task)
        tags = {"simulated": str(config.dataset.name == "simulated").lower(), "overrides": overrides}
        self._run_id = tracking.start_parent(config.tracking.experiment, overrides or "multirun", tags)
        os.environ[tracking.PARENT_VARIABLE] = self._run_id
        atexit.register(self._end, complete=False)  # where the multirun does not get to its end
        _SIGNALS.enter_context(tracking.terminable())

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        self._end(complete=True)

    def _end(self, *, complete: bool) -> None:
        if self._run_id:
            run_id, self._run_id = self._run_id, None
            os.environ.pop(tracking.PARENT_VARIABLE, None)
            tracking.end_parent(run_id, complete=complete)
