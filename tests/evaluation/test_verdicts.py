"""Verdicts on file: read back as they were, and refused where they are something else."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from src.evaluation.verdicts import Verdicts

Make = Callable[..., Verdicts]


@pytest.mark.parametrize("cost", [None, [[0.0, 1.0], [4.0, 0.0]]])
def test_verdicts_are_read_back_as_they_were(
    cost: list[list[float]] | None, make_verdicts: Make, tmp_path: Path
) -> None:
    one = make_verdicts([0, 1, 0, 1], target=[0, 1, 1, 0], cost=cost)
    one.write(tmp_path / "test_verdicts.parquet")
    again = Verdicts.read(tmp_path / "test_verdicts.parquet")
    for name, kind in (("row", "int64"), ("vector", "uint64"), ("target", "int32"), ("predicted", "int32"),
                       ("attack", "float32")):  # fmt: skip
        assert getattr(again, name).dtype == kind
        np.testing.assert_array_equal(getattr(again, name), getattr(one, name))
    assert (again.classes, again.cost) == (("normal", "attack"), cost)


def test_the_file_opens_as_any_table_does(make_verdicts: Make, tmp_path: Path) -> None:
    make_verdicts([0, 1], target=[0, 1]).write(tmp_path / "one.parquet")
    table = pd.read_parquet(tmp_path / "one.parquet")
    assert table.columns.tolist() == ["row", "vector", "target", "predicted", "attack"]


def test_verdicts_in_the_order_of_the_source(make_verdicts: Make) -> None:
    one = make_verdicts([0, 1, 1], target=[0, 0, 1], row=[7, 2, 5]).by_row()
    assert one.row.tolist() == [2, 5, 7]
    assert one.predicted.tolist() == [1, 1, 0]
    assert one.target.tolist() == [0, 1, 0]


def test_records_that_were_drawn_again_stay_in_the_order_they_had(make_verdicts: Make) -> None:
    predicted = [0, 1, 1] * 200
    one = make_verdicts(predicted, target=predicted, row=[9, 4] * 300).by_row()
    assert one.row.tolist() == [4] * 300 + [9] * 300
    assert one.predicted.tolist() == predicted[1::2] + predicted[::2]


def test_another_table_is_refused(tmp_path: Path) -> None:
    pd.DataFrame({"row": [1], "verdict": ["normal"]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(
        ValueError, match=r"other\.parquet: found the columns row, verdict, expected the verdicts of a run"
    ):
        Verdicts.read(tmp_path / "other.parquet")


@pytest.mark.parametrize(
    ("target", "predicted", "message"),
    [
        ([], [], "found no records, expected one or more"),
        ([0, 1], [0, 2], "found 0 to 2 in column predicted, expected 0 to 1 for the classes"),
        ([0, -1], [0, 1], "found -1 to 0 in column target, expected 0 to 1 for the classes"),
    ],
)
def test_a_file_that_cannot_be_scored_is_refused(
    target: list[int], predicted: list[int], message: str, make_verdicts: Make, tmp_path: Path
) -> None:
    make_verdicts(predicted, target=target).write(tmp_path / "one.parquet")
    with pytest.raises(ValueError, match=f"one.parquet: {message}"):
        Verdicts.read(tmp_path / "one.parquet")
