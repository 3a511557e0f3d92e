"""Server of optuna-dashboard on the studies of the project, for the browser of this machine alone."""

import sys
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from src.search import trial_queue
from src.search.storage import open_storage, storage_file, storage_url
from src.utils.termination import Terminated, terminable

_HEARTBEAT_S = 15
_OF_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Print no line for each request."""


def serve(port: int) -> int:
    """Serve the studies until Ctrl-C.

    Returns:
        Exit status of the command.
    Raises:
        ConfigError: the storage cannot be reached.
        OSError: the port is taken.
    """
    url = storage_url(None)
    file = storage_file(url)
    if file and (not file.is_file() or not file.stat().st_size):
        run = "python -m src.sweep sweep=components sweep.n_trials=6 dataset=simulated"
        print(f"no sweep yet in {file}: {run} runs one (2 minutes)", file=sys.stderr)
        return 0
    storage = open_storage(url, _HEARTBEAT_S, trial_queue.on_stale)
    import optuna_dashboard

    application = of_this_machine(optuna_dashboard.wsgi(storage))
    with make_server("127.0.0.1", port, application, server_class=_Server, handler_class=_QuietHandler) as server:
        print(f"http://127.0.0.1:{port}\nCtrl-C ends it.", flush=True)
        try:
            with terminable():
                server.serve_forever()
        except (KeyboardInterrupt, Terminated):
            pass
    return 0


def of_this_machine(application: Application) -> Application:
    """Refuse requests that another site makes in the user's browser.

    Such a site may point its own name at 127.0.0.1 (a foreign Host), or send a request here from its page (a foreign
    Origin). The dashboard has no password, and can delete studies.
    """

    def checked(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        host, origin = environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN")
        if _hostname(f"http://{host}") in _OF_THIS_MACHINE and origin in (None, f"http://{host}"):
            return application(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
        return [f"found Host {host!r} and Origin {origin!r}, expected those of this machine\n".encode()]

    return checked


def _hostname(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
