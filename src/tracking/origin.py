"""Origin of a run: the user, machine and command that made it, which a store names only where the config asks for it.

A store is shared, and published with its results. MLflow would name the user and the path of the command in every run.
"""

import os
import platform
import re
import sys
from pathlib import Path


def origin_tags(*, named: bool) -> dict[str, str]:
    """Tags of a run, or of a logged model, that replace those that MLflow sets.

    Args:
        named: True for tags with the user, the host, the process id and the path of the command.
    """
    if named:
        return {"host": platform.node(), "pid": str(os.getpid())}
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
