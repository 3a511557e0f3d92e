"""Code of a detector, packed as a package with a name of its own.

A logged detector must load in a program whose own package is `src`, and beside a detector of other code. Python has one
module of a name in a process. So the code gets a name from its digest, and every import in it is renamed.
"""

import ast
import hashlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from src.utils.paths import PROJECT

_PACKAGE = "src"
_SERVED = "src.detector.mlflow_model"  # the module that a logged detector starts from
_FULL_NAME = re.compile(rf"{_PACKAGE}(\.\w+)+")  # a string such as "src.models.networks.layers"
_MODEL = '''"""Detector of the network-intrusion project, as MLflow loads it."""

from mlflow.models import set_model

from {package}.detector.mlflow_model import ServedDetector

set_model(ServedDetector())
'''


@dataclass(frozen=True)
class PackedCode:
    """Packed code.

    Attributes:
        package: Folder of the package; its name is that of the package.
        model: File that MLflow runs to load the detector.
    """

    package: Path
    model: Path


def pack_code(folder: Path, root: Path = PROJECT) -> PackedCode:
    """Write the modules that a logged detector can import, and no other file, as a package in `folder`.

    Args:
        folder: Folder that exists.
        root: Folder of the package `src`.
    Raises:
        ValueError: a module imports in a way that cannot be renamed.
    """
    files = {path.relative_to(root / _PACKAGE).as_posix(): path.read_bytes() for path in _files(root)}
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    package = folder / f"ids_detector_{digest.hexdigest()[:16]}"
    for name, content in files.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_renamed(content, package.name, name))
    model = folder / f"{package.name}_model.py"
    model.write_text(_MODEL.format(package=package.name), encoding="utf-8")
    return PackedCode(package, model)


@contextmanager
def importable(code: PackedCode) -> Iterator[None]:
    """Let Python import packed code inside the block, and forget its modules afterwards."""
    place, name = str(code.package.parent), code.package.name
    sys.path.insert(0, place)
    try:
        yield
    finally:
        sys.path.remove(place)
        for module in [one for one in sys.modules if one.partition(".")[0] == name]:
            del sys.modules[module]  # its folder goes: a later import would find half of the package


def _files(root: Path) -> set[Path]:
    """Files of the modules that a logged detector can import, with those of their packages."""
    found: set[Path] = set()
    waiting = [_SERVED]
    while waiting:
        path = _file(root, waiting.pop())
        if path is None or path in found:
            continue
        found.add(path)
        waiting += [name for name, _ in _names(ast.parse(path.read_bytes()), path) for name in _with_parents(name)]
    return found


def _file(root: Path, module: str) -> Path | None:
    stem = root / Path(*module.split("."))
    return next((path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()), None)


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _names(tree: ast.Module, path: Path | str) -> Iterator[tuple[str, ast.expr | ast.stmt]]:
    """Full names that a module imports, or has as strings, and where they stand; none that only serve types."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(f"{_PACKAGE}."):
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node
        elif isinstance(node, ast.Import):
            if any(f"{alias.name}.".startswith(f"{_PACKAGE}.") for alias in node.names):
                raise ValueError(
                    f"{path}:{node.lineno}: found `import {_PACKAGE}`, expected `from {_PACKAGE}... import`"
                )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _FULL_NAME.fullmatch(node.value):
            yield node.value, node


def _renamed(content: bytes, package: str, name: str) -> bytes:
    """Source in which every full name begins with the name of the package."""
    lines = content.splitlines(keepends=True)
    places = {(node.lineno - 1, node.col_offset) for _, node in _names(ast.parse(content), name)}
    for line, column in sorted(places, reverse=True):
        before, after = lines[line][:column], lines[line][column:]
        renamed, count = re.subn(rb"^(from\s+|['\"])src\b", rb"\1" + package.encode(), after)
        if not count:
            raise ValueError(
                f"{name}:{line + 1}: found a name that no rule renames, expected it behind `from` or a quote"
            )
        lines[line] = before + renamed
    return b"".join(lines)
