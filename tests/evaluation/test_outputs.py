"""Reports: the promised files with the promised columns, read back as they were meant."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from src.evaluation import outputs
from src.evaluation.metrics import Evaluation

Evaluated = Callable[..., tuple[Evaluation, tuple[str, ...]]]
CAPTION = "kdd99_10pct, binary, random split, lstm on pca k=2, seed 0"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("n_classes", [2, 3])
def test_an_evaluation_writes_the_promised_files(n_classes: int, make_evaluation: Evaluated, tmp_path: Path) -> None:
    result, names = make_evaluation(n_classes)
    everything = {"simulated": False, "test_accuracy": 0.875, "epochs": 3}
    outputs.write_evaluation(result, everything, names, tmp_path, CAPTION)
    assert names_in(tmp_path) == [
        "attack_recall.csv", "attack_recall.png", "class_recall.csv", "confusion_matrix.csv", "confusion_matrix.json",
        "confusion_matrix.png", "metrics.json", "precision_recall.csv", "precision_recall.png", "roc.csv", "roc.png",
    ]  # fmt: skip
    assert json.loads((tmp_path / "metrics.json").read_text()) == everything
    matrix = json.loads((tmp_path / "confusion_matrix.json").read_text())
    assert matrix == {"classes": list(names), "rows_predicted_columns_actual": result.confusion.tolist()}
    table = pd.read_csv(tmp_path / "confusion_matrix.csv", index_col=0)
    assert list(table.columns) == [f"actual {name}" for name in names]
    assert list(table.index) == [f"predicted {name}" for name in names]
    assert table.to_numpy().tolist() == result.confusion.tolist()


def test_the_tables_of_an_evaluation_are_read_back_as_they_were(make_evaluation: Evaluated, tmp_path: Path) -> None:
    result, names = make_evaluation(3)
    outputs.write_evaluation(result, {"test_accuracy": 1.0}, names, tmp_path, CAPTION)
    for name, table in (
        ("class_recall", result.per_class),
        ("attack_recall", result.per_attack),
        ("roc", result.roc),
        ("precision_recall", result.precision_recall),
    ):
        read = pd.read_csv(tmp_path / f"{name}.csv")
        pd.testing.assert_frame_equal(read, table, check_dtype=False, rtol=1e-7)


def test_a_test_part_of_one_class_has_curves_without_points(make_evaluation: Evaluated, tmp_path: Path) -> None:
    result, names = make_evaluation(2, n=1)
    outputs.write_evaluation(result, {"test_accuracy": 1.0}, names, tmp_path, CAPTION)
    assert pd.read_csv(tmp_path / "roc.csv").columns.tolist() == ["class", "false_alarm_rate", "recall", "threshold"]
    assert "roc.png" not in names_in(tmp_path)


def test_a_reduction_writes_variance_and_information_with_the_promised_columns(
    variance: pd.DataFrame, information: pd.DataFrame, tmp_path: Path
) -> None:
    outputs.write_reduction(variance, information, tmp_path, CAPTION)
    assert names_in(tmp_path) == [
        "explained_variance.csv", "explained_variance.png", "mutual_information.csv", "mutual_information.png",
    ]  # fmt: skip
    read = pd.read_csv(tmp_path / "explained_variance.csv")
    assert read.columns.tolist() == ["component", "ratio", "cumulative"]
    pd.testing.assert_frame_equal(read, variance, rtol=1e-7)
    read = pd.read_csv(tmp_path / "mutual_information.csv")
    assert read.columns.tolist() == ["rank", "feature", "position", "score"]
    pd.testing.assert_frame_equal(read, information, rtol=1e-7)


def test_a_history_is_a_table_and_a_picture(epochs: list[dict[str, float]], tmp_path: Path) -> None:
    outputs.write_history(epochs, tmp_path, CAPTION)
    assert names_in(tmp_path) == ["history.csv", "history.png"]
    read = pd.read_csv(tmp_path / "history.csv")
    assert read.columns.tolist() == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds"]
    pd.testing.assert_frame_equal(read, pd.DataFrame(epochs), rtol=1e-7)


def test_a_model_without_epochs_has_a_history_of_its_columns_alone(tmp_path: Path) -> None:
    outputs.write_history([], tmp_path, CAPTION)
    assert names_in(tmp_path) == ["history.csv"]
    assert (tmp_path / "history.csv").read_text() == "epoch,loss,accuracy,val_loss,val_accuracy,seconds\n"


def test_the_same_numbers_make_the_same_files(make_evaluation: Evaluated, tmp_path: Path) -> None:
    result, names = make_evaluation(2)
    for folder in (tmp_path / "one", tmp_path / "two"):
        outputs.write_evaluation(result, {"test_accuracy": 1.0}, names, folder, CAPTION)
    for name in names_in(tmp_path / "one"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_durations_are_in_a_file_of_their_own(make_evaluation: Evaluated, tmp_path: Path) -> None:
    result, names = make_evaluation(2)
    outputs.write_evaluation(result, {"test_accuracy": 1.0}, names, tmp_path, CAPTION)
    outputs.write_timings({"fit_seconds": 1.5}, tmp_path)
    assert json.loads((tmp_path / "timings.json").read_text()) == {"fit_seconds": 1.5}
    assert "seconds" not in (tmp_path / "metrics.json").read_text()
