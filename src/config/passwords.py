"""Passwords in a config are refused: Hydra writes every config to .hydra/, and MLflow logs it."""

from omegaconf import DictConfig, OmegaConf

from src.config.build import ConfigError
from src.config.flatten import flat
from src.utils.environment_variables import STORAGE_VARIABLE
from src.utils.secrets import has_password

_VARIABLES = {"sweep.storage": STORAGE_VARIABLE, "MLFLOW_TRACKING_URI": "MLFLOW_TRACKING_URI"}


def refuse_passwords(config: DictConfig) -> None:
    """Refuse a config with an address that holds a password; the message does not show it.

    Raises:
        ConfigError: the message names the key, and what to do.
    """
    # unresolved: ${oc.env:NAME} is written as it stands here
    values = flat(OmegaConf.to_container(config, resolve=False))  # type: ignore[arg-type]
    for key, value in values.items():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and has_password(text):
                name, equals, _ = text.partition("=")  # an override, in hydra.overrides.task
                place = name.lstrip("+~") if key.startswith("hydra.overrides") and equals else key
                variable = _VARIABLES.get(place, "an environment variable")
                raise ConfigError(
                    f"{place}: found an address with a password, which .hydra/, logs and process lists would show; "
                    f"expected it in {variable}, or a file of the driver such as ~/.pgpass"
                )
