"""The benchmarks: that they run on few simulated records, and that what they tell follows from what they measured.

No test is about how long anything takes.
"""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from benchmarks.contest import Contender, race, race_here
from benchmarks.growth import Growth, draw, report
from benchmarks.limits import _covered, _kind, operations
from benchmarks.page import SECTIONS
from benchmarks.table import Ratio, ratios
from src.utils.paths import PROJECT

QUICK = ("features", "growth", "limits")


def smoke(out: Path, *sections: str) -> str:
    """The page of a smoke run of some sections."""
    environment = {**os.environ, "BENCH_PEERS": str(out / "nowhere")}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--smoke", "--out", str(out), "--only", *sections],
        cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return (out / "README.md").read_text()


@pytest.mark.integration
def test_features_growth_and_limits_are_measured(tmp_path: Path) -> None:
    page = smoke(tmp_path, *QUICK)
    assert "mutual information, 1,621 x 53" in page
    assert "gz text to checked Parquet, 4,000 records" in page
    assert "| preprocess | records | 1,000 | 2,000 |" in page
    assert "| train, an epoch | k | 2 | 3 |" in page
    assert "GFLOP/s on all cores" in page
    assert "the default config, k = 2" in page
    assert "torch not installed, jax not installed" in page
    assert (tmp_path / "growth.svg").read_text().startswith("<?xml")


@pytest.mark.integration
def test_training_scoring_and_stages_are_measured(tmp_path: Path) -> None:
    page = smoke(tmp_path, *(one for one in SECTIONS if one not in QUICK))
    assert "an epoch, LSTM(64), batch 64, k = 2" in page
    assert "| PyTorch's `nn.LSTM` | not installed |" in page
    assert "fit to 20.0% on validation" in page
    assert "text to verdicts, k = 2, 4,000 records" in page
    assert "`dvc repro` of the headline run" in page
    assert "... of it importing MLflow, in train, evaluate" in page
    assert "| start of `sample`, until its work begins |" in page


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (Ratio("a", 2, "b", 5, 2), "| a | 2 s | b | 5 s | 2.5 | ≥ 2 | yes |"),
        (Ratio("a", 2, "b", 3, 2), "| a | 2 s | b | 3 s | 1.5 | ≥ 2 | **no** |"),
        (Ratio("a", 3, "b", 2, 1.5, share=True), "| a | 3 s | b | 2 s | 1.5 | ≤ 1.5 | yes |"),
        (Ratio("a", 4, "b", 2, 1.5, share=True, unit="GiB"), "| a | 4 GiB | b | 2 GiB | 2 | ≤ 1.5 | **no** |"),
        (Ratio("a", 2, "b", 5), "| a | 2 s | b | 5 s | 2.5 |  |  |"),
        (Ratio("a", 2, "b", None, 2, note="not installed"), "| a | 2 s | b | not installed |  | ≥ 2 |  |"),
        (Ratio("a", 2, "b", 50, 10, least=True), "| a | 2 s | b | > 50 s | > 25 | ≥ 10 | yes |"),
        (Ratio("a", 2, "b", 5000, note="c"), "| a; c | 2 s | b | 5,000 s | 2.5e+03 |  |  |"),
    ],
)
def test_a_row_tells_its_ratio_and_whether_it_is_reached(row: Ratio, told: str) -> None:
    assert str(row) == told
    assert ratios([row])[2:] == [told]


def test_of_several_rounds_the_least_counts() -> None:
    calls = []
    seconds, returned = race_here({"one": lambda: calls.append("one") or 1, "other": lambda: calls.append("other")}, 2)
    assert calls == ["one", "other", "one", "other"]
    assert returned == {"one": 1, "other": None}
    assert seconds.keys() == {"one", "other"}


def test_a_contender_that_fails_is_told_with_its_words() -> None:
    with pytest.raises(SystemExit, match=r"(?s)benchmarks\.contenders\.nothing ended with 1:.*No module named"):
        race({"one": partial(Contender, "nothing")}, 1)


def test_the_exponent_is_the_slope_on_logarithmic_axes() -> None:
    assert Growth("a", [1, 2, 5, 10], [3, 12, 75, 300]).exponent == pytest.approx(2)
    assert Growth("a", [1, 10], [4, 4]).exponent == pytest.approx(0)


def test_growth_is_drawn_and_what_is_worse_than_linear_is_named(tmp_path: Path) -> None:
    linear, square = Growth("sample", [10, 100], [1, 10]), Growth("reduce", [10, 100], [1, 100])
    draw([linear, square], [linear], tmp_path / "growth.svg")
    assert 10_000 < len((tmp_path / "growth.svg").read_bytes()) < 300_000
    told = list(report([linear, square], [linear], "growth.svg"))
    assert told[-1] == "Worse than linear: reduce (an exponent above 1.1)."
    assert "| reduce | records | 10 | 100 | 1 to 100 | 2.00 |" in told


def test_operations_of_an_lstm_are_counted() -> None:
    # a step of one record: 4 gates of 2 units, each from 3 inputs and 2 states; thrice, for forward and two gradients
    assert operations(1, 2, 3, 2) - operations(1, 1, 3, 2) == 3 * 2 * (4 * 2) * (3 + 2)
    assert operations(1, 1, 3, 2) == 3 * 2 * (4 * 2) * 3  # of the first step the states are zero


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("MatMul", "matrix products"),
        ("dot.3", "matrix products"),
        ("bitcast_dynamic-update-slice_fusion.4", "moving"),
        ("BiasAddGrad", "sums"),
        ("add_reduce_fusion", "sums"),
        ("SigmoidGrad", "element by element"),
        ("subtract_multiply_fusion.1", "element by element"),
        ("ReadVariableOp", "other"),
    ],
)
def test_operations_are_sorted_by_kind(name: str, kind: str) -> None:
    assert _kind(name) == kind


def test_time_under_way_counts_once_where_operations_overlap() -> None:
    assert _covered([(0, 4), (2, 6), (8, 9), (3, 5)]) == 7
    assert np.isclose(_covered([(5, 10), (0, 2)]), 7)
