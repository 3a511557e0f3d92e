"""The grids have every model, and each has a source."""

from collections import Counter
from itertools import product

import pytest
from pydantic import TypeAdapter, ValidationError

from src.config.jobs import grids
from src.reports.leaderboard.report import NSL, PROTOCOL, VARIANTS
from src.reports.leaderboard.sources import Source, source
from src.utils.paths import PROJECT
from tests.grids import cells

MODELS = sorted(path.stem for path in (PROJECT / "conf" / "model").glob("*.yaml"))
GRIDS = grids("leaderboard")


def test_the_grids_have_every_model_once_on_each_task_it_can_do_and_each_split() -> None:
    by_grid = {grid: cells(f"+experiment={grid}") for grid in GRIDS if grid not in (VARIANTS, *NSL)}
    found = Counter((one.model, one.task, one.split, one.seed) for of_grid in by_grid.values() for one in of_grid)
    assert set(found.values()) == {1}
    assert sorted({model for model, *_ in found}) == MODELS
    only_binary = {one.model for one in by_grid["leaderboard/binary"]}
    for model in MODELS:
        can = [one for one in PROTOCOL if one[0] == "binary" or model not in only_binary]
        asked = {(model, *one, seed) for one in can for seed in ((0, 1, 2) if one[1] == "official" else (0,))}
        assert {cell for cell in found if cell[0] == model} == asked


def test_every_model_is_tested_on_another_data_set_once() -> None:
    found = [cell for grid in NSL for cell in cells(f"+experiment={grid}")]
    assert sorted(one.model for one in found) == MODELS
    assert {(one.task, one.split, one.seed) for one in found} == {("binary", "official", 0)}


def test_the_variants_are_paired_by_five_seeds_with_the_lstm() -> None:
    found = sorted((one.model, one.seed) for one in cells(f"+experiment={VARIANTS}"))
    models = {model for model, _ in found}
    assert "lstm" in models
    assert found == sorted(product(models, range(5)))


@pytest.mark.parametrize("model", MODELS)
def test_every_model_has_a_source(model: str) -> None:
    assert source(model).source


def test_a_model_without_a_source_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"sources.yaml: found no entry for model=oracle, expected its source"):
        source("oracle")


CLAIM = {"value": 99, "metric": "accuracy", "protocol": "a test", "ours": ("binary", "random"), "place": "a page"}


@pytest.mark.parametrize("wrong", [{}, {"claims": (CLAIM,), "without": "it has none"}])
def test_a_source_has_numbers_or_says_why_not(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="expected claims, or the reason why there are none"):
        TypeAdapter(Source).validate_python({"source": "a book", **wrong})
