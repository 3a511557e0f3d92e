"""Definitions of sweeps: every file of conf/sweep, every sampler and pruner, and the errors."""

from collections.abc import Callable
from typing import Any

import optuna
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from src.config.build import ConfigError, build, make
from src.search.config import OBJECTIVES, Sweep
from src.search.experiments import Experiments
from src.search.samplers_and_pruners import PRUNERS, SAMPLERS
from src.search.space import read_space
from src.utils.paths import PROJECT, Workspace
from tests.search.conftest import Define

CONF = PROJECT / "conf" / "sweep"


def read(*overrides: str) -> Sweep:
    with initialize_config_dir(str(PROJECT / "conf")):
        config: Any = OmegaConf.to_container(compose("sweep", list(overrides)), resolve=True)
    sweep: Sweep = make("sweep", config["sweep"])
    return sweep


@pytest.mark.parametrize("name", sorted(path.stem for path in CONF.glob("*.yaml")))
def test_every_file_is_a_sweep_whose_space_fits_the_config(name: str) -> None:
    sweep = read(f"sweep={name}")
    assert sweep.name == name
    assert sweep.study == f"{name}-binary-kdd99_10pct"
    assert sweep.n_trials == 60
    experiments = Experiments([], Workspace(PROJECT))
    space = read_space(sweep.space, {})
    with initialize_config_dir(str(PROJECT / "conf")):
        experiments.check(space)
        defaults = experiments.defaults(space)
    assert set(defaults) == set(sweep.space), "the first trial has the values of the config"


@pytest.mark.parametrize(("group", "known"), [("sampler", SAMPLERS), ("pruner", PRUNERS)])
def test_there_is_a_file_for_every_sampler_and_pruner(group: str, known: dict[str, Any]) -> None:
    assert sorted(path.stem for path in (CONF / group).glob("*.yaml")) == sorted(known)
    for name, kind in known.items():
        sweep = read(f"sweep/{group}={name}")
        made = sweep.make_sampler(3) if group == "sampler" else sweep.make_pruner()
        assert type(made) is kind


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["sweep.n_trials=0"], "sweep.n_trials=0: Input should be greater than or equal to 1"),
        (["sweep.n_seeds=two"], "sweep.n_seeds='two'"),
        (["sweep.study='a b'"], "sweep.study='a b': String should match pattern"),
        ([f"sweep.study={'a' * 201}"], "at most 200 characters"),
        (["sweep.objectives=[]"], "objectives: found none, expected one or more of val_macro_f1"),
        (
            ["sweep.objectives=test_accuracy"],
            "found 'test_accuracy': the test part may not choose, expected one or",
        ),
        (["sweep.objectives={test_mean_cost: minimize}"], "found 'test_mean_cost': the test part may not choose"),
        (["sweep.objectives=[val_f1]"], "found 'val_f1', expected one or more of val_macro_f1, val_accuracy, val_fal"),
        (["sweep.objectives={fit_seconds: least}"], "sweep.objectives.fit_seconds='least'"),
        (["sweep.sampler.name=grid"], "sampler.name='grid', expected one of tpe, random"),
        (["+sweep.sampler.tree=1"], "sampler: .*tree"),
        (["sweep.pruner.n_warmup_steps=-1"], "pruner: .*[Nn]umber of warmup steps"),
        (["+sweep.paralell=2"], "sweep.paralell=2: Unexpected keyword argument"),
    ],
)
def test_a_wrong_definition_is_refused_by_name(overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(*overrides)


def test_no_objective_has_seen_the_test_part() -> None:
    assert not [name for name in OBJECTIVES if name.startswith("test")]


def test_each_trial_draws_with_a_seed_of_its_own_that_does_not_change(define: Define) -> None:
    def first_draw(sweep: Sweep, number: int) -> float:
        study = optuna.create_study(sampler=sweep.make_sampler(number))
        return study.ask().suggest_float("x", 0, 1)

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sweep = define()
    assert len({first_draw(sweep, number) for number in range(5)}) == 5
    assert first_draw(sweep, 2) == first_draw(define(), 2)
    assert first_draw(sweep, 2) != first_draw(define(seed=1), 2)


@pytest.mark.parametrize(
    ("override", "directions"),
    [
        ("val_macro_f1", {"val_macro_f1": "maximize"}),
        ("val_mean_cost", {"val_mean_cost": "minimize"}),
        (
            "[val_mean_cost,val_recall,val_false_alarm_rate,network_parameters]",
            {"val_mean_cost": "minimize", "val_recall": "maximize", "val_false_alarm_rate": "minimize",
             "network_parameters": "minimize"},
        ),
        ("{val_accuracy: minimize, fit_seconds: null}", {"val_accuracy": "minimize", "fit_seconds": "minimize"}),
    ],
)  # fmt: skip
def test_the_direction_follows_from_the_figure_unless_it_is_stated(override: str, directions: dict[str, str]) -> None:
    sweep = read(f"sweep.objectives={override}")
    assert list(sweep.objectives.items()) == list(directions.items())
    assert sweep.aim.startswith(f"{next(iter(directions.values()))}s {next(iter(directions))}")


def test_every_figure_has_the_direction_that_tables_sort_by() -> None:
    low = {"val_mean_cost", "val_false_alarm_rate", "fit_seconds", "network_parameters"}
    for name in OBJECTIVES:
        assert read(f"sweep.objectives={name}").objectives == {name: "minimize" if name in low else "maximize"}


@pytest.mark.parametrize(
    ("objective", "task", "message"),
    [
        (
            "val_mean_cost",
            "binary",
            "found val_mean_cost, expected a figure of task=binary: .*with costs has",
        ),
        ("val_detection_rate", "binary", "found val_detection_rate, expected a figure of task=binary: .*val_recall"),
        ("val_recall", "five", "found val_recall, expected a figure of task=five: .*val_detection_rate, val_mean"),
    ],
)
def test_a_figure_that_the_task_lacks_is_refused(
    objective: str, task: str, message: str, define: Define, composed: Callable[..., Any]
) -> None:
    settings = build(composed(f"task={task}"))
    with pytest.raises(ConfigError, match=message):
        define(objectives=objective).check_task(settings.task)
    define(objectives="val_accuracy").check_task(settings.task)


@pytest.mark.parametrize(
    ("objectives", "pruner", "prunes"),
    [
        ({"val_mean_cost": "minimize"}, "median", False),
        ({"val_macro_f1": "maximize"}, "median", True),
        ({"val_accuracy": "maximize"}, "hyperband", True),
        ({"val_macro_f1": "maximize"}, "none", False),
        ({"fit_seconds": "minimize"}, "median", False),
        ({"val_macro_f1": "maximize", "fit_seconds": "minimize"}, "median", False),
    ],
)
def test_only_studies_of_a_single_score_are_pruned(
    define: Callable[..., Sweep], objectives: dict[str, str], pruner: str, prunes: bool
) -> None:
    assert define(objectives=objectives, pruner={"name": pruner}).prunes is prunes
