"""Schemas in files: beside the output of a stage with all known values, and those of conf/ by name."""

import json
from functools import cache
from pathlib import Path
from typing import Final

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
    """
    text = (DECLARED / f"{name}.yaml").read_text(encoding="utf-8")
    return schema_of_json(json.dumps(OmegaConf.to_container(OmegaConf.create(text), resolve=True)))
