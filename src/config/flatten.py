"""A config as one level of values."""

from collections.abc import Mapping
from typing import Any

# Parts whose mappings are values: the columns of a data set are one choice, not one for each column.
_OF_VALUES = ("dataset.schema.", "trained_on.schema.")


def flat(node: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values of a config by their full names, as parameters of a run are named.

    >>> flat({"model": {"name": "lstm", "units": 64}, "k": 2, "dataset": {"schema": {"groups": {"basic": ["land"]}}}})
    {'model.name': 'lstm', 'model.units': 64, 'k': 2, 'dataset.schema.groups': {'basic': ['land']}}
    """
    found: dict[str, Any] = {}
    for key, value in node.items():
        if isinstance(value, Mapping) and prefix not in _OF_VALUES:
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found
