"""Configs of runs made by hand: the keys that reports read."""

from typing import Any

import yaml

from tests.choices import CONF

_CLASSES = {"binary": 2, "five": 5}
_DRAWN = {"train": 0.6, "val": 0.2, "test": 0.2}
_PUBLISHED = {"train": 0.8, "val": 0.2, "test": "published"}


def model_config(name: str) -> dict[str, Any]:
    """Return name and class of a model of conf/model; another name is that of an invented tree."""
    path = CONF / "model" / f"{name}.yaml"
    values = yaml.safe_load(path.read_text()) if path.exists() else {"_target_": "src.models.classical.invented.Tree"}
    target = values.get("_target_") or model_config(values["defaults"][0])["_target_"]
    return {"_target_": target, "name": name}


def config(
    *,
    task: str,
    split: str,
    model: str,
    reducer: str = "none",
    k: int = 53,
    budget: float | None = None,
    blocks: int | None = None,
) -> dict[str, Any]:
    """Return the config of a configuration on single records."""
    return {
        "split": {"name": split, **(_PUBLISHED if split == "official" else _DRAWN), "distinct": False},
        "task": {"name": task, "classes": {f"class {one}": {} for one in range(_CLASSES.get(task, 3))}},
        "model": model_config(model),
        "reducer": {"name": reducer},
        "layout": {"name": "record"},
        "window": 1,
        "k": k,
        "training": {"history_grafts": 0.0, "max_rows_per_attack_type": None},
        "decision": {
            "rule": "least_cost",
            "attack_prior_odds": 2.0,
            "false_alarm_budget": budget,
            "false_alarm_blocks": blocks,
        },
        "evaluation": {"records_a_day": 1_000_000},
    }
