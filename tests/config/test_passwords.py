"""A password in a config is refused before Hydra writes the config anywhere."""

from collections.abc import Callable

import pytest
from omegaconf import DictConfig, OmegaConf

from src.config.build import ConfigError
from src.config.passwords import refuse_passwords

URL = "postgresql+psycopg://me:swordfish@host/studies"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"sweep": {"storage": URL}}, r"^sweep\.storage: found an address with a password, .* in OPTUNA_STORAGE"),
        ({"dataset": {"train": {"urls": ["https://h/x", "https://u:p@h/x"]}}}, r"^dataset\.train\.urls: .*environment"),
        ({"hydra": {"overrides": {"task": ["k=2", f"+sweep.storage='{URL}'"]}}}, r"^sweep\.storage: .* OPTUNA_STORAGE"),
        ({"hydra": {"job": {"env_set": {"MLFLOW_TRACKING_URI": URL}}}}, r"^hydra\.job\.env_set\.MLFLOW_TRACKING_URI: "),
    ],
)  # fmt: skip
def test_a_password_in_a_config_is_refused_by_its_key_alone(content: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        refuse_passwords(OmegaConf.create(content))
    assert "swordfish" not in str(error.value)


def test_addresses_without_a_password_and_names_of_variables_are_accepted(composed: Callable[..., DictConfig]) -> None:
    refuse_passwords(composed())
    refuse_passwords(OmegaConf.create({"sweep": {"storage": "postgresql+psycopg://host/db"}, "seed": 1}))
    refuse_passwords(OmegaConf.create({"sweep": {"storage": "${oc.env:OPTUNA_STORAGE,null}"}}))
