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
                content = json.dumps(own_classes(json.loads(content))).encode()
            own.writestr(name, content)
    copy.seek(0)
    return copy


def own_classes(schema: Any) -> Any:
    """Schema of a skops file in which classes of `src` are those of the running package."""
    if isinstance(schema, dict):
        module = schema.get("__module__")
        renamed = isinstance(module, str) and module.startswith(f"{_KEPT}.")
        own = {"__module__": f"{PACKAGE}{str(module).removeprefix(_KEPT)}"} if renamed else {}
        return {key: own_classes(value) for key, value in schema.items()} | own
    return [own_classes(one) for one in schema] if isinstance(schema, list) else schema
