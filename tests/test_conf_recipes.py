"""Tuned values are used where a command or a grid names them, and nowhere else."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra.errors import MissingConfigException
from omegaconf import DictConfig, OmegaConf

from src.utils.paths import PROJECT

Compose = Callable[..., DictConfig]
CONF = PROJECT / "conf"
RECIPES = sorted(path.stem for path in (CONF / "recipe").glob("*.yaml") if path.stem != "none")
TASKS = sorted(path.stem for path in (CONF / "task").glob("*.yaml"))


def choices(entries: list[Any]) -> Iterator[tuple[str, str]]:
    """Group and choice of each entry of a defaults list that has both."""
    for entry in entries:
        if isinstance(entry, dict):
            yield from ((str(group), str(choice)) for group, choice in entry.items())


def in_files(group: str, name: str) -> DictConfig:
    """Values of one file and of the files that it builds on, not composed."""
    values: dict[str, Any] = yaml.safe_load((CONF / group / f"{name}.yaml").read_text())
    entries = values.pop("defaults", [])
    below = [(group, one.removesuffix("@_here_")) for one in entries if isinstance(one, str) and one != "_self_"]
    below += [(f"{group}/{inner}", choice) for inner, choice in choices(entries)]
    found = OmegaConf.merge(*(in_files(*one) for one in below), values)
    assert isinstance(found, DictConfig)
    return found


def test_without_a_named_recipe_none_is_chosen() -> None:
    chosen = dict(choices(yaml.safe_load((CONF / "config.yaml").read_text())["defaults"]))
    assert chosen["recipe"] == "none"
    assert yaml.safe_load((CONF / "recipe" / "none.yaml").read_text()) is None


@pytest.mark.parametrize("path", sorted(CONF.rglob("*.yaml")), ids=lambda path: str(path.relative_to(CONF)))
def test_no_choice_of_one_group_depends_on_that_of_another(path: Path) -> None:
    values = yaml.safe_load(path.read_text()) or {}
    for group, choice in choices(values.get("defaults", [])):
        allowed = path.parent == CONF / "recipe" and group == f"{path.stem}@_global_"  # a command names the recipe
        assert "${" not in group + choice or allowed


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("model", ["lstm", "lstm_ensemble"])
def test_without_a_recipe_a_model_has_the_values_of_its_files_on_every_task(
    model: str, task: str, composed: Compose
) -> None:
    found = composed(f"model={model}", f"task={task}")
    assert found.model == in_files("model", model)
    assert found.training == in_files("training", "default")
    assert found.task == in_files("task", task)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_sets_its_model_its_task_and_its_values(recipe: str, composed: Compose) -> None:
    found = composed(f"recipe={recipe}")
    assert f"{found.model.name}_{found.task.name}" == recipe
    values = in_files(f"recipe/{recipe}", recipe)
    plain = composed(f"model={found.model.name}", f"task={found.task.name}")
    assert found == OmegaConf.merge(plain, values)
    assert found != plain, "the recipe repeats the defaults"


def test_the_command_line_changes_a_value_of_a_recipe(composed: Compose) -> None:
    found = composed("training.epochs=3", "recipe=lstm_multiclass")
    assert (found.training.epochs, found.model.fourier.decay) == (3, 0.0)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("other", ["model=gru", "task=five", "+experiment=generalization/five"])
def test_a_recipe_for_another_model_or_task_is_refused(recipe: str, other: str, composed: Compose) -> None:
    with pytest.raises(
        MissingConfigException, match=rf"Could not find 'recipe/{recipe}/\w+'\n\nAvailable .*\n\t{recipe}"
    ):
        composed(f"recipe={recipe}", other)


@pytest.mark.filterwarnings("ignore:The version_base")  # an argument of DVC's that Hydra is about to drop
@pytest.mark.parametrize("override", ["recipe=lstm_multiclass", "+experiment=paper/headline_ensemble"])
def test_dvc_writes_the_values_of_a_recipe_and_of_a_grid_into_params_yaml(
    override: str, composed: Compose, tmp_path: Path
) -> None:
    from dvc.utils.hydra import compose_and_dump

    compose_and_dump(tmp_path / "params.yaml", str(CONF), None, "config", str(tmp_path), [override])
    assert (tmp_path / "params.yaml").read_text() == OmegaConf.to_yaml(composed(override), resolve=True)
