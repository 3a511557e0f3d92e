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
        ValueError: a name is not that of its file.
    """
    for key, node in (("dataset.schema", config["dataset"]["schema"]), ("dataset", config["dataset"])):
        path = file_of(f"{key}.name", choices, overrides)
        if path and node["name"] != PurePosixPath(path).stem:
            raise ValueError(
                f"{path}: name: found {node['name']!r}, expected {PurePosixPath(path).stem!r}, the name of the file"
            )


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
