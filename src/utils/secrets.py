"""Passwords and tokens in the addresses of stores, storages and mirrors: hidden in all that a process prints or logs.

They come from the environment, where libraries read them too, and libraries put whole addresses into their errors.
"""

import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, TextIO
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from src.utils.environment_variables import STORAGE_VARIABLE

HIDDEN = "***"
# Variables with an address, which may hold a user and a password, or a signature.
ADDRESSES = (
    *("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", STORAGE_VARIABLE, "IDS_DATA_MIRROR"),
    *("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"),
)
# Variables that are secrets as a whole.
SECRETS = (
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "PGPASSWORD",
)
_SHORT = 8  # characters; a shorter password may be a common word, and is hidden in addresses only
_IN_ADDRESS = re.compile(r"(?<=://)([^/\s:@'\"]*):[^/\s'\"]+@")
# SQLAlchemy takes passwords that are not quoted, such as a/b; elsewhere the slash ends the host: http://h:5000/a@b
_DATABASE = re.compile(r"(?<![\w+.-])(?!https?:)[\w+.-]+://[^:/@]*:([^@]+)@")
_SECRET_KEY = re.compile(r"token|sig|secret|pass|pwd|key|credential|auth", re.IGNORECASE)


def secrets(variables: Mapping[str, str]) -> list[str]:
    """Texts to hide, the longest first.

    Args:
        variables: Environment variables.
    """
    found = {variables[name] for name in SECRETS if variables.get(name)}
    for name in ADDRESSES:
        found |= {one for one in _of_address(variables.get(name, "")) if len(one) >= _SHORT}
    return sorted((one for one in found if one), key=len, reverse=True)


def redacted(text: str, hidden: list[str] | None = None) -> str:
    """Text without secrets, and without the password of any address in it.

    Args:
        hidden: Texts to hide; unless given, those of this process.

    >>> redacted("postgresql://me:secret@host/db did not answer")
    'postgresql://me:***@host/db did not answer'
    """
    for one in secrets(os.environ) if hidden is None else hidden:
        text = text.replace(one, HIDDEN)
    return _IN_ADDRESS.sub(rf"\1:{HIDDEN}@", text) if "://" in text else text


def masked_address(address: str) -> str:
    """Return an address without its password and without values behind `?`, whichever library it is for.

    >>> masked_address("postgresql://me:secret@host/runs?sslpassword=secret")
    'postgresql://me:***@host/runs?sslpassword=***'
    """
    if found := _DATABASE.search(address):
        address = f"{address[: found.start(1)]}{HIDDEN}{address[found.end(1) :]}"
    return re.sub(r"([?&][^=&]*)=[^&]*", rf"\1={HIDDEN}", redacted(address))


def has_password(text: str) -> bool:
    """Tell whether an address is part of a text, with a password in it."""
    return bool(_IN_ADDRESS.search(text) or _DATABASE.search(text))


def hide_secrets() -> None:
    """Hide the secrets of the environment in what this process prints and logs from now on, tracebacks included.

    A process without secrets keeps its streams as they are.
    """
    hidden = secrets(os.environ)
    passwords = [name for name in ADDRESSES if has_password(os.environ.get(name, ""))]
    if not (hidden or passwords) or isinstance(sys.stderr, _Hiding):
        return
    sys.stdout, sys.stderr = _Hiding(sys.stdout, hidden), _Hiding(sys.stderr, hidden)
    make = logging.getLogRecordFactory()

    def record(*args: Any, **kwargs: Any) -> logging.LogRecord:  # for handlers that write files
        made = make(*args, **kwargs)
        made.msg, made.args = redacted(made.getMessage(), hidden), ()
        if made.exc_info and made.exc_info[1]:
            _hide_in(made.exc_info[1], hidden)
        return made

    logging.setLogRecordFactory(record)


class _Hiding:
    """Text stream that hides secrets.

    Args:
        stream: Stream that it writes to.
        hidden: Texts to hide.
    """

    def __init__(self, stream: TextIO, hidden: list[str]):
        self._stream = stream
        self._hidden = hidden

    def write(self, text: str) -> int:
        return self._stream.write(redacted(text, self._hidden))

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _of_address(address: str) -> Iterator[str]:
    """Secrets in an address, as they stand there, and as they are meant."""
    try:
        parts = urlsplit(address)
        found = [parts.password or (parts.username if parts.scheme.startswith("http") else None)]
    except ValueError:  # no address
        return
    found += [value for key, value in parse_qsl(parts.query) if _SECRET_KEY.search(key)]
    found += _DATABASE.findall(address)
    for one in found:
        if one:
            yield from (one, unquote(one), quote(one, safe=""))


def _hide_in(error: BaseException | None, hidden: list[str]) -> None:
    """Hide secrets in the texts of an error, and of those that led to it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        error.args = tuple(redacted(one, hidden) if isinstance(one, str) else one for one in error.args)
        error = error.__cause__ or error.__context__
