"""The jobs of a multirun, as Hydra itself would run them."""

from hydra import initialize_config_dir

from src.grid import jobs
from src.workspace import PROJECT
from tests import grids


def cells(*overrides: str) -> list[tuple[str, str, int, str, int]]:
    """What tells the jobs of some overrides apart."""
    with initialize_config_dir(str(PROJECT / "conf")):
        return [(job.task.name, job.reducer.name, job.k, job.model.name, job.seed) for job in jobs(overrides)]


def test_sweeps_of_the_command_line_vary_from_the_last_to_the_first() -> None:
    assert cells("reducer=pca,mi", "k=2,3", "seed=1") == [
        ("binary", reducer, k, "lstm", 1) for reducer in ("pca", "mi") for k in (2, 3)
    ]


def test_the_jobs_that_are_listed_without_composing_are_those_that_are_composed() -> None:
    overrides = ("+experiment=paper_headline", "seed=0,1", "split=grouped")
    listed = grids.cells(*overrides)
    assert [(one.task, one.reducer, one.k, one.model, one.seed) for one in listed] == cells(*overrides)
    assert {one.split for one in listed} == {"grouped"}


def test_the_papers_grid_is_every_input_of_every_task_and_five_seeds_of_the_headline() -> None:
    reduced = grids.cells("+experiment=paper_reduced")
    assert len(reduced) == len(set(reduced)) == 3 * 8 * 3
    every = grids.cells("+experiment=paper_all_features")
    assert {(one.reducer, one.k) for one in every} == {("none", 53)}
    assert len(every) == 3 * 3
    headline = grids.cells("+experiment=paper_headline")
    assert {(one.task, one.seed) for one in headline if one.model == "lstm"} == {
        (task, seed) for task in ("binary", "multiclass_smurf") for seed in range(5)
    }
    assert len({*reduced, *every, *headline}) == 72 + 9 + 18  # two of the headline's runs are the grid's too


def test_the_command_line_replaces_what_an_experiment_sweeps() -> None:
    found = cells("+experiment=paper_headline", "seed=7", "task=multiclass", "model=lstm")
    assert found == [("multiclass", "pca", 2, "lstm", 7)]


def test_a_pattern_stands_for_every_file_that_it_matches() -> None:
    assert [model for *_, model, _ in cells("model=glob(lstm_*, exclude=[lstm_w*,lstm_c*])")] == [
        "lstm_multiplicative",
        "lstm_peephole",
    ]
    assert cells("model=glob(oracle)") == []
