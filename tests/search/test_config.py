"""Definitions of sweeps: every file of conf/sweep, every sampler and pruner, and the errors."""

from collections.abc import Callable
from typing import Any

import optuna
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from src.config.build import ConfigError, make
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
        (["~sweep.objectives.val_macro_f1"], "objectives: found none, expected one or more of val_macro_f1"),
        (["+sweep.objectives.test_accuracy=maximize"], "sweep.objectives.test_accuracy"),
        (["+sweep.objectives.fit_seconds=least"], "sweep.objectives.fit_seconds='least'"),
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
    ("objectives", "pruner", "prunes"),
    [
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
