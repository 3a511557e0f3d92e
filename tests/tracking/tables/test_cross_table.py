"""Table of evaluations on other data sets: a row for each configuration of a detector and each test part."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from src.cross_evaluate import main
from src.tracking.cross_evaluation import CrossRun
from src.tracking.tables.cross_table import cross_table
from src.tracking.tables.formats import as_csv, markdown, text

PARAMS = {"trained_on.name": "kdd99_10pct", "dataset.name": "nsl_kdd", "task.name": "binary", "model.name": "svm",
          "k": "2", "split.name": "random", "split.test": "0.2", "split.train": "0.6", "task.classes.normal.count": "1",
          "task.classes.attack.count": "1", "dataset.simulated": "False"}  # fmt: skip


def evaluated(
    accuracy: float, seed: int = 0, parts: tuple[str, ...] = ("test",), records: tuple[int, ...] = (5, 5), **params: str
) -> CrossRun:
    """Evaluation whose further test parts are harder by a tenth each."""
    metrics: dict[str, float] = {"val_macro_f1": 0.99, "fit_seconds": 1.0}
    for place, part in enumerate(parts):
        value = accuracy - place / 10
        scores = {"accuracy": value, "accuracy_low": value - 0.01, "accuracy_high": value + 0.01}
        scores |= {"detection_at_1_percent": value - 0.2, "share_seen_in_training": 0.25}
        scores |= {"recall": 0.0, "f1": 0.0, "false_alarm_rate": 0.0}
        metrics |= {f"{part}_{name}": score for name, score in scores.items()}
    return CrossRun(f"{seed:032x}", "a name", list(parts), {**PARAMS, "seed": str(seed), **params}, metrics,
                    dict.fromkeys(parts, records))  # fmt: skip


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def test_each_part_is_a_row_in_the_order_of_the_command() -> None:
    own = evaluated(0.95, **{"dataset.name": "kdd99_10pct"})
    table = cross_table([evaluated(0.8, parts=("test", "test_21")), own])
    rows = [line.split()[:3] for line in text(table, "").split("\n---")[1].splitlines()[1:]]
    assert rows == [["kdd99_10pct", "nsl_kdd", "test"], ["kdd99_10pct", "nsl_kdd", "test_21"],
                    ["kdd99_10pct", "kdd99_10pct", "test"]]  # fmt: skip
    made = text(table, "")
    assert "first by" not in made
    assert "25.00" in made
    assert "80.00 [79.00, 81.00]" in made
    assert "70.00 [69.00, 71.00]" in made  # of test_21
    assert "60.00" in made  # detection, in percent
    assert "| det. at 1 % |" in markdown(table)
    first = next(csv.DictReader(io.StringIO(as_csv(table))))
    assert (first["test_accuracy"], first["test_detection_at_1_percent"]) == ("0.8", "0.6")


@pytest.mark.parametrize(
    ("records", "remark"),
    [
        ((7, 0), "nsl_kdd has normal records only: no attack could be"),
        ((7, 0, 0), "nsl_kdd has normal records only: no attack could be"),
        ((0, 7), "nsl_kdd has attacks only: no normal record could"),
        ((1, 1), ""),
    ],
)
def test_records_that_a_part_lacks_are_told(records: tuple[int, ...], remark: str) -> None:
    made = text(cross_table([evaluated(0.8, records=records), evaluated(0.9, **{"dataset.name": "other"})]), "")
    assert (remark in made) if remark else ("records only" not in made and "attacks only" not in made)


def test_seeds_of_one_configuration_are_one_row_on_one_fixed_test() -> None:
    table = cross_table([evaluated(0.80, seed=0), evaluated(0.82, seed=1), evaluated(0.9, **{"model.name": "knn"})])
    seeds, alone = table.rows
    assert (len(seeds.runs), len(alone.runs)) == (2, 1)
    assert seeds.scores["test_accuracy"].mean == pytest.approx(0.81)
    assert seeds.overlap == 0  # the published test is that of all seeds
    assert "model.name" in table.parameters


def test_runs_of_equal_config_and_seed_are_one_row_and_that_is_said() -> None:
    first, again = evaluated(0.80), replace(evaluated(0.82), id="b" * 32)
    table = cross_table([first, again])
    assert [[run.id for run in row.runs.values()] for row in table.rows] == [["b" * 32]]
    assert "1 other run of the same configurations and seeds left out." in text(table, "")
    assert "left out" not in text(cross_table([first, replace(again, params=again.params | {"seed": "1"})]), "")


def test_a_detector_that_no_threshold_keeps_within_the_false_alarms_finds_none() -> None:
    """Detection is accuracy - 0.2: 60 % and none."""
    rows = cross_table([evaluated(0.8), evaluated(0.2, **{"model.name": "knn"})])
    assert [line.split()[-2] for line in text(rows, "").splitlines()[-2:]] == ["60.00", "none"]
    both = cross_table([evaluated(0.8), evaluated(0.2, seed=1)])
    assert "30.00 (1 of 2 seeds finds none)" in markdown(both).replace("[0.00, 100.00] (0.00 to 60.00) ", "")


def test_a_file_that_cannot_be_written_leaves_the_table_on_the_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "table.md").mkdir()
    monkeypatch.setattr("src.tracking.cross_evaluation.cross_evaluate", lambda *given: [evaluated(0.8)])
    monkeypatch.setattr("src.tracking.store.check_store", lambda: None)
    assert main(["a_run", "--on", "nsl_kdd", "-o", str(tmp_path / "table.md")]) == 1
    printed = capsys.readouterr()
    assert "80.00 [79.00, 81.00]" in printed.out
    assert f"{tmp_path / 'table.md'}: found a folder" in printed.err
