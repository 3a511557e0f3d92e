"""Files of `conf/dataset` that values of a config come from: their names, and their paths for messages."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from hydra.core.hydra_config import HydraConfig

from src.utils.paths import in_dvc_stage

# Group of the config, by the key whose values its file has; the longer key first.
_GROUPS = {"dataset.schema": "dataset/schema", "dataset": "dataset"}


def check_names(config: Mapping[str, Any], choices: Mapping[str, str], overrides: Sequence[str]) -> None:
    """Check that the data set and its schema have the names of their files.

    A file that was copied with its name would share the folder of the data, and the experiment, of the first.

    Args:
        choices: Choice of each group.
        overrides: Overrides of the command line, which may give another name.
    Raises:
        ValueError: a name is not that of its file, or is missing; or a file has no keys, or names no schema.
    """
    dataset = config["dataset"]
    for key, node in (("dataset", dataset), ("dataset.schema", _value(dataset, "schema"))):
        path = file_of(f"{key}.name", choices, overrides)
        if not path:
            continue
        if not isinstance(node, Mapping) or (key == "dataset" and not node):
            raise ValueError(f"{path}: found no keys, expected those of a data set or schema, such as `name: flows`")
        if (name := node.get("name")) != PurePosixPath(path).stem:
            found = "nothing" if name is None else repr(name)
            raise ValueError(
                f"{path}: name: found {found}, expected {PurePosixPath(path).stem!r}, the name of the file"
            )
        if key == "dataset" and _value(node, "schema") is None:
            raise ValueError(
                f"{path}: found no schema, expected the name of a file of conf/dataset/schema in its defaults: "
                "`- schema: NAME`, then `- _self_`"
            )


def _value(node: Any, key: str) -> Any:
    return node.get(key) if isinstance(node, Mapping) else None


def file_of(key: str, choices: Mapping[str, str], overrides: Sequence[str]) -> str:
    """Path of the file that a value comes from, below the project; empty where it comes from elsewhere.

    >>> choices = {"dataset": "mine", "dataset/schema": "flows"}
    >>> file_of("dataset.schema.header", choices, ()), file_of("dataset.train.records", choices, ())
    ('conf/dataset/schema/flows.yaml', 'conf/dataset/mine.yaml')
    >>> file_of("dataset.train.records", choices, ["dataset.train.records=3"]), file_of("k", choices, ())
    ('', '')
    """
    given = [one.lstrip("+~").partition("=")[0] for one in overrides]
    if any(key == one or key.startswith(f"{one}.") for one in given if "." in one):
        return ""
    for prefix, group in _GROUPS.items():
        if key.startswith(f"{prefix}.") and group in choices:
            return f"conf/{group}/{choices[group]}.yaml"
    return ""


def composed_files() -> tuple[Mapping[str, str], Sequence[str]] | None:
    """Choices and overrides of the command that runs; None where Hydra did not compose its config from `conf/`."""
    if not HydraConfig.initialized() or in_dvc_stage():
        return None
    hydra = HydraConfig.get()
    return hydra.runtime.choices, list(hydra.overrides.task)
