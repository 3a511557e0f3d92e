"""Origin of a run: the process, machine and user that made it, which a store names only where the config asks for it.

A store is shared, and published with its results. So runs hold digests, by which a machine finds its own processes.
"""

import hashlib
import platform
import re
import sys
from collections.abc import Collection
from contextlib import suppress
from functools import cache
from pathlib import Path

import psutil

_MACHINE_ID = Path("/etc/machine-id")  # on Linux; makes the name of a host hard to guess from its digest


def origin_tags(*, named: bool) -> dict[str, str]:
    """Tags of a run, or of a logged model, that replace those that MLflow sets.

    Args:
        named: True for tags with the user, the host, the process id and the path of the command.
    """
    if named:
        return {"host": platform.node(), "pid": str(psutil.Process().pid)}
    from mlflow.tracking.context.registry import resolve_tags

    tags = {"mlflow.user": "unknown", "mlflow.source.name": f"src/{Path(sys.argv[0]).name}"}
    if repository := resolve_tags().get("mlflow.source.git.repoURL"):
        tags["mlflow.source.git.repoURL"] = public_address(repository)
    return tags


def public_address(repository: str) -> str:
    """Address of a git repository without user and password; `local` for a folder.

    >>> public_address("https://me:secret@example.org/ids.git"), public_address("/home/me/ids")
    ('https://example.org/ids.git', 'local')
    """
    if re.match(r"(https?|ssh|git)://", repository):
        return re.sub(r"://[^/]*@", "://", repository)
    return repository if re.match(r"[\w.-]+@[\w.-]+:", repository) else "local"


def process_tag(process: psutil.Process | None = None) -> str:
    """Digests of this machine and of a process on it, by default of this one."""
    one = process or psutil.Process()
    return f"{_machine()} {_digest(f'{_machine()} {one.pid} {one.create_time():.0f}')}"


def is_dead(tag: str) -> bool:
    """Tell whether a tag is that of a process of this machine that has ended."""
    return tag.partition(" ")[0] == _machine() and tag not in _tags(psutil.process_iter())


def is_child(tag: str) -> bool:
    """Tell whether a tag is that of a process that this one started, at any depth."""
    return tag in _tags(psutil.Process().children(recursive=True))


def _tags(processes: Collection[psutil.Process]) -> set[str]:
    found = set()
    for one in processes:
        with suppress(psutil.Error):  # it has just ended
            found.add(process_tag(one))
    return found


@cache
def _machine() -> str:
    try:
        secret = _MACHINE_ID.read_text(encoding="utf-8")
    except OSError:
        secret = ""
    return _digest(f"{platform.node()} {secret}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
