"""Configurations over their seeds, told from the parameters of runs."""

from itertools import product
from types import SimpleNamespace

import pytest

from src.tracking.tables.alike_runs import by_configuration
from src.tracking.tables.results import results_table
from src.tracking.tables.stored_runs import configurations


def params(seed: int, sampling: int, split: int, **others: str) -> dict[str, str]:
    """Parameters of a run whose training follows the seed."""
    seeds = {"seeds.sampling": sampling, "seeds.split": split, "seeds.training": seed, "seed": seed}
    return {"model.name": "svm", "task.name": "binary", **{key: str(value) for key, value in seeds.items()}, **others}


def grouped(*runs: dict[str, str]) -> list[set[int]]:
    return [set(one.values()) for one in by_configuration(runs)]


def test_grids_that_fix_the_split_are_a_row_each_also_where_a_seed_equals_the_fixed_value() -> None:
    """The runs of seed 0 in the first grid and of seed 1 in the second look as if their split followed the seed."""
    grids = [params(seed, fixed, fixed) for fixed in (0, 1) for seed in (0, 1, 2)]
    runs = [
        SimpleNamespace(
            info=SimpleNamespace(run_id=f"{place:032x}", status="FINISHED", start_time=place, experiment_id="1"),
            data=SimpleNamespace(params=one, metrics={"test_accuracy": 0.9, "val_macro_f1": 0.9}, tags={}),
        )
        for place, one in enumerate(grids)
    ]
    rows, left_out = configurations(runs)
    assert [[int(run.id, 16) for run in row.runs.values()] for row in rows] == [[0, 1, 2], [3, 4, 5]]
    assert left_out == 0
    table = results_table(rows)
    assert table.parameters == ["seeds.sampling", "seeds.split"]
    assert [row.params["seeds.split"] for row in table.rows] == ["0", "1"]


def test_a_run_belongs_to_the_grid_that_follows_the_seed_and_to_the_one_that_fixes_its_value() -> None:
    """`tracking.skip_finished` runs it once for both."""
    follow = [params(seed, seed, seed) for seed in (0, 1, 2)]
    fixed = [params(seed, 0, 0) for seed in (1, 2)]
    assert grouped(*follow, *fixed) == [{0, 1, 2}, {0, 3, 4}]
    assert grouped(follow[0], *fixed) == [{0, 1, 2}]


@pytest.mark.parametrize("seeds", [(0, 1), (0, 1, 2)])
def test_no_row_lies_across_grids_of_as_many_seeds(seeds: tuple[int, ...]) -> None:
    runs = [params(seed, 0, split) for split, seed in product(seeds, seeds)]
    n = len(seeds)
    assert grouped(*runs) == [set(range(start, start + n)) for start in range(0, n * n, n)]


def test_a_fixed_seed_of_a_reducer_is_a_configuration_of_its_own() -> None:
    follow = [params(seed, seed, seed, **{"reducer.random_state": str(seed)}) for seed in (0, 1, 2)]
    fixed = [{**one, "reducer.random_state": "1"} for one in follow]
    assert grouped(*follow, *fixed) == [{0, 4, 2}, {3, 4, 5}]  # 4 is run 1 again, and newer


def test_runs_from_before_the_seeds_of_single_draws_are_of_the_same_configuration() -> None:
    old = {"model.name": "svm", "task.name": "binary", "seed": "1"}
    assert grouped(params(0, 0, 0), old) == [{0, 1}]
    assert grouped(params(0, 1, 1), old | {"seed": "2"}) == [{0}, {1}]


def test_values_that_follow_the_seed_are_no_columns() -> None:
    """Neither where the rows have other seeds, nor beside a run of a single seed."""
    runs = [params(seed, seed, seed, k=str(k)) for k, seeds in ((2, (0, 1)), (3, (1, 2)), (4, (5,))) for seed in seeds]
    rows, _ = configurations([
        SimpleNamespace(
            info=SimpleNamespace(run_id=f"{place:032x}", status="FINISHED", start_time=place, experiment_id="1"),
            data=SimpleNamespace(params=one, metrics={"test_accuracy": 0.9}, tags={}),
        )
        for place, one in enumerate(runs)
    ])  # fmt: skip
    assert [list(row.runs) for row in rows] == [["0", "1"], ["1", "2"], ["5"]]
    assert results_table(rows).parameters == ["k"]
