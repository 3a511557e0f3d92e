"""Configs of runs made by hand: the keys that reports read."""

from typing import Any


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
        "split": {"name": split, "distinct": False},
        "task": {"name": task},
        "model": {"name": model},
        "reducer": {"name": reducer},
        "layout": {"name": "record"},
        "window": 1,
        "k": k,
        "training": {"history_grafts": 0.0, "max_rows_per_attack_type": None},
        "decision": {"false_alarm_budget": budget, "false_alarm_blocks": blocks},
    }
