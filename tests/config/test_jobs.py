"""Jobs of a multirun, as Hydra itself would run them."""

import sys
from pathlib import Path

import hydra
import pytest
import yaml
from hydra import initialize_config_dir
from omegaconf import OmegaConf

from src.config.entry_point import entry_point
from src.config.jobs import jobs, jobs_with_recipes, multirun_mode
from src.utils.paths import PROJECT
from tests import grids

EXPERIMENTS = PROJECT / "conf" / "experiment"


def cells(*overrides: str) -> list[tuple[str, str, int, str, int]]:
    """Values in which the jobs of some overrides differ."""
    with initialize_config_dir(str(PROJECT / "conf")):
        return [(job.task.name, job.reducer.name, job.k, job.model.name, job.seed) for job in jobs(overrides)]


def test_sweeps_of_the_command_line_vary_from_the_last_to_the_first() -> None:
    assert cells("reducer=pca,mi", "k=2,3", "seed=1") == [
        ("binary", reducer, k, "lstm", 1) for reducer in ("pca", "mi") for k in (2, 3)
    ]


def test_the_jobs_that_are_listed_without_composing_are_those_that_are_composed() -> None:
    overrides = ("+experiment=paper/headline", "seed=0,1", "split=grouped")
    listed = grids.cells(*overrides)
    assert [(one.task, one.reducer, one.k, one.model, one.seed) for one in listed] == cells(*overrides)
    assert {one.split for one in listed} == {"grouped"}


def test_the_papers_grid_is_every_input_of_every_task_with_five_seeds_of_the_lstm_and_of_the_headline() -> None:
    def every(name: str) -> list[grids.Cell]:
        found = sorted(path.stem for path in EXPERIMENTS.glob(f"{name}*.yaml") if path.stem != "headline_ensemble")
        return [cell for grid in found for cell in grids.cells(f"+experiment=paper/{grid}")]

    reduced, whole, headline = every("paper/reduced"), every("paper/all_features"), every("paper/headline")
    lstm = [one for one in reduced if one.model == "lstm"]
    claimed = {2, 4, 10}  # the claims are about these numbers of inputs, and the LSTM; three have one seed, as trees do
    assert {(one.k, one.seed) for one in lstm} == {(k, seed) for k in claimed for seed in range(5)} | {(3, 0)}
    assert len(lstm) == len(set(lstm)) == 3 * 2 * (3 * 5 + 1)
    assert len(reduced) == len(set(reduced)) == len(lstm) + 3 * 2 * 4 * 2
    assert {(one.reducer, one.k) for one in whole} == {("none", 53)}
    assert len(whole) == len(set(whole)) == 5 + 5 + 1 + 3 * 2  # the claim is about 3 classes
    assert {(one.task, one.seed) for one in headline if one.model == "lstm"} == {
        (task, seed) for task in ("binary", "multiclass_smurf") for seed in range(5)
    }
    # the LSTM's runs of the headline are the grid's too, and so is the first seed of the trees
    assert {one.seed for one in headline if one.model == "random_forest"} == set(range(5))
    assert len({*reduced, *whole, *headline}) == 144 + 17 + 3 * 2 * 4
    assert cells("+experiment=paper/headline_ensemble") == [  # whose recipe chooses the task
        (task, "pca", 2, "lstm_ensemble", seed) for task in ("binary", "multiclass_smurf") for seed in range(5)
    ]


def test_the_papers_grids_use_a_recipe_for_the_lstm_on_literal_dos_and_for_six_lstms_on_smurf() -> None:
    values = {
        ("lstm", "binary"): ("none", 0.5, 1, 30),
        ("lstm", "multiclass"): ("lstm_multiclass", 0.0, 1, 25),
        ("lstm", "multiclass_smurf"): ("none", 0.5, 1, 30),
        ("lstm_ensemble", "binary"): ("none", 0.5, 4, 30),
        ("lstm_ensemble", "multiclass_smurf"): ("lstm_ensemble_multiclass_smurf", 0.5, 6, 40),
    }
    networks = [f"paper/{path.stem}" for path in EXPERIMENTS.glob("paper/*.yaml") if not path.stem.endswith("_trees")]
    found = set()
    for grid in networks:
        with initialize_config_dir(str(PROJECT / "conf")):
            composed = jobs_with_recipes([f"+experiment={grid}", "reducer=pca", "k=2", "seed=0"])
        for job, recipe in composed:
            assert "hydra" not in job
            recipe_wanted, decay, members, epochs = values[job.model.name, job.task.name]
            epochs = 5 if grid.startswith("paper/all_features") else epochs
            assert (recipe, job.model.fourier.decay) == (recipe_wanted, decay)
            assert (job.model.members, job.training.epochs) == (members, epochs)
            found.add((job.model.name, job.task.name))
    assert found == set(values)


