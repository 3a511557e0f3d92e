"""The winner's file: Hydra composes it to the config of the trial."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf
from optuna.study import Study
from optuna.trial import TrialState, create_trial

from src.pipeline.fingerprint import stage_digest
from src.search import best_config, trial_queue
from src.search.best_config import Winner
from src.search.config import Sweep
from src.search.create import COMMAND
from src.search.experiments import Experiments
from src.search.objective import FIGURES
from src.search.space import Values
from src.utils.paths import PROJECT, Workspace
from tests.search.conftest import Define

Put = Callable[..., Winner]
VALUES: Values = {"reducer": "mi", "k": 7, "model.units": 48, "training.learning_rate": 0.012345678901234567,
          "training.schedule": "constant", "model.bidirectional": True, "training.clipnorm": None}  # fmt: skip


@pytest.fixture
def put(study: Study, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, composed: Callable[..., DictConfig]) -> Put:
    """Write the file of a trial with VALUES, of a study on the data of an override."""
    monkeypatch.setattr(best_config, "FOLDER", tmp_path)
    study.set_user_attr(COMMAND, "python -m src.sweep sweep=made")

    def write(
        sweep: Sweep, *overrides: str, values: Values = VALUES, score: float = 0.98765432, n_trials: int = 0,
        data: str = "dataset=simulated",
    ) -> Winner:  # fmt: skip
        monkeypatch.setattr(trial_queue, "finished", lambda study: [None] * n_trials)
        figures = {FIGURES: {"val_macro_f1": score, "fit_seconds": 12.0}}
        trial = create_trial(state=TrialState.WAITING, user_attrs=figures)
        trial.number, trial.params = 1, values
        config: Any = OmegaConf.to_container(composed("seed=3", *data.split()), resolve=True)
        return best_config.write_winner(sweep, study, trial, list(overrides), config)

    return write


@pytest.fixture
def local(tmp_path: Path) -> Path:
    return tmp_path / "local" / "made.yaml"


def test_it_composes_to_the_config_of_the_trial(put: Put, define: Define, local: Path) -> None:
    overrides = ("task=multiclass", "dataset=simulated", "dataset.records=2000", "+training.mark='a b'")
    winner = put(define(), *overrides)
    assert winner.command == "python -m src.train +experiment=local/made"
    with initialize_config_dir(str(PROJECT / "conf")):
        base = compose("config", list(overrides[:3]))
        OmegaConf.set_struct(base, False)
        found = OmegaConf.merge(base, OmegaConf.load(local))
        expected = Experiments(overrides[:3], Workspace(PROJECT)).settings(VALUES)
    choices = {key: value for one in found.defaults if one != "_self_" for key, value in one.items()}
    assert choices == {"override /task": "multiclass", "override /dataset": "simulated", "override /reducer": "mi"}
    assert found.training.mark == "a b"
    for key in ("k", "dataset.records", "model.units", "training.learning_rate", "training.clipnorm"):
        assert OmegaConf.select(found, key) == OmegaConf.select(OmegaConf.create(expected.config), key), key


def test_the_recipe_of_the_study_is_the_winners(put: Put, define: Define, tmp_path: Path, local: Path) -> None:
    put(define(), "recipe=lstm_multiclass")
    (tmp_path / "experiment").mkdir()
    local.rename(tmp_path / "experiment" / "made.yaml")
    with initialize_config_dir(str(PROJECT / "conf")):
        found = compose("config", [f"hydra.searchpath=[file://{tmp_path}]", "+experiment=made"])
    assert (found.task.name, found.model.fourier.decay, found.training.epochs) == ("multiclass", 0.0, 25)
    assert (found.reducer.name, found.k, found.model.units) == ("mi", 7, 48)


def test_it_starts_with_command_score_trials_and_date(put: Put, define: Define, local: Path) -> None:
    put(define())
    *head, data, last = local.read_text().splitlines()[:5]
    assert re.fullmatch(
        r"# Data: simulated \(50000 records\), binary, random split, seed 3; digest [0-9a-f]{8}\.", data
    )
    assert [*head, last] == [
        "# @package _global_",
        "# python -m src.sweep sweep=made",
        f"# Trial 1, best of 0: val_macro_f1 0.987654; seed 3; {date.today().isoformat()}.",
        "# python -m src.train +experiment=local/made",
    ]


def test_with_several_seeds_a_multirun_repeats_them_all(put: Put, define: Define, local: Path) -> None:
    put(define(n_seeds=3))
    text = local.read_text()
    assert "mean of the seeds from 3 on (3)" in text
    assert OmegaConf.create(text).hydra.sweeper.params.seed == "3,4,5"


def test_of_several_objectives_the_first_decides_and_all_are_listed(put: Put, define: Define, local: Path) -> None:
    put(define(objectives={"val_macro_f1": "maximize", "fit_seconds": "minimize"}))
    text = local.read_text()
    assert "best val_macro_f1 of 0: val_macro_f1 0.987654, fit_seconds 12;" in text


def test_only_a_sweep_that_saves_writes_to_the_committed_folder(put: Put, define: Define, tmp_path: Path) -> None:
    local = put(define())
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.yaml")] == ["local/made.yaml"]
    assert "sweep.save=true writes it to conf/experiment/best" in local.line
    saved = put(define(save=True))
    assert (tmp_path / "best" / "made.yaml").read_text().startswith("# @package _global_")
    assert saved.line.endswith("best/made.yaml; train it: python -m src.train +experiment=best/made")


@pytest.mark.parametrize("save", [False, True])
@pytest.mark.parametrize(
    ("score", "n_trials", "written"),
    [
        (0.99, 12, False),  # worse
        (0.9995, 12, False),  # as good, of fewer trials
        (0.9995, 60, False),
        (0.9995, 61, True),
        (0.9996, 12, True),  # better
    ],
)
def test_a_winner_is_never_written_over_a_better_one(
    put: Put, define: Define, tmp_path: Path, save: bool, score: float, n_trials: int, written: bool
) -> None:
    before = put(define(save=save), score=0.9995, n_trials=60)
    (path,) = tmp_path.rglob("*.yaml")
    text = path.read_text()
    after = put(define(save=save), "task=multiclass", values={"k": 3}, score=score, n_trials=n_trials)
    assert (path.read_text() != text) == written
    assert (after.arguments == before.arguments) == written
    if not written:
        assert after.command == "python -m src.train task=multiclass k=3"
        assert f"not written, as {path} is better or as good: val_macro_f1 0.9995, best of 60, against" in after.line
        assert after.line.endswith(f"{score:.6g}, best of {n_trials}; train this one: {after.command}")


@pytest.mark.parametrize(
    ("data", "score", "save"),
    [
        ("dataset=simulated dataset.records=2000", 0.98, False),  # worse
        ("dataset=simulated dataset.seed=1", 0.99, True),  # better
        ("dataset=kdd99_10pct", 0.98, True),
        ("split=grouped", 0.99, False),
        (None, 0.98, False),
    ],
)
def test_winners_of_different_data_are_not_compared(
    put: Put, define: Define, tmp_path: Path, data: str | None, score: float, save: bool
) -> None:
    """Neither blocks the other, and both are kept; of a file of an earlier version the data are not known."""
    before = put(define(save=save), score=0.985, data="dataset=simulated")
    (path,) = tmp_path.rglob("*.yaml")
    if data is None:
        path.write_text(re.sub("# Data: .*\n", "", path.read_text()))
    text = path.read_text()
    given = data or "k=2"
    after = put(define(save=save), values={"k": 3}, score=score, data=given)
    assert path.read_text() == text
    assert f"; {path} stays, as its winner is of other data" in after.line
    assert "not written" not in after.line
    (second,) = {*tmp_path.rglob("*.yaml")} - {path}
    assert re.fullmatch(r"made-[0-9a-f]{8}", second.stem)
    assert after.arguments == [f"{before.arguments[0]}{second.stem.removeprefix('made')}"]
    # of the same data again: the better one stays
    assert "is better or as good" in put(define(save=save), values={"k": 4}, score=score - 0.01, data=given).line
    assert put(define(save=save), score=0.985, data="dataset=simulated").arguments == before.arguments or data is None


def test_of_figures_to_minimize_the_lower_is_better(put: Put, define: Define, local: Path) -> None:
    sweep = define(objectives={"fit_seconds": "minimize"})
    put(sweep, values={"k": 3})
    local.write_text(local.read_text().replace("fit_seconds 12", "fit_seconds 11"))
    assert "is better" in put(sweep, values={"k": 4}).line
    local.write_text(local.read_text().replace("fit_seconds 11", "fit_seconds 13"))
    assert "is better" not in put(sweep, values={"k": 4}).line


def test_the_same_winner_again_keeps_its_file(put: Put, define: Define, local: Path) -> None:
    first = put(define(), n_trials=5)
    text = local.read_text()
    assert put(define(), n_trials=5) == first
    assert local.read_text() == text
    put(define(), n_trials=9)
    assert ", best of 9: " in local.read_text()


def test_a_file_without_a_score_to_compare_stays(put: Put, define: Define, local: Path) -> None:
    local.parent.mkdir()
    local.write_text("k: 3\n")
    assert "has no val_macro_f1 to compare; delete it to replace it" in put(define()).line
    assert local.read_text() == "k: 3\n"


@pytest.mark.parametrize(
    "path", sorted((PROJECT / "conf" / "experiment" / "best").glob("*.yaml")), ids=lambda one: one.stem
)
def test_a_committed_winner_says_which_data_it_is_of(path: Path, composed: Callable[..., DictConfig]) -> None:
    """So that a later sweep on the same data is compared with it; both are of the default data."""
    config: Any = OmegaConf.to_container(composed(), resolve=True)
    found = re.search(r"^# Data: kdd99_10pct, binary, random split, seed 0; digest (\w{8})\.$", path.read_text(), re.M)
    assert found
    assert found[1] == stage_digest(config, "sample")[:8]
