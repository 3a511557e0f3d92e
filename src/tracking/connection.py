"""Connection to the MLflow store: a wrong address, or a store that is away, is an error within seconds, in one line."""

import importlib.util
import logging
import os
import re
import socket
import sqlite3
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from src.utils.environment_variables import STORAGE_VARIABLE, environment_kept
from src.utils.messages import first_line
from src.utils.secrets import masked_address

VARIABLE = "MLFLOW_TRACKING_URI"
FIRST_ANSWER_S = 4.0  # for the first answer of a server; MLFLOW_HTTP_REQUEST_TIMEOUT replaces it
# Later requests are repeated for a minute: after 0, 4, 8, 16 and 32 seconds. MLflow itself goes on for ten minutes.
_LATER = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "5", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
_LAST = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "3"}
# Kinds of databases that MLflow knows, with the port of each and the driver without another in the address.
_DATABASES = {"postgresql": (5432, "psycopg2"), "mysql": (3306, "MySQLdb"), "mssql": (1433, "pyodbc")}
_EXPECTED = "expected http://host:port of an MLflow server, or sqlite:////folder/mlflow.db"
_ANSWERED: set[str] = set()  # addresses of stores that answered when they were asked last
_WAITING = threading.Event()  # for a server, and told so; one line is enough


class StoreAwayError(ConnectionError):
    """Store that does not answer."""


def _named(uri: str) -> str:
    """Address as a user knows it: the variable that holds it, or the address itself."""
    return f"{VARIABLE}={masked_address(uri)}" if os.environ.get(VARIABLE) else masked_address(uri)


def database_file(uri: str) -> Path | None:
    """File of an SQLite store; None for another store."""
    return Path(uri.removeprefix("sqlite:///")) if uri.startswith("sqlite:///") else None


def has_runs(uri: str) -> bool:
    """Tell whether a store may have runs: no SQLite file that is missing or empty, which MLflow would lay out."""
    file = database_file(uri)
    if file is None:
        return True
    check_store(uri)
    return "runs" in _tables(file)


def set_patience() -> None:
    """Let later requests to a server be repeated for a minute, unless the user's environment says otherwise."""
    for name, value in _LATER.items():
        os.environ.setdefault(name, value)
    logger = logging.getLogger("urllib3.connectionpool")
    if _retries_in_words not in logger.filters:
        logger.addFilter(_retries_in_words)


def _retries_in_words(record: logging.LogRecord) -> bool:
    """Say once that a server is asked again, in place of a warning for each time."""
    if not str(record.msg).startswith("Retrying"):
        return True
    if _ANSWERED and not _WAITING.is_set():
        _WAITING.set()
        print("the MLflow server does not answer; it is asked again for a minute", file=sys.stderr, flush=True)
    return False


def answered(uri: str) -> bool:
    """Tell whether a store answered when it was asked last."""
    return uri in _ANSWERED


@contextmanager
def one_last_try() -> Iterator[None]:
    """Ask a store that is away once more within the block, without waiting for it."""
    with environment_kept("MLFLOW_HTTP_REQUEST_"):
        os.environ.update(_LAST)
        yield


def check_store(uri: str) -> None:
    """Check that an address is that of a store, and that the store answers; once, unless it was lost since.

    Raises:
        ValueError: the address is not that of a store.
        StoreAwayError: the store does not answer.
    """
    if uri in _ANSWERED:
        return
    scheme = urlsplit(uri).scheme.lower()
    kind = scheme.partition("+")[0]
    if kind == "sqlite":
        _check_file(uri)
    elif scheme in ("http", "https"):
        _check_server(uri)
    elif kind in _DATABASES:
        _check_database(uri, kind, scheme.partition("+")[2])
    else:
        _check_scheme(uri, scheme)
    _ANSWERED.add(uri)


def _check_file(uri: str) -> None:
    """Check that an address names an SQLite file that is missing, empty, or a database of MLflow."""
    file = database_file(uri)
    if file is None or file == Path() or ":memory:" in uri:
        raise ValueError(f"{_named(uri)}: found no file in it, expected one such as sqlite:////folder/mlflow.db")
    if not file.exists():
        return
    if not file.is_file():
        raise ValueError(f"{_named(uri)}: found a folder, expected the file of a database, such as {file}/mlflow.db")
    _refuse_studies(uri, _tables(file))


def _refuse_studies(uri: str, tables: set[str]) -> None:
    """Refuse a database of Optuna: both libraries keep a version in `alembic_version`, and MLflow finds the other's."""
    if "studies" in tables and "experiments" not in tables:
        raise ValueError(
            f"{_named(uri)}: found the studies of Optuna in it, expected a database of MLflow's own, since one cannot "
            f"have both; name another in it, or in {STORAGE_VARIABLE}"
        )


