"""Scores by way of arrival: the verdicts of each way on the same records, as table, metrics and text."""

from pathlib import Path

import numpy as np
import pytest

from src.detector.decision import Decision
from src.evaluation import outputs
from src.evaluation.arrivals import arrival_metrics, arrivals

TARGET = np.array([0, 0, 0, 0, 1, 1, 2, 2], dtype=np.int32)
COST = [[0, 1, 1], [4, 0, 1], [2, 1, 0]]


def test_each_way_has_the_scores_of_its_verdicts(tmp_path: Path) -> None:
    alone = TARGET.copy()
    alone[:2], alone[4] = 1, 0
    ways = [(name, np.eye(3, dtype=np.float32)[classes]) for name, classes in (("file", TARGET), ("single", alone))]
    table = arrivals(ways, Decision(), TARGET, 3, COST)
    assert table["arrival"].tolist() == ["file", "single"]
    assert table["false_alarm_rate"].tolist() == [0, 0.5]
    assert table["detection"].tolist() == [1, 0.75]
    assert table["mean_cost"].tolist() == [0, pytest.approx((2 * 1 + 4) / 8)]
    assert arrival_metrics(table, 3) == {
        "false_alarm_rate_single": 0.5, "detection_rate_single": 0.75, "mean_cost_single": pytest.approx(0.75),
    }  # fmt: skip
    outputs.write_arrivals(table, tmp_path)
    assert (
        "| single records, each without a history | 50.00 | 75.00 | 62.50 | 0.7500 |"
        in (tmp_path / "arrivals.md").read_text()
    )
    assert (tmp_path / "arrivals.csv").read_text().startswith("arrival,false_alarm_rate,detection,accuracy,mean_cost\n")


def test_two_classes_have_the_recall_of_the_attack() -> None:
    target = np.array([0, 1], dtype=np.int32)
    table = arrivals([("single", np.eye(2, dtype=np.float32))], Decision(), target, 2, None)
    assert arrival_metrics(table, 2) == {"false_alarm_rate_single": 0, "recall_single": 1}
