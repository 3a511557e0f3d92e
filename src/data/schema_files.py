"""Schemas in files: beside the output of a stage with all known values, and those of conf/ by name."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from omegaconf import OmegaConf

from src.data.schema import Schema, schema_of, schema_of_json
from src.utils.files import write_text
from src.utils.paths import PROJECT

FILE: Final = "schema.json"
DECLARED: Final = PROJECT / "conf" / "dataset" / "schema"


def write_schema(schema: Schema, folder: Path) -> None:
    """Write the schema of the tables in a folder."""
    write_text(folder / FILE, json.dumps(schema.as_dict(), indent=1) + "\n")


def read_schema(folder: Path) -> Schema:
    """Read a schema that `write_schema` wrote."""
    return schema_of(json.loads((folder / FILE).read_text(encoding="utf-8")))


@cache
def declared_schema(name: str) -> Schema:
    """Read a schema of `conf/dataset/schema`, for what reads no config: reports on published data, and tools.

    It is read as Hydra reads it and checked as strictly as a config: a key that is there twice is an error, and `yes`
    in quotes is no truth value.

    Raises:
        FileNotFoundError: there is no such schema.
        YAMLError: the file is not YAML, or has a key twice.
        OmegaConfBaseException: the file has a `${...}` that names nothing.
        ValidationError: a value is wrong.
        ValueError: a key is no text, such as `0` and `no` without quotes, which JSON would make one.
    """
    path = DECLARED / f"{name}.yaml"
    values = OmegaConf.to_container(OmegaConf.create(path.read_text(encoding="utf-8")), resolve=True)
    if no_text := next(_keys_that_are_no_text(values), None):
        raise ValueError(f"{path}: {no_text}, expected a text; write it in quotes")
    return schema_of_json(json.dumps(values))


def _keys_that_are_no_text(node: Any, place: str = "") -> Iterator[str]:
    for key, value in node.items() if isinstance(node, dict) else ():
        if not isinstance(key, str):
            yield f"{place or 'schema'}: found the key {key!r}"
        yield from _keys_that_are_no_text(value, f"{place}.{key}".lstrip("."))
