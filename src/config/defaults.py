"""Config that a command has where it names no more than the files of some groups: what a run differs from."""

from collections.abc import Mapping
from contextlib import nullcontext
from functools import cache
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from src.config.build import NAMED
from src.utils.paths import PROJECT


def default_config() -> Mapping[str, Any]:
    """Resolved config of a command without overrides."""
    return _composed(())


def default_config_of(config: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Resolved config of a command that only chooses the same files; None if conf/ lacks one of them."""
    try:
        return _composed(tuple(f"{group}={config[group]['name']}" for group in NAMED))
    except (HydraException, OmegaConfBaseException):  # a file of another folder, or of an earlier version
        return None


@cache  # composing takes a tenth of a second
def _composed(overrides: tuple[str, ...]) -> Mapping[str, Any]:
    initialized = GlobalHydra.instance().is_initialized()
    with nullcontext() if initialized else initialize_config_dir(str(PROJECT / "conf")):
        composed: Any = OmegaConf.to_container(compose("config", list(overrides)), resolve=True)
    return {str(key): value for key, value in composed.items()}
