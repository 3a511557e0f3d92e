"""The search uses Optuna's public names only, so that a new version of Optuna cannot break it unnoticed."""

import ast
from pathlib import Path

import pytest

from src.utils.paths import PROJECT


def private_names(text: str) -> list[str]:
    """Names with a leading underscore that are imported, or read from anything but `self`."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Attribute) and not (isinstance(node.value, ast.Name) and node.value.id == "self"):
            names = [node.attr]
        else:
            continue
        found += [name for name in names if name.startswith("_") and not name.startswith("__")]
    return found


@pytest.mark.parametrize("path", sorted((PROJECT / "src" / "search").glob("*.py")), ids=lambda path: path.stem)
def test_no_private_name_is_used(path: Path) -> None:
    assert private_names(path.read_text(encoding="utf-8")) == []


def test_private_names_are_found() -> None:
    text = "from optuna.storages import _CachedStorage\nstudy._storage.get()\nself._own\nimport os"
    assert private_names(text) == ["_CachedStorage", "_storage"]
