"""Names of this project's classes in skops files, also where its code runs as a package of another name.

A logged detector brings its code as a package with a name of its own (`src.tracking.packed_code`). Its files name
classes of `src`, which in that process is another package, or none.
"""

from typing import Any

PACKAGE = __name__.partition(".")[0]  # package that this code runs as
_KEPT = "src"  # package that files name


def own_classes(schema: Any) -> Any:
    """Schema of a skops file in which classes of `src` are those of the running package."""
    if PACKAGE == _KEPT:
        return schema
    if isinstance(schema, dict):
        module = schema.get("__module__")
        renamed = isinstance(module, str) and module.startswith(f"{_KEPT}.")
        own = {"__module__": f"{PACKAGE}{str(module).removeprefix(_KEPT)}"} if renamed else {}
        return {key: own_classes(value) for key, value in schema.items()} | own
    return [own_classes(one) for one in schema] if isinstance(schema, list) else schema
