"""Summary of a run: a short table with its scores and intervals, as text and as Markdown; nothing is trained."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from omegaconf import DictConfig

from src.config.build import build
from src.evaluation import metrics
from src.evaluation.assessment import Assessment
from src.evaluation.intervals import bootstrap
from src.evaluation.verdicts import Verdicts
from src.pipeline.experiment import Evaluated, TrainingRecord
from src.pipeline.run_summary import RunSummary, summarize
from src.utils.paths import PROJECT

Compose = Callable[..., DictConfig]
TIMINGS = {"fit_seconds": 2.836, "reduce_seconds": 0.023, "evaluate_seconds": 123.4}
RUN = "0123456789abcdef0123456789abcdef"


def summary(
    composed: Compose, *overrides: str, tests: tuple[str, ...] = ("test",), more: dict[str, float] | None = None
) -> RunSummary:
    """Summarize a run of 1,000 random records, 90 % of them right.

    Args:
        more: Further metrics of the run.
    """
    settings = build(composed(*overrides))
    names, cost = settings.task.class_names, settings.task.cost
    rng = np.random.default_rng(0)
    target = rng.integers(0, len(names), 1000)
    predicted = np.where(rng.random(1000) < 0.9, target, rng.integers(0, len(names), 1000))
    probability = np.eye(len(names), dtype=np.float32)[predicted]
    found = metrics.evaluate(probability, target, np.array(names)[target], names, cost=cost)
    vectors = np.arange(1000, dtype=np.uint64)
    everything: dict[str, float] = {"val_accuracy": 0.98765, "train_accuracy": 1.0, "val_macro_f1": 0.9, "epochs": 3}
    for test in tests:
        everything |= {f"{test}_{name}": value for name, value in found.metrics.items()}
        everything[f"{test}_share_seen_in_training"] = 0.37324
        if settings.evaluation.bootstrap:
            drawn = bootstrap(vectors, predicted, target, len(names), resamples=50, seed=0, cost=cost)
            for name, interval in drawn.items():
                everything |= {f"{test}_{name}_low": interval.low, f"{test}_{name}_high": interval.high}
    verdicts = Verdicts(vectors, vectors, target, predicted, probability[:, 0], names)
    assessments = {test: Assessment({}, found, pd.DataFrame(), pd.DataFrame(), verdicts) for test in tests}
    facts = {f"derived.records_{part}": 12155 for part in ("train", "val", *tests)}
    everything |= more or {}
    fitted = {"epochs": 3, "val_temperature": 1.234567, "val_threshold": 0.987654321}
    record = TrainingRecord(RUN, fitted, {}, facts | {"derived.network_parameters": 21634}, [], {})
    return summarize(settings, record, Evaluated(everything, TIMINGS, assessments))


CASES = [
    ("dataset=simulated",),
    ("task=multiclass",),
    ("task=five", "split=official", "layout=history", "reducer=none", "k=53"),
    ("task=five", "evaluation.bootstrap=0"),
]


@pytest.mark.parametrize("choice", CASES, ids=" ".join)
def test_the_table_has_at_most_15_lines_then_the_matrix_and_the_places(
    choice: tuple[str, ...], composed: Compose
) -> None:
    found = summary(composed, *choice)
    table, matrix, places = found.text(PROJECT / "reports", RUN).rsplit("\n\n", 2)
    assert len(table.splitlines()) <= 15
    assert max(map(len, table.splitlines())) <= 120
    n_classes = len(found.confusion.rows)
    assert len(matrix.splitlines()) == n_classes + 1
    cells = [int(cell.replace(",", "")) for row in found.confusion.rows for cell in row[1:]]
    assert sum(cells) == 1000
    assert [line.split()[0] for line in places.splitlines()] == ["reports", "MLflow"]
    assert places.splitlines()[0].split()[1] == "reports"
    assert RUN in places
    assert "make ui" in places


def rows(found: RunSummary) -> dict[str, list[str]]:
    """Cells of every row of scores, by label."""
    return {row[0]: list(row[1:]) for section in found.table if section.titles for row in section.rows}


def test_scores_stand_beside_their_intervals_and_their_validation(composed: Compose) -> None:
    found = summary(composed, "dataset=simulated")
    numbers = found.numbers
    low, high = (100 * numbers[f"test_accuracy_{end}"] for end in ("low", "high"))
    assert found.table[1].titles == ("", "test", "95 % interval", "validation", "training")
    assert rows(found)["accuracy, %"] == [
        f"{100 * numbers['test_accuracy']:.2f}", f"[{low:.2f}, {high:.2f}]", "98.77", "100.00",
    ]  # fmt: skip
    assert [label for label, cells in rows(found).items() if not cells[1]] == ["ROC AUC, %"]
    assert list(rows(found)) == [
        "accuracy, %", "macro F1, %", "F1, %", "precision, %", "ROC AUC, %", "false alarms, %", "recall (detection), %",
    ]  # fmt: skip


def test_more_classes_have_means_over_the_classes_and_costs_that_are_no_percent(composed: Compose) -> None:
    found = summary(composed, "task=five", "evaluation.bootstrap=0")
    assert found.table[1].titles == ("", "test", "validation", "training")
    assert list(rows(found)) == [
        "accuracy, %", "macro F1, %", "macro recall, %", "mean cost", "false alarms, %", "detection, %",
        "alarm or none right, %",
    ]  # fmt: skip
    assert rows(found)["mean cost"] == [f"{found.numbers['test_mean_cost']:.4f}", "", ""]


def test_the_choices_say_what_was_run(composed: Compose) -> None:
    real, simulated = (summary(composed, *one, "split.distinct=true") for one in ((), ("dataset=simulated",)))
    data, protocol, model = (row[1] for row in real.table[0].rows)
    assert data == "kdd99_10pct: 12,155 training, 12,155 validation, 12,155 test records"
    assert protocol == ("binary, random split, distinct training records, seed 0; seen in training: 37.3 % of test")
    assert model == "lstm on pca k=2, 21,634 weights"
    whole = summary(composed, "reducer=none", "scaling=log_minmax")
    assert whole.table[0].rows[2][1] == "lstm on log_minmax all 53 features, 21,634 weights"
    assert simulated.table[0].rows[0][1].startswith("SIMULATED DATA: 12,155 training")
    assert real.table[-1].rows[0][1] == "fit 2.84 (3 epochs), reduction 0.02, scoring 123"


def test_a_rule_that_was_set_has_a_row_with_its_fitted_values(composed: Compose) -> None:
    def row(*overrides: str) -> str:
        return dict(summary(composed, "task=five", *overrides).table[0].rows)["decision"]

    assert row("decision.rule=least_cost", "decision.attack_prior_odds=8") == (
        "least expected cost, attacks at 8 times their odds"
    )
    assert row("decision.calibrate=true", "decision.false_alarm_budget=0.005") == (
        "most probable class, probabilities at temperature 1.23, an alarm from P(attack) = 0.987654 for 0.5 % false "
        "alarms on validation"
    )
    blocks = row("split.distinct=true", "decision.false_alarm_budget=0.01", "decision.false_alarm_blocks=10")
    assert blocks.endswith("for 1 % false alarms on 10 blocks of training")
    assert "decision" not in dict(summary(composed).table[0].rows)


def test_further_tests_have_columns_of_their_own(composed: Compose) -> None:
    found = summary(composed, "dataset=nsl_kdd", "split=official", tests=("test", "test_21"))
    assert found.table[1].titles == (
        "", "test", "95 % interval", "test_21", "95 % interval", "validation", "training",
    )  # fmt: skip
    text = found.text(Path("/elsewhere/reports"), RUN)
    assert "seen in training: 37.3 % of test, 37.3 % of test_21" in text
    assert "12,155 test, 12,155 test_21 records" in text
    assert "/elsewhere/reports" in text


def test_a_test_part_that_is_largely_in_training_has_its_scores_without_those_records(composed: Compose) -> None:
    more = {"test_accuracy_unseen": 0.7654, "test_recall_unseen": 0.5, "test_false_alarm_rate_unseen": 0.25}
    found = summary(composed, "dataset=simulated", more=more)
    assert found.table[1].titles == ("", "test", "95 % interval", "not seen", "validation", "training")
    assert rows(found)["accuracy, %"][2:] == ["76.54", "98.77", "100.00"]
    assert [rows(found)[name][2] for name in ("macro F1, %", "false alarms, %", "recall (detection), %")] == [
        "", "25.00", "50.00",
    ]  # fmt: skip
    assert "not seen" in found.markdown
    text = found.text(PROJECT / "reports", RUN).rsplit("\n\n", 2)[0]
    assert len(text.splitlines()) <= 15
    little = summary(composed, "dataset=simulated", more=more | {"test_share_seen_in_training": 0.1})
    assert "not seen" not in little.table[1].titles


@pytest.mark.parametrize(("alone", "warned"), [(0.5, True), (0.02, False)])
def test_a_detector_with_history_says_what_it_does_to_single_records(
    alone: float, warned: bool, composed: Compose
) -> None:
    more = {"test_false_alarm_rate": 0.0125, "test_false_alarm_rate_single": alone}
    found = summary(composed, *CASES[2], more=more)
    shares = f"{100 * alone:.2f} % of normal records raise an alarm one by one, 1.25 % in the file: arrivals.md"
    line = next(one for one in found.text(PROJECT / "reports", RUN).splitlines() if one.startswith("history"))
    assert line.split(maxsplit=1)[1] == ("WARNING: not for single records: " if warned else "") + shares
    assert shares in found.markdown
    assert "arrivals.md" not in summary(composed, *CASES[2]).text(PROJECT / "reports", RUN)


def test_the_description_has_the_same_rows_as_markdown(composed: Compose) -> None:
    found = summary(composed, "dataset=simulated")
    lines = found.markdown.splitlines()
    assert lines[0] == "**Simulated data.**"
    assert "| | test | 95 % interval | validation | training |" in lines
    for section in (*found.table, found.confusion):
        for row in section.rows:
            assert "|" + "|".join(f" {cell} " if cell else " " for cell in row) + "|" in lines
    assert len(found.markdown) < 5000  # a tag of MLflow
    assert not summary(composed).markdown.startswith("**Simulated")


def test_reports_of_an_experiment_in_a_copy_are_found_in_its_run(
    composed: Compose, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = summary(composed)
    monkeypatch.setenv("DVC_EXP_NAME", "demo")
    monkeypatch.setenv("DVC_ROOT", str(PROJECT))
    assert found.text(PROJECT / "reports", RUN).splitlines()[-2].split() == ["reports", "reports"]
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    assert "dvc exp apply demo" in found.text(PROJECT / "reports", RUN)
