"""The jobs of a grid as its overrides name them: composing a job takes a tenth of a second, and grids have 187."""

from typing import Any, NamedTuple

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from src.config import jobs
from src.utils.paths import PROJECT


class Cell(NamedTuple):
    """The choices that tell the jobs of our grids apart."""

    task: str
    split: str
    reducer: str
    k: int
    model: str
    seed: int


def cells(*overrides: str) -> list[Cell]:
    """List the jobs of `src.config.jobs.jobs`; a choice that the overrides do not vary is that of the grid's config."""
    shared: list[DictConfig] = []

    def choices_of(name: str, given: list[str], **options: Any) -> DictConfig | Cell:
        if options:  # the config that says what varies
            shared.append(compose(name, given, **options))
            return shared[-1]
        chosen = dict(one.split("=", 1) for one in given)
        (config,) = shared
        groups = {group: chosen.get(group, config[group].name) for group in ("task", "split", "reducer", "model")}
        numbers = {key: int(chosen.get(key, config[key])) for key in ("k", "seed")}
        return Cell(**groups, **numbers)

    with pytest.MonkeyPatch.context() as patch, initialize_config_dir(str(PROJECT / "conf")):
        patch.setattr(jobs, "compose", choices_of)
        return jobs.jobs(overrides)  # type: ignore[return-value]
