"""A config as one level of values."""

from collections.abc import Mapping
from typing import Any


def flat(node: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values of a config by their full names, as parameters of a run are named.

    >>> flat({"model": {"name": "lstm", "units": 64}, "k": 2})
    {'model.name': 'lstm', 'model.units': 64, 'k': 2}
    """
    found: dict[str, Any] = {}
    for key, value in node.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found