def _tables(file: Path) -> set[str]:
    """Names of the tables of an SQLite file; none of a file that is missing or empty."""
    if not file.is_file():
        return set()
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
            return {name for (name,) in database.execute("select name from sqlite_master where type = 'table'")}
    except sqlite3.DatabaseError as error:
        raise ValueError(f"{file}: found no database that SQLite can read ({error}), expected one of MLflow") from None


def _check_server(uri: str) -> None:
    """Ask a server for its experiments, as MLflow would, with the user's credentials and proxies."""
    try:
        parts = urlsplit(uri)
        if not parts.hostname or parts.port == 0:
            raise ValueError
    except ValueError:
        raise ValueError(f"{_named(uri)}: found no host or a wrong port in it, {_EXPECTED}") from None
    seconds = _first_answer_s()
    _reach(uri, seconds)  # before the import of MLflow, which takes seconds
    from mlflow.exceptions import MlflowException
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    ask = partial(
        http_request, get_default_host_creds(uri), "/api/2.0/mlflow/experiments/search", "POST", max_retries=0,
        timeout=seconds, raise_on_status=False, json={"max_results": 1},
    )  # fmt: skip
    try:
        response = _within(seconds + 1, ask)
    except MlflowException as error:
        raise StoreAwayError(_no_answer(uri, reason_away(error) or _first_line(error))) from None
    except TimeoutError:
        raise StoreAwayError(_no_answer(uri, f"nothing within {seconds:g} s")) from None
    status = response.status_code
    if status in (401, 403):
        raise ValueError(
            f"{_named(uri)}: the server refused the request (HTTP {status}), expected credentials in "
            "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or in MLFLOW_TRACKING_TOKEN"
        )
    if status >= 500 and status != 501:  # the latter from a server that knows no such request
        raise StoreAwayError(f"{_named(uri)}: found a server with an error (HTTP {status}), {_EXPECTED} that works")
    with suppress(ValueError):
        if status == 200 and isinstance(response.json(), dict):
            return
    raise ValueError(f"{_named(uri)}: found a server that is none of MLflow (HTTP {status}), {_EXPECTED}")


def _first_answer_s() -> float:
    """Seconds to wait for the first answer of a server."""
    given = os.environ.get("MLFLOW_HTTP_REQUEST_TIMEOUT")
    return float(given) if given and given != _LATER["MLFLOW_HTTP_REQUEST_TIMEOUT"] else FIRST_ANSWER_S


def _check_database(uri: str, kind: str, driver: str) -> None:
    """Connect to a database once; MLflow would try ten times, for two minutes."""
    port, default = _DATABASES[kind]
    module = driver or default
    if importlib.util.find_spec(module) is None:
        drivers = "; for PostgreSQL install psycopg[binary], and use postgresql+psycopg://user:password@host/database"
        raise ValueError(f"{_named(uri)}: found no driver {module}, expected a database whose driver is installed"
                         f"{drivers if kind == 'postgresql' else ''}")  # fmt: skip
    try:
        parts = urlsplit(uri)
        address = (parts.hostname, parts.port or port)
    except ValueError:
        raise ValueError(
            f"{_named(uri)}: found a wrong port in it, expected {kind}://user:password@host/name"
        ) from None
    from mlflow.store.db.utils import create_sqlalchemy_engine

    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # shows tracebacks of what is an error here
    seconds = _first_answer_s()

    def connect() -> None:
        if address[0]:  # without a host it is a socket of this machine
            socket.create_connection(address, seconds).close()
        engine = create_sqlalchemy_engine(uri)
        try:
            with engine.connect() as database:
                query = (
                    "select table_name from information_schema.tables where table_name in ('studies', 'experiments')"
                )
                tables.update(str(name) for (name,) in database.exec_driver_sql(query))
        finally:
            engine.dispose()

    tables: set[str] = set()
    try:
        _within(seconds + 1, connect)
    except TimeoutError:
        raise StoreAwayError(_no_answer(uri, f"nothing within {seconds:g} s")) from None
    except Exception as error:  # of the driver, whichever it is
        raise StoreAwayError(_no_answer(uri, _reason(getattr(error, "orig", error)))) from None
    _refuse_studies(uri, tables)


