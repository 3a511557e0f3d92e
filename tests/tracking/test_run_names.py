"""Names of runs and of their parents tell them apart, and are short."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from src.tracking.run_names import LONGEST, joined, parent_name, run_name

Compose = Callable[..., DictConfig]


def name_of(composed: Compose, *overrides: str) -> str:
    config: Any = OmegaConf.to_container(composed(*overrides), resolve=True)
    return run_name(config)


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        ((), "lstm-pca-2-binary"),
        (("reducer=mi", "seed=3"), "lstm-mi-4-binary-seed=3"),  # the reducer's own seed follows
        (("split=grouped", "training.epochs=5", "seed=1"), "lstm-pca-2-binary-grouped-seed=1-epochs=5"),
        (("dataset=simulated", "model=decision_tree", "dataset.records=6000", "dataset.seed=1"),
         "decision_tree-pca-2-binary-records=6000-dataset.seed=1"),
        (("tracking.log_model=false", "training.progress=false", "decision.false_alarm_budget=0.001"),
         "lstm-pca-2-binary-false_alarm_budget=0.001"),  # the others change no number
        (("layout=window", "split=official", "window=5"), "lstm-pca-2-binary-official-window-window=5"),
        (("training/teacher=extra_trees", "layout=groups", "reducer=none"),
         "lstm-taught-none-53-binary-groups-n_estimators=100-+11"),
        (("task.classes.attack.count=5", "decision.calibrate=true"), "lstm-pca-2-binary-attack.count=5-calibrate=true"),
    ],
)  # fmt: skip
def test_a_name_says_what_differs_from_the_default(composed: Compose, overrides: tuple[str, ...], name: str) -> None:
    assert name_of(composed, *overrides) == name


def test_a_name_counts_what_it_has_no_place_for(composed: Compose) -> None:
    changed = ("training.epochs=40", "training.max_rows_per_attack_type=100", "training.noise=0.1", "model.units=9")
    name = name_of(composed, "task=multiclass_smurf", "split=grouped", "seed=1", *changed)
    assert name == "lstm-pca-2-multiclass_smurf-grouped-seed=1-epochs=40-+3"
    assert len(name) <= LONGEST


def test_a_seed_of_a_single_draw_is_named_where_it_differs_from_the_seed(composed: Compose) -> None:
    assert name_of(composed, "seed=1") == "lstm-pca-2-binary-seed=1"
    assert name_of(composed, "seeds.split=1") == "lstm-pca-2-binary-seeds.split=1"


def test_a_config_with_a_file_from_elsewhere_has_its_choices_as_name(composed: Compose) -> None:
    config: Any = OmegaConf.to_container(composed("training.epochs=5"), resolve=True)
    config["model"]["name"] = "of_another_folder"
    assert run_name(config) == "of_another_folder-pca-2-binary"


@pytest.mark.parametrize(
    ("command", "experiment", "name"),
    [
        ("model=decision_tree reducer=pca,mi k=2,3", None, "reducer=pca,mi k=2,3 model=decision_tree"),
        ("dataset=simulated seed=range(3) tracking.log_model=false hydra/launcher=joblib hydra.launcher.n_jobs=2", None,
         "seed=range(3)"),
        ("+experiment=generalization/baselines split=random,grouped dataset=simulated", "generalization/baselines",
         "generalization/baselines split=random,grouped"),
        ("dataset=simulated", None, "multirun"),
        ("split=grouped dataset=mine,later k=2,3", None, "dataset=mine,later k=2,3 split=grouped"),
        ("+model.extra='a,b' k=2", None, "model.extra=a,b k=2"),
    ],
)  # fmt: skip
def test_a_parent_is_named_after_what_is_swept(command: str, experiment: str | None, name: str) -> None:
    overrides = command.split()
    swept = {one.lstrip("+").partition("=")[0] for one in overrides if "," in one or "range(" in one}
    assert parent_name(overrides, swept, experiment) == name


def test_a_long_list_of_values_is_cut() -> None:
    name = parent_name([f"model={','.join(['a_long_name'] * 9)}", "k=2"], {"model"}, None)
    assert name.startswith("model=a_long_name,a_long_name")
    assert "..." in name
    assert len(name) <= LONGEST


@pytest.mark.parametrize("separator", ["-", " "])
def test_no_name_is_longer_than_sixty_characters(separator: str) -> None:
    for length in range(50, 70):
        for count in (0, 1, 9, 100):
            name = joined("b" * length, ["a=1"] * count, separator)
            assert len(name) <= LONGEST, (length, count)
            assert count == 0 or re.search(r"a=1$|\+\d+$", name)


def test_parts_that_fit_are_kept_in_their_order() -> None:
    assert joined("run", ["a=1", "b" * 60, "c=2"], " ") == "run a=1 c=2 +1"
