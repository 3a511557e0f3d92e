"""Config of an evaluation on another data set than that of the training."""

import re
from collections.abc import Sequence
from typing import Any

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from src.config.build import ConfigError
from src.config.declared_files import check_names
from src.config.hydra_errors import OF_LIBRARIES, in_words
from src.config.settings import TRAINED_ON, Config
from src.utils.paths import PROJECT

_GROUPS = ("dataset", "preprocess", "evaluation")
_OVERRIDE = re.compile(rf"\+{{0,2}}((?:{'|'.join(_GROUPS)})\.[^=]+)=")


def config_on(config: Config, dataset: str, overrides: Sequence[str] = ()) -> Config:
    """Return the config of a training with another data set; its own is kept as `trained_on`.

    Args:
        config: Resolved config of the training.
        dataset: Choice of conf/dataset. The name of the training's own data set means that data set as it was then.
        overrides: Values of the data set, of preprocessing and of the evaluation, as on a command line.
    Raises:
        ConfigError: there is no such data set or key, or the key decides the detector.
        ValueError: the data set or its schema has another name than its file.
    """
    keys = [_key(one) for one in overrides]
    composed = _composed([f"dataset={dataset}", *overrides])
    found = OmegaConf.create(config)
    if composed.dataset.name != config["dataset"]["name"]:
        found.dataset = composed.dataset
    for key in keys:
        OmegaConf.update(found, key, OmegaConf.select(composed, key), force_add=True)
    values: Any = OmegaConf.to_container(found, resolve=True)
    return {**values, TRAINED_ON: config["dataset"]}


def _key(override: str) -> str:
    """Key of an override."""
    if not (found := _OVERRIDE.match(override)):
        raise ConfigError(
            f"{override}: expected KEY=VALUE with a key of {', '.join(_GROUPS)}, such as preprocess.max_unknown=0.1: "
            "the other keys decide the detector"
        )
    return found[1]


def _composed(overrides: list[str]) -> DictConfig:
    try:
        with initialize_config_dir(str(PROJECT / "conf")):
            config = compose("config", overrides, return_hydra_config=True)
    except OF_LIBRARIES as error:
        raise ConfigError(in_words(error)) from None
    # of two data sets of one name, that of the training would be scored
    check_names(config, config.hydra.runtime.choices, list(config.hydra.overrides.task))
    return config
