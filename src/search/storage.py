"""Storage of studies: an SQLite file of the project, or any other database that SQLAlchemy supports."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock
from optuna.storages import RDBStorage
from optuna.study import Study
from optuna.trial import FrozenTrial
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from src.config.build import ConfigError
from src.search.patient_storage import PatientStorage
from src.search.samplers_and_pruners import quiet
from src.utils.environment_variables import STORAGE_VARIABLE
from src.utils.paths import stores
from src.utils.secrets import masked_address

GRACE = 4  # heartbeat intervals without a heartbeat after which a worker counts as dead
_ATTEMPTS = 5
_CONNECT_S = 5
_DEFAULT_DRIVERS = {"postgresql": "psycopg2", "mysql": "mysqldb"}
_DRIVERS_WITH_CONNECT_TIMEOUT = ("psycopg", "psycopg2", "pymysql", "mysqldb")
OnStale = Callable[[Study, FrozenTrial], None]


def storage_url(configured: str | None) -> str:
    """Return the configured URL, else that of OPTUNA_STORAGE, else the project's own file."""
    return configured or os.environ.get(STORAGE_VARIABLE) or f"sqlite:///{stores() / 'optuna.db'}"


def storage_file(url: str) -> Path | None:
    """Return the file of an SQLite database; None for a server, or a database in memory.

    Raises:
        ConfigError: the text is not a URL.

    >>> storage_file("sqlite:////tmp/optuna.db"), storage_file("postgresql://host/database")
    (PosixPath('/tmp/optuna.db'), None)
    """
    try:
        address = make_url(url)
    except ArgumentError:
        raise ConfigError(
            f"sweep.storage: found {url!r}, expected an SQLAlchemy URL such as sqlite:///file.db"
        ) from None
    is_file = address.get_backend_name() == "sqlite" and bool(address.database)
    return Path(str(address.database)).absolute() if is_file else None


def open_storage(url: str, heartbeat_s: int, on_stale: OnStale) -> RDBStorage:
    """Connect to a database, and create its tables where it is new.

    Args:
        url: SQLAlchemy URL.
        heartbeat_s: Seconds between two heartbeats of a trial's worker.
        on_stale: Function that gets each trial whose worker died. Only the process that finds the trial calls it.

    Raises:
        ConfigError: the database cannot be reached, or its driver is missing; the message masks the password.
    """
    quiet()
    file = storage_file(url)
    make: Callable[[], RDBStorage] = partial(
        RDBStorage if file else PatientStorage,
        url,
        engine_kwargs={"connect_args": {"timeout": 120}} if file else _of_server(url),
        heartbeat_interval=heartbeat_s,
        grace_period=GRACE * heartbeat_s,
        heartbeat_stale_trial_callback=on_stale,
    )
    try:
        if not file:
            return _created_by_one_of_many(make)
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_suffix(".lock")):  # two first workers would both create the tables
            storage = make()
            with storage.engine.connect() as connection:
                connection.exec_driver_sql("pragma journal_mode=wal")  # readers and writers do not wait for each other
        event.listen(storage.engine, "connect", _on_connect)
        event.listen(storage.engine, "begin", _on_begin)
        storage.engine.dispose()  # so that every connection is made with these listeners
        return storage
    except (NoSuchModuleError, ImportError) as error:
        raise ConfigError(
            f"sweep.storage={masked_address(url)}: {error}; expected a database whose driver is installed: for "
            "PostgreSQL install psycopg[binary], and use a URL like postgresql+psycopg://user:password@host/database"
        ) from None
    except RuntimeError as error:  # tables of another version, or of MLflow, which names its version alike
        raise ConfigError(
            f"sweep.storage={masked_address(url)}: found tables that are not those of this Optuna, expected a "
            "database of its own; one of MLflow cannot have the studies too, so name another"
        ) from error
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
        raise ConfigError(
            f"sweep.storage={masked_address(url)}: {reason}; check that the server runs and that the "
            "URL names the right user, password and database"
        ) from None


def _of_server(url: str) -> dict[str, Any]:
    """Options of the connections to a server: a first answer within seconds, and no connection that broke meanwhile."""
    kind, _, driver = make_url(url).drivername.partition("+")
    limited = (driver or _DEFAULT_DRIVERS.get(kind)) in _DRIVERS_WITH_CONNECT_TIMEOUT
    return {"pool_pre_ping": True, "connect_args": {"connect_timeout": _CONNECT_S} if limited else {}}


def _on_connect(connection: Any, record: object) -> None:
    connection.isolation_level = None  # else Python's driver begins a transaction only at its first write
    connection.execute("pragma synchronous=normal")  # a crash of the machine may lose the last writes, but not the file


def _on_begin(connection: Any) -> None:
    # Optuna reads a trial's state and then writes it. Without a lock before the read, two workers would both read
    # `waiting` and both take the trial.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _created_by_one_of_many(make: Callable[[], RDBStorage]) -> RDBStorage:
    """Connect to a server. Retry where another worker creates the tables at the same time."""
    for attempt in range(_ATTEMPTS):
        try:
            return make()
        except SQLAlchemyError as error:
            if attempt == _ATTEMPTS - 1 or "exist" not in str(error):
                raise
            time.sleep(0.5 * (attempt + 1))
    raise AssertionError


@contextmanager
def alive(storage: RDBStorage, trial_id: int) -> Iterator[None]:
    """Record heartbeats of a trial while the block runs. An error of the storage is ignored: the next one may succeed.

    Optuna has such a thread only in `Study.optimize`, and the first error of the storage ends it.
    """
    interval = storage.get_heartbeat_interval()
    stop = threading.Event()

    def beat() -> None:
        while True:
            with suppress(SQLAlchemyError, optuna.exceptions.StorageInternalError):
                storage.record_heartbeat(trial_id)
            if stop.wait(interval):
                return

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
