"""Note that params.yaml, which DVC runs, has other values than the defaults in conf/ of direct commands."""

import sys
from pathlib import Path
from typing import Any

import yaml
from hydra import compose
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import OmegaConf

from src.utils.paths import PROJECT, in_dvc_stage

_SHOWN = 3


def note_edited_params(path: Path = PROJECT / "params.yaml") -> None:
    """Print one line to stderr if params.yaml differs from the defaults; none in a DVC stage or a job of a multirun.

    `dvc exp run -S reducer=mi` writes its values to params.yaml. From then on `dvc repro` trains another model than
    `python -m src.train` does.
    """
    if in_dvc_stage() or HydraConfig.get().mode is not RunMode.RUN:
        return
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return  # DVC says what is wrong with it; a direct run does not read it
    if not isinstance(found, dict):
        return
    edited = _leaves(found)
    defaults = _leaves(OmegaConf.to_container(compose(HydraConfig.get().job.config_name), resolve=True))
    names = [name for name in {**edited, **defaults} if edited.get(name) != defaults.get(name)]
    # `reducer.name` says more than the options of the reducer, which differ with it
    names = sorted((name for name in names if "_target_" not in name), key=lambda name: not name.endswith(".name"))
    if names:
        shown = [f"{name}={edited.get(name)} (default {defaults.get(name)})" for name in names[:_SHOWN]]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        print(
            "This run starts from the defaults in conf/. dvc repro runs params.yaml, "
            f"which has {', '.join(shown)}{more}. "
            "To set it back: git checkout params.yaml dvc.lock, or make params where it was committed",
            file=sys.stderr,
        )


def _leaves(value: Any, name: str = "") -> dict[str, Any]:
    """Values by their dotted names; a list is a value."""
    if not isinstance(value, dict):
        return {name: value}
    children = [_leaves(part, f"{name}.{key}".lstrip(".")) for key, part in value.items()]
    return {key: one for child in children for key, one in child.items()}
