"""The jobs of a multirun, as Hydra itself would run them."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from hydra import initialize_config_dir

from src.grid import _mode, as_grid, jobs, jobs_with_recipes
from src.workspace import PROJECT

EXPERIMENTS = PROJECT / "conf" / "experiment"
Cells = Callable[..., list[tuple[str, str, int, str, int]]]


@pytest.fixture
def cells() -> Iterator[Cells]:
    """What tells the jobs of some overrides apart."""

    def of(*overrides: str) -> list[tuple[str, str, int, str, int]]:
        return [(job.task.name, job.reducer.name, job.k, job.model.name, job.seed) for job in jobs(overrides)]

    with initialize_config_dir(str(PROJECT / "conf")):
        yield of


def test_sweeps_of_the_command_line_vary_from_the_last_to_the_first(cells: Cells) -> None:
    assert cells("reducer=pca,mi", "k=2,3", "seed=1") == [
        ("binary", reducer, k, "lstm", 1) for reducer in ("pca", "mi") for k in (2, 3)
    ]


def test_the_papers_grid_is_every_input_of_every_task_and_five_seeds_of_the_headline(cells: Cells) -> None:
    found = {
        name: [cell for grid in sorted(EXPERIMENTS.glob(f"{name}*.yaml")) for cell in cells(f"+experiment={grid.stem}")]
        for name in ("paper_reduced", "paper_all_features", "paper_headline")
    }
    assert len(found["paper_reduced"]) == len(set(found["paper_reduced"])) == 3 * 8 * 3
    assert {(reducer, k) for _, reducer, k, _, _ in found["paper_all_features"]} == {("none", 53)}
    assert len(found["paper_all_features"]) == 3 * 3
    assert set(found["paper_headline"]) == {
        (task, "pca", 2, model, seed)
        for task in ("binary", "multiclass_smurf")
        for model in ("lstm", "lstm_committee")
        for seed in range(5)
    }
    assert len({cell for grid in found.values() for cell in grid}) == 72 + 9 + 18  # two of the headline's are reduced's


def test_the_papers_grids_use_a_recipe_for_the_lstm_on_literal_dos_and_for_six_lstms_on_smurf(
    cells: Cells,
) -> None:
    tuned = {"lstm_multiclass": (0.0, 1), "lstm_committee_multiclass_smurf": (0.5, 6)}
    plain = {"lstm": (0.5, 1), "lstm_committee": (0.5, 4)}
    networks = [grid.stem for grid in EXPERIMENTS.glob("paper_*.yaml") if not grid.stem.endswith("_trees")]
    for job, recipe in (one for grid in networks for one in jobs_with_recipes([f"+experiment={grid}", "seed=0"])):
        expected = tuned.get(f"{job.model.name}_{job.task.name}", plain[job.model.name])
        assert recipe == (f"{job.model.name}_{job.task.name}" if expected in tuned.values() else "none")
        assert "hydra" not in job
        assert (job.model.frequency_decay, job.model.members) == expected
        if job.reducer.name != "none":  # where all features are read there are five epochs
            assert job.training.epochs == {(0.0, 1): 25, (0.5, 6): 40}.get(expected, 30)


def test_the_command_line_replaces_what_an_experiment_sweeps(cells: Cells) -> None:
    found = cells("+experiment=paper_headline", "seed=7", "task=multiclass", "model=lstm")
    assert found == [("multiclass", "pca", 2, "lstm", 7)]


def test_a_pattern_stands_for_every_file_that_it_matches(cells: Cells) -> None:
    assert [model for *_, model, _ in cells("model=glob(lstm_*, exclude=[lstm_w*,lstm_c*])")] == [
        "lstm_multiplicative",
        "lstm_peephole",
    ]
    assert cells("model=glob(oracle)") == []


# --- a grid without -m ------------------------------------------------------------------------------------------------


def sweeps(path: Path) -> bool:
    """Whether an experiment file, or one that it builds on, names several values of a key."""
    content = yaml.safe_load(path.read_text())
    below = [one for one in content.get("defaults", []) if isinstance(one, str) and one != "_self_"]
    return "hydra" in content or any(sweeps(path.with_name(f"{one}.yaml")) for one in below)


@pytest.mark.parametrize("path", sorted(EXPERIMENTS.rglob("*.yaml")), ids=lambda path: path.stem)
def test_a_file_that_sweeps_is_run_as_a_multirun_and_no_other(path: Path) -> None:
    name = path.relative_to(EXPERIMENTS).with_suffix("")
    assert _mode([f"+experiment={name}", "dataset=simulated"]) == (["hydra.mode=MULTIRUN"] if sweeps(path) else [])


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("reducer=mi", "k=4"),
        ("-m", "+experiment=paper_headline"),
        ("--multirun", "+experiment=paper_headline"),
        ("+experiment=paper_headline", "hydra.mode=RUN"),
        ("+experiment=paper_headlines",),
        ("+experiment=paper_headline", "no_such_key=1"),
        ("--config-dir", ".", "--config-name", "params", "hydra.run.dir=.", "hydra.output_subdir=null"),
    ],
)
def test_what_says_its_mode_names_no_grid_or_cannot_work_is_left_to_hydra(arguments: tuple[str, ...]) -> None:
    assert _mode(arguments) == []


def test_a_grid_whose_values_are_replaced_is_still_one() -> None:
    given = [
        "--config-dir",
        "elsewhere",
        "+experiment=paper_headline",
        "seed=0,1",
        "model=glob(lstm*)",
        "~tracking.parent",
    ]
    assert _mode(given) == ["hydra.mode=MULTIRUN"]


@pytest.mark.parametrize(("experiment", "added"), [("paper_headline", ["hydra.mode=MULTIRUN"]), ("none", [])])
def test_the_entry_point_gets_the_mode_with_its_arguments(
    experiment: str, added: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["train", f"+experiment={experiment}", "seed=0"])
    found: list[str] = []
    as_grid(lambda: found.extend(sys.argv))()
    assert found == ["train", f"+experiment={experiment}", "seed=0", *added]
