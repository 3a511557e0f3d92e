"""Storage of studies on a database server that may be away for a while, as when it is restarted."""

import functools
import inspect
import sys
import time
from collections.abc import Callable
from typing import Any

from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy.exc import InterfaceError, OperationalError

PATIENCE_S = 60.0  # for a server that answered before
_PAUSE_S = 1.0
_SAID: list[float] = []  # times at which this process said that the server is away
# Methods that Optuna's cache calls beside the public ones.
_OF_THE_CACHE = ("_create_new_trial", "_get_best_trial_id", "_get_stale_trial_ids", "_get_trials", "_set_trial_param")


def _patient(method: Callable[..., Any]) -> Callable[..., Any]:
    """Repeat a method of a storage while its server is away, for up to `PATIENCE_S`.

    A write whose answer was lost is written once more. Optuna's values are set rather than added to, so this changes
    nothing, except for the state of a trial: an ended trial is refused as if another worker had ended it.
    """

    @functools.wraps(method)
    def repeated(self: RDBStorage, *arguments: Any, **options: Any) -> Any:
        end: float | None = None
        while True:
            try:
                return method(self, *arguments, **options)
            except (StorageInternalError, OperationalError, InterfaceError) as error:
                if not _is_away(error):
                    raise
                end = end or _say_away()
                if time.monotonic() > end:
                    raise
                time.sleep(_PAUSE_S)

    return repeated


def _is_away(error: BaseException) -> bool:
    """Tell whether an error is one of the connection."""
    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    return isinstance(cause, (OperationalError, InterfaceError))


def _say_away() -> float:
    """Say once for all threads that the server is away, and return the time until which it is asked again."""
    now = time.monotonic()
    if not _SAID or now > _SAID[-1] + PATIENCE_S:
        _SAID.append(now)
        print(f"the database of the study does not answer; it is asked again for {PATIENCE_S:.0f} s", file=sys.stderr)
    return now + PATIENCE_S


def _with_patient_methods(storage: type[RDBStorage]) -> type[RDBStorage]:
    for name, method in vars(RDBStorage).items():
        if inspect.isfunction(method) and (not name.startswith("_") or name in _OF_THE_CACHE):
            setattr(storage, name, _patient(method))
    return storage


@_with_patient_methods
class PatientStorage(RDBStorage):
    """Storage that repeats its calls while the database server is away, for up to `PATIENCE_S`.

    The first connection is not repeated, so that a wrong address is an error at once.
    """
