"""Jobs of a multirun that differ by the seed alone."""

import json
from collections.abc import Sequence
from typing import Any

from omegaconf import DictConfig, OmegaConf

Configs = dict[int, dict[str, Any]]  # resolved, by seed


def group_by_seed(jobs: Sequence[DictConfig]) -> list[Configs]:
    """Group jobs that differ by the seed alone, in the order of the jobs; a group may hold a single job."""
    alike: dict[str, Configs] = {}
    for job in jobs:
        alike.setdefault(_without_seed(job), {})[int(job.seed)] = _resolved(job)
    return list(alike.values())


def _without_seed(job: DictConfig) -> str:
    """Return a config without its seed as text, equal for jobs of one group.

    The config is not resolved: values that follow from the seed, such as that of a reducer, make no other group.
    """
    node: Any = OmegaConf.to_container(job, resolve=False)
    return json.dumps({**node, "seed": None}, sort_keys=True)


def _resolved(job: DictConfig) -> dict[str, Any]:
    config = OmegaConf.to_container(job, resolve=True)
    assert isinstance(config, dict)
    return {str(key): value for key, value in config.items()}
