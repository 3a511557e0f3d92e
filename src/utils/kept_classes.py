"""Names of this project's classes in skops files, also where its code runs as a package of another name.

A logged detector brings its code as a package with a name of its own (`src.tracking.packed_code`). Its files name
classes of `src`, which in that process is another package, or none.
"""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

PACKAGE = __name__.partition(".")[0]  # package that this code runs as
_KEPT = "src"  # package that files name
_SCHEMA = "schema.json"  # names the classes of a skops file


def with_own_classes(path: Path) -> Path | io.BytesIO:
    """Skops file that names the classes of the running package: the file itself, or a changed copy in memory.

    Args:
        path: File that skops wrote.
    """
    if PACKAGE == _KEPT:
        return path
    copy = io.BytesIO()
    with zipfile.ZipFile(path) as kept, zipfile.ZipFile(copy, "w") as own:
        for name in kept.namelist():
            content = kept.read(name)
            if name == _SCHEMA:
                content = json.dumps(json.loads(content, object_hook=_with_own_module)).encode()
            own.writestr(name, content)
    copy.seek(0)
    return copy


def _with_own_module(node: dict[str, Any]) -> dict[str, Any]:
    module = node.get("__module__")
    if isinstance(module, str) and module.startswith(f"{_KEPT}."):
        node["__module__"] = PACKAGE + module.removeprefix(_KEPT)
    return node
