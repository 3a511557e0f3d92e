"""What a multirun over seeds comes to: mean and 95 % interval of each score, over runs that differ by seed alone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig, OmegaConf

from src.config.build import build
from src.evaluation.intervals import Interval, student
from src.tracking.runs import flat
from src.utils.files import write_text

MAIN = (
    "accuracy",
    "mean_cost",
    "binary_accuracy",
    "f1",
    "recall",
    "precision",
    "false_alarm_rate",
    "detection_rate",
    "roc_auc",
)
# What the caption names, beside k and window.
_NAMED = ("dataset", "task", "split", "scaling", "reducer", "layout", "model")
_NOT_OVER_SEEDS = ("_low", "_high")  # bootstrap intervals of single runs


@dataclass(frozen=True)
class Group:
    """Jobs that are equal but for the seed.

    Attributes:
        label: What they have in common.
        configs: Resolved, by seed.
    """

    label: str
    configs: Mapping[int, dict[str, Any]]


@dataclass(frozen=True)
class OverSeeds:
    """The scores of a group.

    Attributes:
        seeds: Those that have a run.
        asked: How many were asked for.
        scores: By metric.
    """

    label: str
    seeds: tuple[int, ...]
    asked: int
    scores: Mapping[str, Interval]


def groups(jobs: Sequence[DictConfig]) -> list[Group]:
    """Jobs that are equal but for the seed as one group, in the order of the jobs; a group may be a single job."""
    alike: dict[str, list[DictConfig]] = {}
    for job in jobs:
        # unresolved: what is derived from the seed, such as a reducer's, makes no other group
        node: Any = OmegaConf.to_container(job, resolve=False)
        alike.setdefault(json.dumps({**node, "seed": None}, sort_keys=True), []).append(job)
    typed = [_typed(json.loads(key)) for key in alike]
    differing = [
        key for key in dict.fromkeys(key for one in typed for key in one) if len({one.get(key) for one in typed}) > 1
    ]
    told = {f"{group}." for group in _NAMED if f"{group}.name" in differing}
    extra = [key for key in differing if key not in ("k", "window") and not key.startswith(tuple(told))]
    found = []
    for values, members in zip(typed, alike.values(), strict=True):
        label, _, _ = build(members[0]).caption.rpartition(", seed")
        label = ", ".join([label, *(f"{key}={values[key]}" for key in extra if key in values)])
        configs = {int(one.seed): OmegaConf.to_container(one, resolve=True) for one in members}
        found.append(Group(label, configs))  # type: ignore[arg-type]
    return found


def _typed(node: Mapping[str, Any]) -> dict[str, str]:
    """Values by their full names, as they are typed on the command line."""
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in flat(node).items()}


def over_seeds(group: Group, metrics: Mapping[int, Mapping[str, float]]) -> OverSeeds | None:
    """Mean and interval of what all runs of a group measured; None of fewer than two runs.

    Args:
        metrics: Of each run, by seed.
    """
    if len(metrics) < 2:
        return None
    names = [
        name
        for name in next(iter(metrics.values()))
        if (name.startswith("test_") or name == "fit_seconds") and not name.endswith(_NOT_OVER_SEEDS)
    ]
    values = {
        name: [one[name] for one in metrics.values()] for name in names if all(name in one for one in metrics.values())
    }
    scores = {name: student(each) for name, each in sorted(values.items())}
    return OverSeeds(group.label, tuple(metrics), len(group.configs), scores)


def table(found: Sequence[OverSeeds]) -> pd.DataFrame:
    """`configuration`, `seeds`, `metric`, `mean`, `low`, `high`: a row a score."""
    rows = [
        (one.label, " ".join(map(str, one.seeds)), name, interval.mean, interval.low, interval.high)
        for one in found
        for name, interval in one.scores.items()
    ]
    return pd.DataFrame(rows, columns=["configuration", "seeds", "metric", "mean", "low", "high"])


def markdown(found: Sequence[OverSeeds]) -> str:
    """The main scores as text: a table a configuration."""
    lines: list[str] = []
    for one in found:
        missing = "" if len(one.seeds) == one.asked else f" of {one.asked} asked for"
        lines += [f"**{one.label}**: mean and 95 % interval over {len(one.seeds)} seeds{missing}", ""]
        lines += ["| | mean | 95 % interval |", "|---|---|---|"]
        parts = [name.removesuffix("_roc_auc") for name in one.scores if name.endswith("_roc_auc")] or ["test"]
        for name in (f"{part}_{name}" for part in sorted(parts) for name in MAIN):
            if name in one.scores:
                score = one.scores[name]
                lines.append(f"| `{name}` | {score.mean:.5f} | [{score.low:.5f}, {score.high:.5f}] |")
        lines.append("")
    return "\n".join(lines)


def write(found: Sequence[OverSeeds], folder: Path) -> None:
    """`seeds.csv` and `seeds.md`."""
    write_text(folder / "seeds.csv", table(found).to_csv(index=False, float_format="%.8g", lineterminator="\n"))
    write_text(folder / "seeds.md", markdown(found))
