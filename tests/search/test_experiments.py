"""Configs of trials are those that Hydra composes, and their data is made once."""

from collections.abc import Iterator

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from src.config.build import ConfigError
from src.search.experiments import Experiments
from src.search.space import read_space
from src.utils.paths import PROJECT, Workspace

SMALL = ("dataset=simulated", "dataset.records=2000", "dataset.test_records=1000")


@pytest.fixture(autouse=True)
def _hydra() -> Iterator[None]:
    with initialize_config_dir(str(PROJECT / "conf")):
        yield


@pytest.mark.parametrize(
    "values",
    [
        {"reducer": "mi", "k": 7},
        {"k": 3, "model.units": 48, "training.learning_rate": 0.0123456789, "training.clipnorm": None},
        {"model": "lstm_ensemble", "task": "multiclass_smurf", "training.epochs": 5},
        {"model.bidirectional": True},
    ],
)
def test_a_trials_config_is_what_hydra_composes_from_the_same_overrides(values: dict[str, object]) -> None:
    found = Experiments(["split=grouped", "sweep.n_trials=3", "worker=1"], Workspace(PROJECT)).settings(values, 4)  # type: ignore[arg-type]
    words = {None: "null", True: "true"}
    overrides = [f"{name}={words.get(value, value)}" for name, value in values.items()]  # type: ignore[call-overload]
    quiet = ("training.progress=false", "tracking.log_model=false")
    composed = compose("config", [*overrides, "split=grouped", "seed=4", *quiet])
    expected = OmegaConf.to_container(composed, resolve=True)
    assert found.config == expected


def test_keys_of_the_search_are_no_keys_of_an_experiment() -> None:
    search = ["sweep=lstm", "sweep.n_trials=3", "sweep/sampler=random"]
    run = ["worker=1", "hydra/launcher=joblib", "sweep.storage='postgresql://me:secret@host/db'", "sweep.threads=1"]
    experiments = Experiments([*search, *run, "k=3"], Workspace(PROJECT))
    assert experiments.command == "python -m src.sweep sweep=lstm sweep.n_trials=3 sweep/sampler=random k=3"
    assert experiments.overrides == ["k=3"]
    assert experiments.fixed == {"k": 3}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"model.unitz": "range(1, 9)"}, r"sweep.space: model.unitz=1: Key 'unitz' is not in struct"),
        ({"reducer": "choice(pca, ica)"}, r"reducer=ica: .*ica"),
        ({"model": "choice(lstm, lstn)"}, "model=lstn"),
        ({"k": "range(50, 60)"}, "k=59: expected a whole number from 1 to 53"),
        ({"model.units": "range(0, 9)"}, "model.units=0: Input should be greater"),
        ({"model.dropout": "interval(0, 1)"}, "model.dropout=1.0: Input should be less than 1"),
        ({"training.schedule": "choice(cosine, linear)"}, "training.schedule='linear'"),
        ({"reducer": "choice(pca, mi)", "k": [{"use": "range(1, 70)", "when": {"reducer": "mi"}}]}, "k=69: expected"),
    ],
)
def test_an_invalid_space_is_found_before_the_first_trial(spec: dict[str, object], message: str) -> None:
    experiments = Experiments(SMALL, Workspace(PROJECT))
    with pytest.raises(ConfigError, match=message):
        experiments.check(read_space(spec, experiments.fixed))


def test_trials_share_what_their_configs_have_in_common() -> None:
    experiments = Experiments(SMALL, Workspace(PROJECT))
    one = experiments.outputs(experiments.settings({"k": 2}, 0))
    before = one.reduced
    other = experiments.outputs(experiments.settings({"k": 2, "model.units": 8}, 0))
    assert other.reduced is before
    other = experiments.outputs(experiments.settings({"k": 3}, 0))
    assert other.sampled is one.sampled
    assert other.reduced.train.X.shape[1] == 3
    seed = experiments.outputs(experiments.settings({"k": 3}, 1))
    assert seed.training_file is one.training_file
    assert seed.sampled is not one.sampled
    again = experiments.outputs(experiments.settings({"k": 2}, 1))
    assert again.sampled is seed.sampled
    other = experiments.outputs(experiments.settings({"dataset.seed": 5}, 0))
    assert other.training_file is not one.training_file
