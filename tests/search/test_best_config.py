"""The winner's file: Hydra composes it to the config of the trial."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from optuna.study import Study
from optuna.trial import FrozenTrial

from src.search import best_config
from src.search.config import Sweep
from src.search.create import COMMAND
from src.search.experiments import Experiments
from src.search.objective import FIGURES
from src.utils.paths import PROJECT, Workspace
from tests.search.conftest import Define, QueueOf

Put = Callable[..., tuple[Path, FrozenTrial]]
VALUES = {"reducer": "mi", "k": 7, "model.units": 48, "training.learning_rate": 0.012345678901234567,
          "training.schedule": "constant", "model.bidirectional": True, "training.clipnorm": None}  # fmt: skip


@pytest.fixture
def put(study: Study, queue_of: QueueOf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Put:
    """Write the file of a trial with VALUES."""
    monkeypatch.setattr(best_config, "FOLDER", tmp_path)

    def write(sweep: Sweep, *overrides: str) -> tuple[Path, FrozenTrial]:
        queue_of(1).fill({})
        study.set_user_attr(COMMAND, "python -m src.sweep sweep=made")
        study.enqueue_trial(VALUES)
        taken = [queue_of(2).take() for _ in range(2)][1]
        assert taken
        trial = study.trials[taken.number]
        trial.params, trial.user_attrs = VALUES, {FIGURES: {"val_macro_f1": 0.98765432, "fit_seconds": 12.0}}
        return best_config.write_winner(sweep, study, trial, list(overrides), 3), trial

    return write


def test_it_composes_to_the_config_of_the_trial(put: Put, define: Define) -> None:
    overrides = ("task=multiclass", "dataset=simulated", "dataset.records=2000", "+training.mark='a b'")
    path, _ = put(define(), *overrides)
    with initialize_config_dir(str(PROJECT / "conf")):
        base = compose("config", list(overrides[:3]))
        OmegaConf.set_struct(base, False)
        found = OmegaConf.merge(base, OmegaConf.load(path))
        expected = Experiments(overrides[:3], Workspace(PROJECT)).settings(VALUES)  # type: ignore[arg-type]
    choices = {key: value for one in found.defaults if one != "_self_" for key, value in one.items()}
    assert choices == {"override /task": "multiclass", "override /dataset": "simulated", "override /reducer": "mi"}
    assert found.training.mark == "a b"
    for key in ("k", "dataset.records", "model.units", "training.learning_rate", "training.clipnorm"):
        assert OmegaConf.select(found, key) == OmegaConf.select(OmegaConf.create(expected.config), key), key


def test_the_recipe_of_the_study_is_the_winners(put: Put, define: Define, tmp_path: Path) -> None:
    path, _ = put(define(), "recipe=lstm_multiclass")
    (tmp_path / "experiment").mkdir()
    path.rename(tmp_path / "experiment" / "made.yaml")
    with initialize_config_dir(str(PROJECT / "conf")):
        found = compose("config", [f"hydra.searchpath=[file://{tmp_path}]", "+experiment=made"])
    assert (found.task.name, found.model.fourier.decay, found.training.epochs) == ("multiclass", 0.0, 25)
    assert (found.reducer.name, found.k, found.model.units) == ("mi", 7, 48)


def test_it_starts_with_command_score_trials_and_date(put: Put, define: Define) -> None:
    head = put(define())[0].read_text().splitlines()[:4]
    assert head == [
        "# @package _global_",
        "# python -m src.sweep sweep=made",
        f"# Trial 1, best of 0: val_macro_f1 0.987654; seed 3; {date.today().isoformat()}.",
        "# python -m src.train +experiment=best/made",
    ]


def test_with_several_seeds_a_multirun_repeats_them_all(put: Put, define: Define) -> None:
    text = put(define(n_seeds=3))[0].read_text()
    assert "mean of the seeds from 3 on (3)" in text
    assert OmegaConf.create(text).hydra.sweeper.params.seed == "3,4,5"


def test_of_several_objectives_the_first_decides_and_all_are_listed(put: Put, define: Define) -> None:
    text = put(define(objectives={"val_macro_f1": "maximize", "fit_seconds": "minimize"}))[0].read_text()
    assert "best val_macro_f1 of 0: val_macro_f1 0.987654, fit_seconds 12;" in text
