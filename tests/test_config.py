"""Every file of conf/ composes and builds; params.yaml agrees with it."""

from collections.abc import Callable

import pytest
import yaml
from omegaconf import DictConfig, OmegaConf

from docs.command_help import RANGES
from src.config.build import ConfigError, build
from src.config.settings import is_simulated
from src.utils.paths import PROJECT
from tests.choices import CONF, NEEDS, options

Compose = Callable[..., DictConfig]


def defaults() -> list[str]:
    """Groups of the defaults list."""
    entries = yaml.safe_load((CONF / "config.yaml").read_text())["defaults"]
    return [group for entry in entries if isinstance(entry, dict) for group in entry]


def every_choice() -> list[str]:
    """One override for each file of each group."""
    choices = []
    for path in sorted(CONF.rglob("*.yaml")):
        group = path.parent.relative_to(CONF).as_posix()
        if group.partition("/")[0] == "sweep":  # of src.sweep, in tests/search/test_config.py
            continue
        if group.startswith("recipe/") or group == "model/shared":  # parts of other files, never chosen by themselves
            continue
        if group != ".":
            known = group in (*defaults(), "training/teacher", "dataset/schema") or group.startswith("hydra")
            needs = NEEDS.get(f"{group}={path.stem}", "")
            first, _, rest = group.partition("/") if group.startswith("experiment/") else (group, "", "")
            choices.append(f"{'' if known else '+'}{first}={rest}{'/' if rest else ''}{path.stem}{needs}")
    return choices


@pytest.mark.parametrize("choice", every_choice())
def test_every_file_composes_and_builds(choice: str, composed: Compose) -> None:
    build(composed(*choice.split(",")))


@pytest.mark.parametrize("group", ["dataset", "task", "split", "scaling", "reducer", "layout", "model"])
def test_every_file_of_a_group_has_its_own_name_as_name(group: str, composed: Compose) -> None:
    assert options(group)
    for option in options(group):
        assert composed(f"{group}={option}")[group].name == option


@pytest.mark.parametrize("option", options("dataset"))
def test_the_config_of_a_data_set_says_as_the_data_set_does_whether_it_is_simulated(
    option: str, composed: Compose
) -> None:
    config = composed(f"dataset={option}", "dataset.name=other")
    assert is_simulated(config.dataset) == build(config).dataset.simulated


# --- k ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reducer", "k"), [("pca", 2), ("mi", 4), ("none", 53)])
def test_each_reducer_has_its_own_default_k(reducer: str, k: int, composed: Compose) -> None:
    settings = build(composed(f"reducer={reducer}"))
    assert settings.k == settings.reducer.k == settings.config["reducer"]["k"] == k


@pytest.mark.parametrize("overrides", [("reducer=pca", "k=7"), ("k=7", "reducer=mi"), ("k=7",)])
def test_k_on_the_command_line_overrides_it(overrides: tuple[str, ...], composed: Compose) -> None:
    settings = build(composed(*overrides))
    assert settings.k == settings.reducer.k == 7


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("k=54", "k=54: expected a whole number from 1 to 53"),
        ("seed=4294967296", "seed=4294967296: expected a whole number from 0 to 4294967295"),
        ("preprocess.on_bad_record=skip", "preprocess.on_bad_record='skip': Input should be 'stop' or 'quarantine'"),
        ("split.test=1.0", "test=1.0: expected a share between 0 and 1"),
    ],
)
def test_what_is_outside_a_range_of_the_help_pages_is_refused(override: str, message: str, composed: Compose) -> None:
    """Ranges that the pages do not take from a class."""
    assert override.partition("=")[0] in RANGES
    with pytest.raises(ConfigError, match=message):
        build(composed(override))


# --- params.yaml -----------------------------------------------------------------------------------------------------


def test_params_yaml_is_the_composed_config(composed: Compose) -> None:
    expected = OmegaConf.to_yaml(composed(), resolve=True)
    assert (PROJECT / "params.yaml").read_text() == expected, "conf/ and params.yaml differ: run `make params`"
