"""Classes that a config may name: those that the files of conf/ name, each in its own group.

An experiment file, a params.yaml or a command line can name any class. A name outside this list is refused before
anything is made, since making an object runs code.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from src.utils.paths import PROJECT

# Classes that Hydra itself may make: callbacks, and what its logging names. Those of conf/config.yaml.
MADE_BY_HYDRA = ["src.tracking.multirun.callback.MultirunCallback"]
CONF = PROJECT / "conf"
_TARGET = "_target_"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where it is installed: a group takes 5 ms, not 30


@cache
def classes(group: str, conf: Path = CONF) -> frozenset[str]:
    """Full names of the classes that the files of a group name, where they choose the group's object.

    Raises:
        ValueError: a file is not YAML. It need not be one that the command chooses, so the message names it.
    """
    found = set()
    for path in (conf / f"{group}.yaml", *sorted((conf / group).rglob("*.yaml"))):
        node = _read(path) if path.is_file() else None
        for place in (node, node.get(group) if isinstance(node, Mapping) else None):  # a file may set other groups too
            if isinstance(place, Mapping) and isinstance(place.get(_TARGET), str):
                found.add(place[_TARGET])
    return frozenset(found)


def text_of(path: Path) -> str:
    """Read a file of conf/.

    Raises:
        ValueError: it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{path}, line {line}: found the byte {error.object[error.start]:#x}, expected text in UTF-8: save it so"
        ) from None


def _read(path: Path) -> Any:
    try:
        return yaml.load(text_of(path), _LOADER)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ValueError(f"{path}{line}: {error.problem}; expected a file in YAML: correct this line") from None
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: {' '.join(str(error).split())}; expected a file in YAML") from None


# Part of a group that is the config of another group's object, as a model that teaches another.
_INSIDE = {"training/teacher": ("model", "model")}


def check_target(group: str, node: Mapping[str, Any], place: str | None = None) -> None:
    """Check that a group names one of its classes, and that nothing inside of it names another.

    Args:
        group: Group, such as `model`.
        node: Part of the config.
        place: Key of that part, for messages; None if it is that of the group.
    Raises:
        ValueError: the message gives the key, the name found and names like it.
    """
    place, known = place or group.replace("/", "."), sorted(classes(group))
    found = node.get(_TARGET)
    if found not in known:
        near = get_close_matches(str(found), known, n=3, cutoff=0) if len(known) > 3 else known
        raise ValueError(
            f"{place}.{_TARGET}={found!r}: found no class that a file of conf/{group} names, "
            f"expected one such as {', '.join(near)}"
        )
    plain = {name: value for name, value in node.items() if name != _TARGET}
    if group in _INSIDE:
        name, inside = _INSIDE[group]
        check_target(inside, plain.pop(name), f"{place}.{name}")
    for key in _directives(plain, place):
        raise ValueError(f"{key}: found a key that makes objects, expected plain values; only {place}.{_TARGET} may")


def _directives(node: Any, place: str) -> Iterator[str]:
    """Keys of Hydra, such as `_target_` and `_partial_`, in a part of a config."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if isinstance(key, str) and key.startswith("_") and key.endswith("_"):
                yield f"{place}.{key}"
            yield from _directives(value, f"{place}.{key}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _directives(value, f"{place}[{number}]")