def _check_scheme(uri: str, scheme: str) -> None:
    """Check an address that is neither a server's nor a database's: MLflow has more kinds, some of them in plugins."""
    if scheme in ("", "file") and os.environ.get("MLFLOW_ALLOW_FILE_STORE", "").lower() in ("true", "1"):
        return
    if scheme in ("", "file") or len(scheme) == 1:  # the last: a drive of Windows
        hint = f"; MLflow no longer writes to plain folders: sqlite:///{Path('mlruns', 'mlflow.db').absolute()}"
        if uri in ("databricks", "databricks-uc", "uc"):
            return
        raise ValueError(f"{_named(uri)}: found a path or a word, {_EXPECTED}{hint if os.sep in uri else ''}")
    from mlflow.tracking._tracking_service.utils import _tracking_store_registry

    if scheme not in _tracking_store_registry._registry:
        rest = uri.partition(":")[2]
        hint = f", such as http://{masked_address(uri)}" if rest.partition("/")[0].isdecimal() else ""
        raise ValueError(f"{_named(uri)}: found the scheme {scheme!r}, {_EXPECTED}{hint}")


def _within(seconds: float, ask: Callable[[], Any]) -> Any:
    """Return what a function returns; a name server or a slow answer may take longer than any of its own limits.

    Raises:
        TimeoutError: the function took longer.
    """
    outcome: list[tuple[Any, BaseException | None]] = []

    def run() -> None:
        try:
            outcome.append((ask(), None))
        except BaseException as error:
            outcome.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise TimeoutError
    result, error = outcome[0]
    if error is not None:
        raise error
    return result


def _reach(uri: str, seconds: float) -> None:
    """Check that a server answers a request at all, with whatever; only the libraries of Python are needed."""
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError
    from urllib.request import urlopen

    parts = urlsplit(uri)
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}/version"

    def ask() -> None:
        with suppress(HTTPError), urlopen(address, timeout=seconds):
            pass

    try:
        _within(seconds + 1, ask)
    except TimeoutError:
        raise StoreAwayError(_no_answer(uri, f"nothing within {seconds:g} s")) from None
    except URLError as error:
        if not isinstance(error.reason, ssl.SSLError):  # MLflow may have other certificates
            raise StoreAwayError(_no_answer(uri, _reason(error.reason))) from None
    except OSError as error:
        raise StoreAwayError(_no_answer(uri, _reason(error))) from None
    except HTTPException:
        pass  # an answer of a kind: MLflow asks in its own way


def _no_answer(uri: str, reason: str) -> str:
    return (
        f"{_named(uri)}: found no answer ({reason}), expected a running MLflow store; start it, or name another in "
        f"{VARIABLE}"
    )


def lost(uri: str, reason: str) -> StoreAwayError:
    """Error for a store that answered before, and that `check_store` asks again from now on."""
    _ANSWERED.discard(uri)
    return StoreAwayError(f"{_named(uri)} no longer answers ({reason})")


def reason_away(error: BaseException) -> str | None:
    """Reason in a few words why a store is away, from an error of MLflow; None if the error means something else."""
    if isinstance(error, StoreAwayError):
        return _first_line(error)
    cause = error.__cause__ or error.__context__
    if getattr(error, "error_code", "") == "TEMPORARILY_UNAVAILABLE":
        return _first_line(getattr(cause, "orig", None) or error)
    kinds = {kind.__name__ for kind in type(cause).__mro__}
    if not kinds & {"ConnectionError", "Timeout", "RetryError", "ChunkedEncodingError"}:
        return None
    return _reason(cause)


def _reason(error: object) -> str:
    """Short reason of an error of a network library, which may be hidden in a long message."""
    text = str(error)
    if "timed out" in text or "Timeout" in text:
        return "nothing in time"
    found = re.search(r"\[Errno -?\d+\] ([^'\")]+)|(too many \d+ error responses)", text)
    return (found[1] or found[2]) if found else _first_line(text)


def _first_line(error: object) -> str:
    return first_line(str(error).strip()) or type(error).__name__


def report_lost_servers() -> None:
    """Let MLflow raise `StoreAwayError` where a server no longer answers, whichever call asks it."""
    from mlflow.tracking._tracking_service.utils import _tracking_store_registry as registry

    if registry._registry.get("http") is not _server_store:
        for scheme in ("http", "https"):
            registry.register(scheme, _server_store)


def _server_store(store_uri: str, artifact_uri: str | None = None) -> Any:
    """MLflow's store for a server, with another error."""
    from mlflow.exceptions import MlflowException
    from mlflow.store.tracking.rest_store import RestStore
    from mlflow.utils.credentials import get_default_host_creds

    class ServerStore(RestStore):
        def _call_endpoint(self, *args: Any, **options: Any) -> Any:
            try:
                return super()._call_endpoint(*args, **options)
            except MlflowException as error:
                if reason := reason_away(error):
                    raise lost(store_uri, reason) from None
                raise

    return ServerStore(partial(get_default_host_creds, store_uri))
