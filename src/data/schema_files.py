"""Schemas in files: beside the output of a stage with all known values, and those of conf/ by name."""

import json
from functools import cache
from pathlib import Path
from typing import Final

import yaml

from src.data.schema import Schema, schema_of
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
    """Read a schema of `conf/dataset/schema`, for what reads no config: reports on published data, and tools."""
    return schema_of(yaml.safe_load((DECLARED / f"{name}.yaml").read_text(encoding="utf-8")))
