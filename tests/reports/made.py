"""Configs of runs made by hand: the keys that reports read."""

from typing import Any

_CLASSES = {"binary": 2, "five": 5}
_DRAWN = {"train": 0.6, "val": 0.2, "test": 0.2}
_PUBLISHED = {"train": 0.8, "val": 0.2, "test": "published"}


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
        "model": {"name": model},
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
