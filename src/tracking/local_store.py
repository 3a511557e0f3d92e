"""Local store: the SQLite database of MLflow, with the files of its runs in `artifacts` beside it."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from filelock import FileLock

from src.utils.files import permitted

ARTIFACTS = "artifacts"
# Columns with absolute paths of files, and the key of their tables.
_PATHS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
    ("model_versions", "source"),
)
# Tables that have rows once a database is laid out. Rows in others are of a user, or of another program.
_FILLED = ("alembic_version", "experiments", "workspaces")
_TIMEOUT_S = 60.0


def lock(database: Path) -> FileLock:
    """Lock of the store: two first writers would both make the tables, and both fail."""
    return FileLock(database.parent / ".init.lock")


def make_usable(database: Path, *, make: bool) -> None:
    """Lay out a database that is missing or was left half made, and take over one that was moved or copied.

    Args:
        make: True to make a database that is missing.
    Raises:
        ValueError: the file is no database.
    """
    if not (make or database.exists()):
        return
    try:
        if not database.exists() or _is_half_made(database):
            database.parent.mkdir(parents=True, exist_ok=True)
            with lock(database):
                if not database.exists() or _is_half_made(database):
                    _lay_out(database)
        if _former_folders(database):
            with lock(database):
                for folder in _former_folders(database):
                    _take_over(database, folder)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):  # locked, or no right to write
            raise
        raise ValueError(
            f"{database}: {error}; expected the database of MLflow; move it away, and the next run makes one"
        ) from error


def _lay_out(database: Path) -> None:
    """Make the tables in another file, which takes the name of the database once it is whole.

    That takes seconds. An interruption leaves the other file, which the next call removes.
    """
    from mlflow.store.db import utils

    for left in database.parent.glob(f".{database.name}.*"):
        left.unlink(missing_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{database.name}.", dir=database.parent)
    os.close(handle)
    part = Path(name)
    write_ahead(part)  # first: the hundred steps that make the tables then wait less for the disk
    engine = utils.create_sqlalchemy_engine_with_retry(f"sqlite:///{part}")
    utils._initialize_tables(engine)
    engine.dispose()
    with closing(_connect(part)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    for suffix in ("-wal", "-shm"):  # of a half-made database; SQLite would read them as part of the new one
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    part.chmod(permitted(0o666))
    part.replace(database)


def write_ahead(database: Path) -> None:
    """Set a SQLite database to WAL mode for good: readers and writers do not wait for each other."""
    with closing(_connect(database)) as connection:
        connection.execute("pragma journal_mode=wal")


def _is_half_made(database: Path) -> bool:
    """Tell whether an interrupted command left the database without all its tables, and without anything to lose."""
    with closing(_connect(database)) as connection:
        tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        queries = [f'select 1 from "{table}" limit 1' for table in tables if table not in _FILLED]
        if "experiments" in tables:
            queries.append("select 1 from experiments where name <> 'Default' limit 1")
        if any(connection.execute(query).fetchone() for query in queries):
            return False
        if "alembic_version" not in tables:
            return True
        version = connection.execute("select version_num from alembic_version").fetchone()
    from mlflow.store.db import utils

    return version is None or version[0] != utils._get_latest_schema_revision()


def _former_folders(database: Path) -> list[str]:
    """Folders that the store was in when its experiments were made, other than that of today.

    MLflow keeps absolute paths. A store that was copied would write into the folder of the other, and one that was
    moved would show runs without files. An experiment whose files are elsewhere on purpose is left alone: the folder of
    the store has none of its runs.
    """
    here = database.parent.absolute() / ARTIFACTS
    found = []
    with closing(_connect(database)) as connection:
        for experiment, location in connection.execute("select experiment_id, artifact_location from experiments"):
            former = Path(location or "")
            if not former.is_absolute() or former.name != ARTIFACTS or former.resolve() == here.resolve():
                continue
            runs = connection.execute("select run_uuid from runs where experiment_id = ?", (experiment,)).fetchall()
            moved = any((here / run).exists() for (run,) in runs)
            if moved or (not runs and former.parent.name == here.parent.name):
                found.append(str(former.parent))
    return list(dict.fromkeys(found))


def _take_over(database: Path, former: str) -> None:
    """Replace the beginning of the paths that lead to the former folder of the store."""
    here = str(database.parent.absolute())
    with closing(_connect(database)) as connection, connection:
        for table, column in _PATHS:
            query = f"select distinct {column} from {table} where substr({column}, 1, ?) = ?"
            found = [path for (path,) in connection.execute(query, (len(former) + 1, f"{former}/"))]
            changes = list(_changes(found, former, here))
            connection.executemany(f"update {table} set {column} = ? where {column} = ?", changes)


def _changes(paths: list[str], former: str, here: str) -> Iterator[tuple[str, str]]:
    """New and old path of the files that are here; a path that only the former folder has stays."""
    for path in paths:
        new = here + path[len(former) :]
        if Path(new).exists() or not Path(path).exists() or path == f"{former}/{ARTIFACTS}":
            yield new, path


def _connect(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(database, timeout=_TIMEOUT_S)
