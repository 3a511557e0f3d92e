"""Jobs of a multirun that differ by the seed alone, found and labeled."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.config.build import build
from src.tracking.runs import flat

# A caption names these choices, and the values of these keys.
_GROUPS_IN_CAPTION = ("dataset", "task", "split", "scaling", "reducer", "layout", "model")
_KEYS_IN_CAPTION = ("k", "window")

Values = dict[str, str]  # by full name, as on the command line


@dataclass(frozen=True)
class SeedGroup:
    """Jobs that differ by the seed alone.

    Attributes:
        label: One line that names what they have in common.
        configs: Resolved config of each job by its seed.
    """

    label: str
    configs: Mapping[int, dict[str, Any]]


def group_by_seed(jobs: Sequence[DictConfig]) -> list[SeedGroup]:
    """Group jobs that differ by the seed alone, in the order of the jobs; a group may hold a single job."""
    alike: dict[str, list[DictConfig]] = {}
    for job in jobs:
        alike.setdefault(_without_seed(job), []).append(job)
    values = [_flat_values(text) for text in alike]
    extra = _keys_beyond_caption(values)
    return [
        SeedGroup(_label(members[0], own, extra), {int(job.seed): _resolved(job) for job in members})
        for own, members in zip(values, alike.values(), strict=True)
    ]


def _without_seed(job: DictConfig) -> str:
    """Return a config without its seed as text, equal for jobs of one group.

    The config is not resolved: values that follow from the seed, such as that of a reducer, make no other group.
    """
    node: Any = OmegaConf.to_container(job, resolve=False)
    return json.dumps({**node, "seed": None}, sort_keys=True)


def _flat_values(text: str) -> Values:
    """Read the text of a config back as values by their full names."""
    values = flat(json.loads(text))
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def _keys_beyond_caption(groups: Sequence[Values]) -> list[str]:
    """Keys in which groups differ and which the caption of a run does not name."""
    keys = dict.fromkeys(key for values in groups for key in values)
    differing = [key for key in keys if len({values.get(key) for values in groups}) > 1]
    named = tuple(f"{group}." for group in _GROUPS_IN_CAPTION if f"{group}.name" in differing)
    return [key for key in differing if key not in _KEYS_IN_CAPTION and not key.startswith(named)]


def _label(job: DictConfig, values: Values, extra: Sequence[str]) -> str:
    """Return the caption of a job without its seed, and the values of some more keys."""
    caption, _, _ = build(job).caption.rpartition(", seed")
    return ", ".join([caption, *(f"{key}={values[key]}" for key in extra if key in values)])


def _resolved(job: DictConfig) -> dict[str, Any]:
    config = OmegaConf.to_container(job, resolve=True)
    assert isinstance(config, dict)
    return {str(key): value for key, value in config.items()}
