"""Note that params.yaml, which DVC runs, has other values than the defaults in conf/ of direct commands."""

import sys
from pathlib import Path

import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

from src.config.defaults import default_config
from src.config.flatten import flat
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
    edited = flat(found)
    defaults = flat(default_config())
    names = [name for name in {**edited, **defaults} if edited.get(name) != defaults.get(name)]
    # `reducer.name` says more than the options of the reducer, which differ with it
    names = sorted((name for name in names if "_target_" not in name), key=lambda name: not name.endswith(".name"))
    if names:
        shown = [f"{name}={_shown(edited.get(name))} (default {_shown(defaults.get(name))})" for name in names[:_SHOWN]]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        print(
            "This run starts from the defaults in conf/. dvc repro runs params.yaml, "
            f"which has {', '.join(shown)}{more}. "
            "To set it back: git checkout params.yaml dvc.lock, or make params where it was committed",
            file=sys.stderr,
        )


def _shown(value: object) -> str:
    """Text of a value; that of the columns of a data set would take a page."""
    return "{...}" if isinstance(value, dict) else str(value)
