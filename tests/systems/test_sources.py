"""The grids have every model, and each has a source."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import product

import pytest
from hydra import initialize_config_dir
from pydantic import TypeAdapter, ValidationError

from src.grid import jobs
from src.systems.report import SPLITS, TASKS, VARIANTS
from src.systems.sources import Source, source
from src.workspace import PROJECT

MODELS = sorted(path.stem for path in (PROJECT / "conf" / "model").glob("*.yaml"))
GRIDS = sorted(path.stem for path in (PROJECT / "conf" / "experiment").glob("models_*.yaml"))


@pytest.fixture(scope="module")
def cells() -> Iterator[Callable[[str], list[tuple[str, str, str, int]]]]:
    """Model, task, split and seed of each run of a grid."""

    def of(grid: str) -> list[tuple[str, str, str, int]]:
        return [(job.model.name, job.task.name, job.split.name, job.seed) for job in jobs([f"+experiment={grid}"])]

    with initialize_config_dir(str(PROJECT / "conf")):
        yield of


def test_the_grids_have_every_model_once_on_each_task_it_can_do_and_each_split(cells) -> None:
    found = Counter(cell for grid in GRIDS if grid != VARIANTS for cell in cells(grid))
    assert set(found.values()) == {1}
    assert sorted({model for model, *_ in found}) == MODELS
    only_binary = {model for model, *_ in cells("models_binary")}
    for model in MODELS:
        tasks = ["binary"] if model in only_binary else TASKS
        assert {cell for cell in found if cell[0] == model} == {
            (model, task, split, 0) for task in tasks for split in SPLITS
        }


def test_the_variants_are_paired_by_five_seeds_with_the_lstm(cells) -> None:
    found = cells(VARIANTS)
    models = {model for model, *_ in found}
    assert "lstm" in models
    assert sorted((model, seed) for model, *_, seed in found) == sorted(product(models, range(5)))


@pytest.mark.parametrize("model", MODELS)
def test_every_model_has_a_source(model: str) -> None:
    assert source(model).source


def test_a_model_without_a_source_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"sources.yaml: found no entry for model=oracle, expected its source"):
        source("oracle")


CLAIM = {"value": 99, "metric": "accuracy", "protocol": "a test", "ours": ("binary", "random"), "place": "a page"}


@pytest.mark.parametrize("wrong", [{}, {"claims": (CLAIM,), "without": "it has none"}])
def test_a_source_has_numbers_or_says_why_not(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="expected claims, or why there are none"):
        TypeAdapter(Source).validate_python({"source": "a book", **wrong})
