"""Copies a file from a URL or a folder, within a size and a time that are known before."""

import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from http.client import HTTPMessage
from pathlib import Path
from typing import IO, Any, BinaryIO
from urllib.error import HTTPError

TIMEOUT_S = 60  # without a byte
DEADLINE_S = 600  # for a source: the full training file, 18 MB, at 30 kB a second
SLOWEST = 1_000  # bytes a second, from SLOW_AFTER_S on
SLOW_AFTER_S = 60
_CHUNK = 1 << 18
_POLL_S = 0.1
OnBytes = Callable[[int, int | None], object]  # bytes so far, total bytes or None


def is_url(address: str) -> bool:
    """Check for an address on the web."""
    return urllib.parse.urlsplit(address).scheme in ("http", "https")


def copy(address: str, path: Path, most: int, on_bytes: OnBytes) -> None:
    """Copy a local file, or fetch a URL.

    Args:
        address: URL, `file://` and a path, or a path.
        path: File that is written.
        most: Bytes that the file has at most.
        on_bytes: Callback for progress.
    Raises:
        OSError: the source cannot be read, takes too long or sends other than it promised.
        ValueError: the file is larger than `most`, or the scheme is none of these.
    """
    with path.open("wb") as out:
        if is_url(address):
            _Download(address, out, most).run(on_bytes)
            return
        scheme, mark, _ = address.partition("://")
        if mark and scheme != "file":
            raise ValueError(f"found the scheme {scheme!r}, expected http, https or a folder")
        _copy_local(Path(address.removeprefix("file://")), out, most)


def _copy_local(source: Path, out: BinaryIO, most: int) -> None:
    if source.exists() and not source.is_file():
        raise ValueError("found no plain file, expected one")  # a pipe or device may have no end
    with source.open("rb") as file:
        done = 0
        while chunk := file.read(_CHUNK):
            done += len(chunk)
            _check_size(done, most)
            out.write(chunk)


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise ValueError(f"found more than {most:,} bytes, expected at most so many: the declared file is smaller")


class _Download:
    """Download in a thread, since no timeout of a socket ends a server that sends a byte at a time.

    Args:
        address: URL.
        out: File that is written.
        most: Bytes that the file has at most.
    """

    def __init__(self, address: str, out: BinaryIO, most: int):
        self._address = address
        self._out = out
        self._most = most
        self._done = 0
        self._total: int | None = None
        self._error: Exception | None = None
        self._ended = threading.Event()

    def run(self, on_bytes: OnBytes) -> None:
        """Wait for the thread to be done, but not longer than is allowed."""
        thread = threading.Thread(target=self._fetch, name="download", daemon=True)
        started = time.monotonic()
        thread.start()
        try:
            while thread.is_alive():
                thread.join(_POLL_S)
                on_bytes(self._done, self._total)
                elapsed = time.monotonic() - started
                if elapsed > DEADLINE_S:
                    raise TimeoutError(f"{self._done:,} bytes had come after {elapsed:,.0f} seconds; gave it up")
                if elapsed > SLOW_AFTER_S and self._done < SLOWEST * elapsed:
                    raise TimeoutError(f"{self._done:,} bytes in {elapsed:,.0f} seconds are too slow; gave it up")
        finally:
            self._ended.set()
        if self._error is not None:
            raise self._error
        on_bytes(self._done, self._total)

    def _fetch(self) -> None:
        try:
            self._copy()
        except Exception as error:  # raised in the main thread, without the frames that keep the connection open
            if isinstance(error, HTTPError):
                error.close()
            error.__context__ = error.__cause__ = None
            self._error = error.with_traceback(None)

    def _copy(self) -> None:
        request = urllib.request.Request(self._address, headers={"User-Agent": "lstm-intrusion-detection"})
        opener = urllib.request.build_opener(_SameScheme)
        with opener.open(request, timeout=TIMEOUT_S) as reply:
            length = reply.headers.get("Content-Length")
            total = int(length) if length else None
            _check_size(total or 0, self._most)
            self._total = total
            # `read1` returns what has come; `read` would wait for a whole chunk
            while (chunk := reply.read1(_CHUNK)) and not self._ended.is_set():
                _check_size(self._done + len(chunk), self._most)
                self._out.write(chunk)
                self._done += len(chunk)
            if total is not None and self._done != total:
                raise EOFError(f"the connection ended after {self._done:,} of {total:,} bytes")


class _SameScheme(urllib.request.HTTPRedirectHandler):
    """Follows no redirect to another scheme, but for one from http to https."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Any:
        scheme = urllib.parse.urlsplit(newurl).scheme
        if scheme not in (req.type, "https"):
            raise HTTPError(req.full_url, code, f"redirected to {scheme}, expected {req.type}", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)
