"""Every file of conf/ composes and builds; params.yaml and dvc.yaml agree with it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from omegaconf import DictConfig, OmegaConf

from src import recipes
from src.build import build
from src.workspace import PROJECT, Workspace
from tests.choices import CONF, NEEDS, options

Compose = Callable[..., DictConfig]
# Nothing in these groups changes what a stage makes.
NOT_TRACKED_BY_DVC = {"tracking"}


def defaults() -> list[str]:
    """The groups of the defaults list."""
    entries = yaml.safe_load((CONF / "config.yaml").read_text())["defaults"]
    return [group for entry in entries if isinstance(entry, dict) for group in entry]


def every_choice() -> list[str]:
    """An override for each file of each group."""
    choices = []
    for path in sorted(CONF.rglob("*.yaml")):
        group = path.parent.relative_to(CONF).as_posix()
        if group.partition("/")[0] == "sweep":  # of src.sweep, in tests/study/test_definition.py
            continue
        if group == "recipe":  # not chosen by name, but by the model and the task it is for
            pairs = [(model, task) for model in options("model") for task in options("task")]
            ((model, task),) = [pair for pair in pairs if "_".join(pair) == path.stem]
            choices.append(f"model={model},task={task}")
        elif group != ".":
            known = group in defaults() or group.startswith("hydra")
            needs = NEEDS.get(f"{group}={path.stem}", "")
            choices.append(f"{'' if known else '+'}{group}={path.stem}{needs}")
    return choices


def stages() -> dict[str, dict[str, Any]]:
    """The stages of dvc.yaml."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((PROJECT / "dvc.yaml").read_text())["stages"]
    return found


def paths(entries: list[Any]) -> list[str]:
    """The paths of a list of outputs, some of which carry options."""
    return [path for entry in entries for path in (entry if isinstance(entry, dict) else [entry])]


@pytest.mark.parametrize("choice", every_choice())
def test_every_file_composes_and_builds(choice: str, composed: Compose) -> None:
    build(composed(*choice.split(",")))


@pytest.mark.parametrize("group", ["dataset", "task", "split", "scaling", "reducer", "layout", "model"])
def test_every_file_of_a_group_is_named_as_it_calls_itself(group: str, composed: Compose) -> None:
    assert options(group)
    for option in options(group):
        assert composed(f"{group}={option}")[group].name == option


# --- k ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reducer", "k"), [("pca", 2), ("mi", 4), ("none", 53)])
def test_each_reducer_has_its_own_default_k(reducer: str, k: int, composed: Compose) -> None:
    settings = build(composed(f"reducer={reducer}"))
    assert settings.k == settings.reducer.k == settings.config["reducer"]["k"] == k


@pytest.mark.parametrize("overrides", [("reducer=pca", "k=7"), ("k=7", "reducer=mi"), ("k=7",)])
def test_k_on_the_command_line_overrides_it(overrides: tuple[str, ...], composed: Compose) -> None:
    settings = build(composed(*overrides))
    assert settings.k == settings.reducer.k == 7


# --- params.yaml and dvc.yaml ----------------------------------------------------------------------------------------


def test_params_yaml_is_the_composed_config(composed: Compose) -> None:
    expected = OmegaConf.to_yaml(composed(), resolve=True)
    assert (PROJECT / "params.yaml").read_text() == expected, "conf/ and params.yaml differ: run `make params`"


def test_every_key_of_params_yaml_makes_some_stage_run_again() -> None:
    keys = set(yaml.safe_load((PROJECT / "params.yaml").read_text()))
    declared = {key.partition(".")[0] for stage in stages().values() for key in stage["params"]}
    assert keys - declared == NOT_TRACKED_BY_DVC
    assert declared <= keys


def test_the_stages_are_the_doors_in_walking_order() -> None:
    names = list(stages())
    assert names == ["download", "preprocess", "sample", "reduce", "train", "evaluate"]
    for name, stage in stages().items():
        assert stage["cmd"] == f"python -m src.{name} ${{h}}"
        assert f"src/{name}.py" in stage["deps"]


def test_the_outputs_of_each_stage_lie_where_the_workspace_says() -> None:
    root = Workspace(Path())
    expected = {
        "download": [root.raw("${dataset.name}"), recipes.note_path(root.raw("${dataset.name}"))],
        "preprocess": [root.preprocessed("${dataset.name}"), recipes.note_path(root.preprocessed("${dataset.name}"))],
        "sample": [root.sampled, recipes.note_path(root.sampled)],
        "reduce": [root.reduced, recipes.note_path(root.reduced)],
        "train": [root.detector, root.run_note],
        "evaluate": [],
    }
    for name, stage in stages().items():
        outs = {Path(path) for key in ("outs", "metrics") for path in paths(stage.get(key, []))}
        reports = {path for path in outs if path.parent == root.reports}
        assert outs - reports == set(expected[name]), name
        assert bool(reports) == (name in ("reduce", "train", "evaluate")), name


def test_every_dependency_is_a_file_of_the_project_or_an_output_of_a_stage_before() -> None:
    made: set[Path] = set()
    for name, stage in stages().items():
        for path in map(Path, stage["deps"]):
            if path.parts[0] == "src":
                assert (PROJECT / path).exists(), f"{name}: {path}"
            else:
                assert any(path == out or path in out.parents for out in made), f"{name}: {path}"
        made |= {Path(path) for key in ("outs", "metrics") for path in paths(stage.get(key, []))}


def test_each_stage_declares_the_params_that_its_output_is_made_of() -> None:
    declared = {name: set(stage["params"]) for name, stage in stages().items()}
    for name, keys in recipes._KEYS.items():
        assert declared[name] == set(keys)
    # reads what reduce made, and fits what the detector carries; the rest of `evaluation` is about test
    carried = {f"evaluation.{key}" for key in ("decision", "attack_odds", "calibrate", "false_alarm_budget")}
    assert declared["train"] == set(recipes._KEYS["reduce"]) | {"model", "training"} | carried
    # reads what sample made, and the detector
    assert declared["evaluate"] == set(recipes._KEYS["sample"]) | {"evaluation"}


def test_what_dvc_shows_is_what_a_stage_writes() -> None:
    config = yaml.safe_load((PROJECT / "dvc.yaml").read_text())
    outs = {path for stage in stages().values() for key in ("outs", "metrics") for path in paths(stage.get(key, []))}
    for plot in config["plots"]:
        files = [plot] if isinstance(plot, str) else [file for one in plot.values() for file in one["y"]]
        assert set(files) <= outs