def test_the_command_line_replaces_what_an_experiment_sweeps() -> None:
    found = cells("+experiment=paper/headline", "seed=7", "task=multiclass", "model=lstm")
    assert found == [("multiclass", "pca", 2, "lstm", 7)]


def test_a_pattern_expands_to_every_file_that_it_matches() -> None:
    assert [model for *_, model, _ in cells("model=glob(lstm_*, exclude=[lstm_w*,lstm_e*])")] == [
        "lstm_multiplicative",
        "lstm_peephole",
    ]
    assert cells("model=glob(oracle)") == []


# --- a grid without -m ------------------------------------------------------------------------------------------------


def sweeps(path: Path) -> bool:
    """Tell whether an experiment file, or one that it builds on, names several values of a key."""
    content = yaml.safe_load(path.read_text())
    below = [one for one in content.get("defaults", []) if str(one).startswith("/experiment/")]
    return "hydra" in content or any(sweeps(PROJECT / "conf" / f"{one[1:]}.yaml") for one in below)


def test_every_experiment_changes_the_whole_config() -> None:
    """Without the line, Hydra puts its values below `experiment`, where nothing reads them, and sweeps nothing."""
    files = sorted(Path("conf/experiment").rglob("*.yaml"))
    assert files
    assert [file for file in files if not file.read_text().startswith("# @package _global_\n")] == []


@pytest.mark.parametrize("path", sorted(EXPERIMENTS.rglob("*.yaml")), ids=lambda path: path.stem)
def test_a_file_that_sweeps_is_run_as_a_multirun_and_no_other(path: Path) -> None:
    name = path.relative_to(EXPERIMENTS).with_suffix("")
    assert multirun_mode([f"+experiment={name}", "dataset=simulated"]) == (
        ["hydra.mode=MULTIRUN"] if sweeps(path) else []
    )


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("reducer=mi", "k=4"),
        ("-m", "+experiment=paper/headline"),
        ("--multirun", "+experiment=paper/headline"),
        ("+experiment=paper/headline", "hydra.mode=RUN"),
        ("+experiment=paper/headlines",),
        ("+experiment=paper/headline", "no_such_key=1"),
        ("--config-dir", ".", "--config-name", "params", "hydra.run.dir=.", "hydra.output_subdir=null"),
    ],
)
def test_a_command_that_names_its_mode_or_no_grid_or_is_wrong_is_left_to_hydra(arguments: tuple[str, ...]) -> None:
    assert multirun_mode(arguments) == []


def test_a_grid_with_replaced_values_is_still_a_multirun() -> None:
    given = [
        "--config-dir",
        "elsewhere",
        "+experiment=paper/headline",
        "seed=0,1",
        "model=glob(lstm*)",
        "~tracking.parent",
    ]
    assert multirun_mode(given) == ["hydra.mode=MULTIRUN"]


@pytest.mark.parametrize(("experiment", "added"), [("paper/headline", ["hydra.mode=MULTIRUN"]), ("none", [])])
def test_the_entry_point_gets_the_mode_with_its_arguments(
    experiment: str, added: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["train", f"+experiment={experiment}", "seed=0"])
    monkeypatch.setattr(hydra, "main", lambda **options: lambda task: lambda: task(OmegaConf.create()))
    found: list[str] = []
    entry_point(sweeps=True)(lambda config: found.extend(sys.argv))()
    assert found == ["train", f"+experiment={experiment}", "seed=0", *added]
