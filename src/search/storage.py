"""Where studies are kept: a file of the project, or any database that SQLAlchemy reaches."""

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
from optuna.storages import RDBStorage, _CachedStorage
from optuna.study import Study
from optuna.trial import FrozenTrial
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from src.config.build import ConfigError
from src.search.config import quiet
from src.utils.paths import stores

URL_VARIABLE = "OPTUNA_STORAGE"
GRACE = 4  # heartbeats missed before a worker counts as dead
_ATTEMPTS = 5
OnStale = Callable[[Study, FrozenTrial], None]


def storage_url(configured: str | None) -> str:
    """The configured URL, or OPTUNA_STORAGE, or the project's own file."""
    return configured or os.environ.get(URL_VARIABLE) or f"sqlite:///{stores() / 'optuna.db'}"


def without_password(url: str) -> str:
    """To show."""
    return make_url(url).render_as_string(hide_password=True)


def open_storage(url: str, heartbeat_s: int, on_stale: OnStale) -> _CachedStorage:
    """Connect, and lay out the database where it is new.

    Args:
        heartbeat_s: Seconds between two signs of life of a trial's worker.
        on_stale: Called with a trial whose worker has died, once, in whichever process finds it.

    Raises:
        ConfigError: there is no such database, or no driver for it; the password is not shown.
    """
    quiet()
    try:
        address = make_url(url)
    except ArgumentError:
        raise ConfigError(
            f"sweep.storage: found {url!r}, expected an SQLAlchemy URL such as sqlite:///file.db"
        ) from None
    is_file = address.get_backend_name() == "sqlite" and bool(address.database)
    make: Callable[[], RDBStorage] = partial(
        RDBStorage,
        url,
        engine_kwargs={"connect_args": {"timeout": 120}} if is_file else {"pool_pre_ping": True},
        heartbeat_interval=heartbeat_s,
        grace_period=GRACE * heartbeat_s,
        heartbeat_stale_trial_callback=on_stale,
    )
    try:
        if not is_file:
            return _CachedStorage(_with_patience(make))
        file = Path(str(address.database)).absolute()
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_suffix(".lock")):  # two first workers would both lay it out
            storage = make()
            with storage.engine.connect() as connection:
                connection.exec_driver_sql("pragma journal_mode=wal")  # readers and writers do not wait for each other
        event.listen(storage.engine, "connect", _on_connect)
        event.listen(storage.engine, "begin", _on_begin)
        storage.engine.dispose()  # so that every connection is one of those
        return _CachedStorage(storage)
    except (NoSuchModuleError, ImportError) as error:
        raise ConfigError(
            f"sweep.storage={without_password(url)}: {error}; the driver of a database is a package of its own: "
            "for PostgreSQL psycopg[binary], URL postgresql+psycopg://user:password@host/database"
        ) from None
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
        raise ConfigError(
            f"sweep.storage={without_password(url)}: {reason}; is the server up, and may you in?"
        ) from None


def _on_connect(connection: Any, record: object) -> None:
    connection.isolation_level = None  # Python's driver would begin a transaction only at its first write
    connection.execute("pragma synchronous=normal")  # the machine's crash may lose the last moments, not the file


def _on_begin(connection: Any) -> None:
    # Optuna reads a trial's state and then writes it. Without a lock from the start two workers would both read
    # `waiting`, and both take the trial.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _with_patience(make: Callable[[], RDBStorage]) -> RDBStorage:
    """Two first workers lay out a server's database at the same time; the second finds it done a moment later."""
    for attempt in range(_ATTEMPTS):
        try:
            return make()
        except SQLAlchemyError as error:
            if attempt == _ATTEMPTS - 1 or "exist" not in str(error):
                raise
            time.sleep(0.5 * (attempt + 1))
    raise AssertionError


@contextmanager
def alive(storage: _CachedStorage, trial_id: int) -> Iterator[None]:
    """Show, while the block runs, that the trial's worker lives. A storage that is away for a moment is asked again."""
    interval = storage.get_heartbeat_interval()
    stop = threading.Event()

    def beat() -> None:
        while True:
            # if one is missed the next will tell; after GRACE of them others take the trial for dead
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
