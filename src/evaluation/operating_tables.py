"""Tables of the scores at equal false alarms, for people."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from src.evaluation.operating_points import BASE_RATES
from src.utils.sections import Section

_PREFIX = "detection_"


def operating_tables(table: pd.DataFrame) -> list[Section]:
    """Build two tables: scores, and alarms at base rates.

    Args:
        table: `table` of `src.evaluation.operating_points.OperatingPoints`.
    """
    # each attack category of the data set, then known and unknown types
    further = [
        name.removeprefix(_PREFIX)
        for name in map(str, table)
        if name.startswith(_PREFIX) and name not in ("detection_low", "detection_high")
    ]
    scores = ["detection", *(["mean_cost"] if "mean_cost" in table else [])]
    rows = table.to_dict("records")
    points = [
        (
            *_point(row),
            f"{100 * row['false_alarm_rate']:.2f}",
            *(_with_interval(row, name) for name in scores),
            *(f"{100 * row[_PREFIX + name]:.2f}" for name in further),
        )
        for row in rows
    ]
    titles = [name.replace("_", " ") for name in further]
    costs = ["mean cost"] if len(scores) > 1 else []
    alarms = [
        (
            *_point(row),
            *(_precision(row[f"precision_1_in_{n}"]) for n in BASE_RATES),
            *(f"{row[f'alarms_a_day_1_in_{n}']:,.0f}" for n in BASE_RATES),
        )
        for row in rows
    ]
    precise, alarming = (
        tuple(f"{title} 1 in {n:,}" for n in BASE_RATES) for title in ("precision at", "alarms a day at")
    )
    header = ("allowed, %", "threshold from", "threshold")
    return [
        Section(points, (*header, "false alarms, %", "detection, %", *costs, *titles)),
        Section(alarms, (*header, *precise, *alarming)),
    ]


def _point(row: Mapping[Any, Any]) -> tuple[str, str, str]:
    """Rate, origin and value of a threshold."""
    value = "none" if np.isinf(row["threshold"]) else f"{row['threshold']:.6g}"
    return f"{100 * row['allowed']:g}", str(row["threshold_from"]), value


def _precision(share: float) -> str:
    """Precision in percent; without any alarm there is none."""
    return "no alarm" if np.isnan(share) else f"{100 * share:.2f}"


def _with_interval(row: Mapping[Any, Any], name: str) -> str:
    """Score with its interval: a share in percent, a cost as it is."""
    scale, digits = (1, 4) if name == "mean_cost" else (100, 2)
    value, *ends = (f"{scale * row[key]:.{digits}f}" for key in (name, f"{name}_low", f"{name}_high") if key in row)
    return f"{value} [{', '.join(ends)}]" if ends else value
