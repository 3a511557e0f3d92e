"""`python -m src.compare` on runs of the store and folders of reports, and its errors."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import numpy as np
import pytest
from omegaconf import DictConfig

from src.compare import main
from src.config.build import build
from src.evaluation.verdicts import Verdicts
from src.tracking import runs

Compose = Callable[..., DictConfig]
Logged = Callable[..., str]


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, laid_out_store: Path) -> Iterator[None]:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv(runs.PARENT_VARIABLE, raising=False)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    (tmp_path / "mlruns").mkdir()
    shutil.copy(laid_out_store, tmp_path / "mlruns")
    yield
    while mlflow.active_run():
        mlflow.end_run()


def verdicts(errors: int, records: int = 300) -> Verdicts:
    """Verdicts on some records, the first of which are wrong."""
    row = np.arange(1, records + 1)
    target = (row % 2).astype(np.int32)
    predicted = np.where(row <= errors, 1 - target, target).astype(np.int32)
    return Verdicts(row, row.astype(np.uint64), target, predicted, predicted.astype(np.float32), ("normal", "attack"))


@pytest.fixture
def logged(composed: Compose, tmp_path: Path) -> Logged:
    """Function that makes a run with such verdicts, and returns its id."""

    def make(kept: Verdicts, *overrides: str, part: str = "test") -> str:
        reports = tmp_path / "reports"
        shutil.rmtree(reports, ignore_errors=True)
        folder = reports if part == "test" else reports / "further_tests" / part
        kept.write(folder / f"{part}_verdicts.parquet")
        with runs.tracked_run(build(composed("dataset=simulated", "model=decision_tree", *overrides))) as run:
            run.log_evaluation({"test_accuracy": 0.5}, reports, "| a description | that is a table |")
        return run.id

    return make


def test_two_runs_are_compared(logged: Logged, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = logged(verdicts(5)), logged(verdicts(45), "k=3")
    assert main([one, other]) == 0
    text = capsys.readouterr().out
    assert f"SIMULATED DATA - simulated, binary, random split, decision_tree on pca k=2, seed 0 ({one})" in text
    assert f"decision_tree on pca k=3, seed 0 ({other})" in text
    assert "| a description" not in text
    # 300 records, 5 wrong of one and 45 of the other: accuracy 295/300 and 255/300
    assert re.search(r"^A less B +\+0.13333 +-0.13333 ", text, re.M)
    assert "McNemar (chi-square with continuity correction): 40 records only A has right, 0 only B" in text
    assert "The two runs differ: A is better in accuracy, by 0.13333; A is better in false alarm rate" in text
    assert main([one, one]) == 0
    assert "The two runs do not differ by more than" in capsys.readouterr().out


def test_three_runs_are_compared_with_the_first(logged: Logged, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [logged(verdicts(errors), f"k={k}") for k, errors in ((2, 5), (3, 45), (4, 6))]
    assert main([*runs, "--resamples", "500"]) == 0
    text = capsys.readouterr().out
    assert f"seed 0 ({runs[2]})" in text
    assert "  A  0.98333  reference" in text
    assert "-0.13333 [" in text
    assert "The p-values of each score are corrected for 2 comparisons (Holm)." in text
    assert "recall:" in text  # a detector that raises no alarm has the fewest false ones
    fewer = logged(verdicts(5, records=280), "seed=1")
    assert main([*runs[:2], fewer]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"compare: {runs[0]} and {fewer}: found 300 and 280 test records, expected pairs of runs")
    assert error.endswith("; the runs have seed=0 and 1\n")


def test_runs_are_taken_by_name_and_by_first_digits(logged: Logged, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = logged(verdicts(5)), logged(verdicts(45), "k=3")
    digits = next(other[:length] for length in range(1, 33) if not one.startswith(other[:length]))
    name = mlflow.get_run(one).info.run_name
    assert main([name, digits, "--resamples", "100"]) == 0
    text = capsys.readouterr().out
    assert f"({one})" in text
    assert f"({other})" in text


def test_a_further_test_part_is_compared_by_its_name(logged: Logged, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = (logged(verdicts(errors), part="test_21") for errors in (0, 1))
    assert main([one, other, "--part", "test_21", "--resamples", "100"]) == 0
    assert "McNemar (exact binomial): 1 records only A has right" in capsys.readouterr().out
    assert main([one, other]) == 1
    assert capsys.readouterr().err == f"compare: run {one}: found no test part test, expected one of test_21\n"


def test_folders_with_reports_of_direct_runs_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, errors in (("one", 3), ("two", 3)):
        verdicts(errors).write(tmp_path / name / "test_verdicts.parquet")
    assert main([str(tmp_path / "one"), str(tmp_path / "two")]) == 0
    assert "do not differ" in capsys.readouterr().out


def test_runs_on_different_records_are_refused_and_their_choices_named(
    logged: Logged, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = logged(verdicts(5)), logged(verdicts(5, records=280), "split=grouped", "seed=1")
    assert main([one, other]) == 1
    error = capsys.readouterr().err
    assert error.startswith(
        f"compare: {one} and {other}: found 300 and 280 test records, expected pairs of runs on the"
    )
    assert error.endswith("; the runs have split.name=random and grouped, seed=0 and 1\n")
    assert main([one, logged(verdicts(5, records=280), "seeds.split=3")]) == 1
    assert capsys.readouterr().err.endswith("; the runs have seeds.split=0 and 3\n")


def test_an_id_that_is_no_run_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["0" * 32, "0" * 32]) == 1
    error = capsys.readouterr().err
    assert f"compare: '{'0' * 32}': found neither such a folder nor any run in sqlite" in error
    assert "make demo or python -m src.train makes a run" in error
    assert main([str(tmp_path), str(tmp_path)]) == 1
    assert f"{tmp_path}: found no test_verdicts.parquet in it, expected the reports" in capsys.readouterr().err


def test_a_run_without_verdicts_is_named(composed: Compose, logged: Logged, capsys: pytest.CaptureFixture[str]) -> None:
    with runs.tracked_run(build(composed("dataset=simulated", "model=decision_tree"))) as run:
        run.log_metrics({"test_accuracy": 0.5})
    assert main([run.id, logged(verdicts(1))]) == 1
    assert f"compare: run {run.id}: found no test_verdicts.parquet in sqlite" in capsys.readouterr().err


@pytest.mark.parametrize(("option", "value", "least"), [
    ("resamples", "99", 100), ("resamples", "-1", 100), ("resamples", "many", 100), ("seed", "-1", 0),
])  # fmt: skip
def test_a_wrong_number_is_named(option: str, value: str, least: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["one", "other", f"--{option}={value}"])
    assert f"--{option}: found '{value}', expected a whole number from {least}" in capsys.readouterr().err
