"""Config values that dvc.yaml declares for each stage."""

from functools import cache

import yaml

from src.utils.paths import PROJECT


@cache
def _params() -> dict[str, tuple[str, ...]]:
    stages = yaml.safe_load((PROJECT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    return {name: tuple(stage["params"]) for name, stage in stages.items()}


def stage_params(stage: str) -> tuple[str, ...]:
    """Top-level config keys that the output of a stage follows from."""
    return _params()[stage]
