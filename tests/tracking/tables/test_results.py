"""Tables of configurations: rows, columns, order, and the four formats."""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from src.config.flatten import flat
from src.tracking.tables.formats import as_csv, formatted, latex, markdown, text, write_files
from src.tracking.tables.results import NOT_RUN, ResultsTable, Row, TableRun, results_table
from src.tracking.tables.seed_shares import seed_shares

Compose = Callable[..., DictConfig]
TWO = {"task.classes.normal.count": "1", "task.classes.attack.count": "1"}
SHARED = {"dataset.name": "simulated", "derived.simulated": "True", "task.name": "binary", "split.name": "random",
          "model.name": "svm", "scaling.name": "minmax", "layout.name": "record", **TWO}  # fmt: skip


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for intervals, whatever terminal the tests run in."""
    monkeypatch.setenv("COLUMNS", "160")


def run(validation: float, number: int = 1, **metrics: float) -> TableRun:
    """Finished run; accuracy and its interval are 0.9 [0.85, 0.95] unless given."""
    scores = {"val_macro_f1": validation, "test_accuracy": 0.9, "test_accuracy_low": 0.85, "test_accuracy_high": 0.95,
              "test_f1": 0.8, "test_macro_f1": 0.7, "test_recall": 0.6, "test_false_alarm_rate": 0.01,
              "fit_seconds": 1.25}  # fmt: skip
    return TableRun(f"{number:032x}", scores | metrics, "finished")


def row(params: Mapping[str, str], *runs: TableRun) -> Row:
    return Row({**SHARED, "seed": "0", **params}, {str(seed): one for seed, one in enumerate(runs)})


def grid() -> ResultsTable:
    """Three configurations, the best on validation in the middle."""
    params = [{"reducer.name": name, "reducer.k": k, "k": k} for name, k in (("pca", "2"), ("mi", "10"), ("mi", "3"))]
    scores = (0.5, 0.9, 0.7)
    return results_table([row(one, run(score, at)) for at, (one, score) in enumerate(zip(params, scores, strict=True))])


def lines(made: str) -> list[list[str]]:
    """Words of the rows of a text, without its caption and titles."""
    return [line.split() for line in made.split("\n---")[1].splitlines()[1:] if line]


# --- rows and columns -------------------------------------------------------------------------------------------------


def test_the_best_on_validation_comes_first_with_what_differs_and_scores() -> None:
    made = text(grid(), "table.csv").splitlines()
    assert made[:3] == [
        "SIMULATED DATA - simulated, binary, random split, svm, seed 0: 3 configurations",
        "Best first by macro F1 on validation: no choice may use test scores.",
        "Scores in percent; 95 % intervals over the test records (bootstrap), which cover no other seeds.",
    ]
    titles = " ".join(f"{made[4]} {made[5]}".split())
    assert titles == "reducer k val accuracy F1 false recall fit, s run macro F1 alarms"
    assert lines("\n".join(made)) == [
        ["mi", "10", "90.00", "90.00", "[85.00,", "95.00]", "80.00", "1.00", "60.00", "1.2", "00000000"],
        ["mi", "3", "70.00", "90.00", "[85.00,", "95.00]", "80.00", "1.00", "60.00", "1.2", "00000000"],
        ["pca", "2", "50.00", "90.00", "[85.00,", "95.00]", "80.00", "1.00", "60.00", "1.2", "00000000"],
    ]


def test_values_that_follow_from_a_choice_are_no_columns(composed: Compose) -> None:
    overrides = [("model=svm",), ("model=lstm", "model.units=16"), ("model=lstm", "model.units=32", "reducer=mi")]
    params = []
    for one in overrides:
        config: Any = OmegaConf.to_container(composed(*one, "tracking.log_model=false"), resolve=True)
        params.append({key: str(value) for key, value in flat(config).items()})
    params[0]["model"] = "svm"  # MLflow has it twice
    del params[0]["dataset._target_"]  # and not all have this
    table = results_table([Row(one, {"0": run(0.5)}) for one in params])
    assert list(table.parameters) == ["model.name", "reducer.name", "k", "model.units"]
    assert "units" in text(table, "")


def test_seeds_are_one_row_with_their_mean_their_t_interval_and_their_range() -> None:
    """(0.90 + 0.92 + 0.94) / 3 = 0.92, deviation 0.02, reach 4.3027 * 0.02 / sqrt(3) = 0.04968.

    On the logit: 2.4423 and a reach of 0.04968 / (0.92 * 0.08) = 0.6751, so 0.8541 to 0.9576.
    """
    seeds = [run(0.5, test_accuracy=0.9 + 0.02 * seed) for seed in range(3)]
    missing = [run(0.9), TableRun("a" * 32, {}, "failed"), TableRun("", {}, NOT_RUN)]
    table = results_table([row({"k": "2"}, *seeds), row({"k": "3"}, *missing)])
    first, second = lines(text(table, ""))
    assert first[:4] == ["3", "1", "of", "3"]
    assert first[-5:] == ["1", "failed,", "1", "not", "run"]
    assert second[:9] == ["2", "3", "50.00", "92.00", "[85.41,", "95.76]", "(90.00", "to", "94.00)"]
    assert second[-1] == "finished"
    assert table.label(table.rows[1]) == "SIMULATED DATA - simulated, binary, random split, svm, k=2"


def test_no_table_mixes_intervals_over_seeds_with_those_over_test_records() -> None:
    """A single run beside means over seeds loses its bootstrap interval, which is of another kind."""
    seeds = [run(0.5, test_accuracy=0.9 + 0.02 * seed) for seed in range(3)]
    split = {"split.test": "0.2", "split.train": "0.6"}
    table = results_table([row({"k": "2", **split}, *seeds), row({"k": "3", **split}, run(0.9))])
    single = lines(text(table, ""))[0]
    assert single[3] == "90.00"
    assert not [cell for cell in single if "[" in cell]
    assert (
        "Scores in percent: means, 95 % t intervals over the seeds, corrected for overlapping tests (n_test / n_train "
        "= 0.33); a single run has none, and (lowest to highest seed)."
    ) in text(table, "")
    first, second = csv.DictReader(io.StringIO(as_csv(table)))
    assert (first["test_accuracy_low"], first["test_accuracy_lowest"]) == ("", "")
    assert (second["test_accuracy_lowest"], second["test_accuracy_highest"]) == ("0.9", "0.94")
    # the correction: sqrt(1 / 3 + 1 / 3) in place of sqrt(1 / 3), so 0.6751 * 1.4142 on the logit
    assert float(second["test_accuracy_low"]) == pytest.approx(0.8157, abs=1e-4)


def test_tests_of_held_out_types_overlap_by_the_records_of_the_runs() -> None:
    """Their split has no share of the test; as of a published test, the interval would be too narrow."""
    counts = {"derived.records_test": "40", "derived.records_train": "120"}
    split = {"split.name": "held_out_types", "split.train": "0.9", "split.val": "0.1"}
    seeds = [replace(run(0.5, test_accuracy=0.9 + 0.02 * seed), params=counts) for seed in range(3)]
    found = row({"k": "2", **split}, *seeds)
    assert found.overlap == pytest.approx(1 / 3)
    drawn = row({"k": "2", "split.test": "0.2", "split.train": "0.6"}, *seeds)
    assert found.scores["test_accuracy"] == drawn.scores["test_accuracy"]


def test_the_caption_says_which_rows_have_one_fixed_test_and_which_have_tests_that_overlap() -> None:
    """With fixed `seeds.sampling` and `seeds.split` no correction: the interval is the plain one."""

    def seeds(mean: float, **fixed: str) -> list[TableRun]:
        return [
            replace(run(mean, test_accuracy=0.9 + 0.02 * seed), params={"seed": str(seed), **fixed})
            for seed in range(3)
        ]

    split = {"split.test": "0.2", "split.train": "0.6"}
    both = {"seeds.sampling": "5", "seeds.split": "5"}
    fixed, drawn = row({"k": "2", **split}, *seeds(0.9, **both)), row({"k": "3", **split}, *seeds(0.8))
    assert fixed.overlap == 0
    assert fixed.scores["test_accuracy"].low == pytest.approx(0.8541, abs=1e-4)
    # a division of other records each time is no fixed test
    assert row(split, *seeds(0.9, **{"seeds.split": "5"})).overlap == pytest.approx(1 / 3)
    whole = "95 % t intervals over the seeds, on one fixed test (seeds alone, not test records), and"
    assert whole in text(results_table([fixed]), "")
    published = row({"k": "1", "split.test": "published", "split.train": "0.8"}, *seeds(0.7))
    assert (
        "95 % t intervals over the seeds, corrected for overlapping tests (n_test / n_train = 0.33 in row 2), on one "
        "fixed test in rows 1, 3-4 (seeds alone, not test records), and"
    ) in text(results_table([fixed, drawn, published, replace(published, params=published.params | {"k": "4"})]), "")


def test_a_row_over_seeds_is_named_without_them() -> None:
    seeds = [run(0.5, test_accuracy=0.9 + 0.02 * seed) for seed in range(3)]
    table = results_table([row({"k": "3"}, run(0.9)), row({"k": "2"}, *seeds)])
    assert table.label(table.rows[1]) == "SIMULATED DATA - simulated, binary, random split, svm, k=2"


def test_failed_runs_stand_last_with_their_status() -> None:
    failed = [row({"k": "54"}, TableRun("", {}, NOT_RUN)), row({"k": "9"}, TableRun("b" * 32, {}, "failed"))]
    made = lines(text(results_table([*failed, row({"k": "2"}, run(0.5))]), ""))
    assert [one[0] for one in made] == ["2", "54", "9"]
    assert made[1][1:] == ["-", "-", "-", "-", "-", "-", "not", "run"]
    assert made[2][-2:] == ["failed", "bbbbbbbb"]


def test_a_table_without_any_score_still_names_its_runs() -> None:
    made = text(results_table([row({"k": k}, TableRun("c" * 32, {}, "killed")) for k in "23"]), "")
    assert [one.split() for one in made.splitlines()[-2:]] == [["2", "killed", "cccccccc"], ["3", "killed", "cccccccc"]]


def test_runs_on_other_data_are_blocks_since_their_scores_do_not_compare() -> None:
    more = {"task.name": "multiclass", "task.classes.dos.count": "1"}
    rows = [row({"k": "2"}, run(0.5)), row({"k": "2", **more}, run(0.9)), row({"k": "3"}, run(0.7))]
    table = results_table(rows)
    assert [one.params["k"] + one.params["task.name"] for one in table.rows] == ["3binary", "2binary", "2multiclass"]
    assert "Best first by macro F1 on validation within each data set, task and split" in text(table, "")
    assert "test_macro_f1" in table.metrics  # F1 of the attack has no counterpart with three classes
    assert not {"test_f1", "test_recall"} & set(table.metrics)
    by_accuracy = results_table(rows, sort="accuracy")
    assert "Highest first by test_accuracy; a choice by test scores is too good." in text(by_accuracy, "")


@pytest.mark.parametrize(
    ("sort", "order"), [("k", ["2", "3", "10"]), ("val_macro_f1", ["10", "3", "2"]), ("fit_seconds", ["3", "10", "2"])]
)
def test_a_table_is_sorted_by_any_metric_or_parameter(sort: str, order: list[str]) -> None:
    values = {"2": (0.5, 9.0), "10": (0.9, 5.0), "3": (0.7, 1.0)}
    rows = [row({"k": k}, run(score, fit_seconds=seconds)) for k, (score, seconds) in values.items()]
    assert [one.params["k"] for one in results_table(rows, sort=sort).rows] == order


@pytest.mark.parametrize(
    ("sort", "order", "caption"),
    [
        ("roc_auc", ["3", "2"], "Highest first by test_roc_auc"),
        ("val_accuracy", ["3", "2"], "Highest first by val_accuracy"),
        ("balanced_error", ["2", "3"], "Lowest first by test_balanced_error"),
        ("k", ["2", "3"], "Lowest first by k"),
    ],
)
def test_the_caption_says_the_order_also_of_a_metric_that_is_no_column(
    sort: str, order: list[str], caption: str
) -> None:
    values = {"2": 0.1, "3": 0.2}
    rows = [
        row({"k": k}, run(0.5, test_roc_auc=value, val_accuracy=value, test_balanced_error=value))
        for k, value in values.items()
    ]
    table = results_table(rows, sort=sort, columns=["k", "accuracy"])
    assert [one.params["k"] for one in table.rows] == order
    assert caption in text(table, "")


def test_columns_are_found_by_full_and_short_names() -> None:
    table = results_table(grid().rows, columns=["model", "k", "accuracy", "test_f1", "fit_seconds"])
    assert (table.parameters, table.metrics) == (["model.name", "k"], ["test_accuracy", "test_f1", "fit_seconds"])
    with pytest.raises(
        ValueError, match=r"acuracy: found no metric or parameter of that name .* such as test_accuracy"
    ):
        results_table(grid().rows, columns=["acuracy"])


# --- formats ----------------------------------------------------------------------------------------------------------


def test_an_evaluation_on_other_data_is_told_from_its_training_whatever_columns_are_asked_for() -> None:
    trained = row({"dataset.name": "kdd99_10pct"}, run(0.9))
    others = [row({"dataset.name": name, "trained_on.name": "kdd99_10pct"}, run(0.9)) for name in ("nsl_kdd", "later")]
    asked = ["model", "accuracy"]
    table = results_table([trained, others[0]], columns=asked)
    assert table.parameters == ["model.name", "trained_on.name", "dataset.name"]
    assert "| model | trained_on | dataset |" in markdown(table)
    assert results_table(others, columns=asked).parameters == ["model.name", "dataset.name"]
    assert results_table(others, columns=["dataset", *asked]).parameters == ["dataset.name", "model.name"]
    assert results_table([others[0]], columns=asked).parameters == ["model.name"]
    assert results_table([trained, row({"dataset.name": "other"}, run(0.9))], columns=asked).parameters == [
        "model.name"
    ]


def test_forty_rows_are_shown_and_the_file_has_all(tmp_path: Path) -> None:
    table = results_table([row({"k": str(k)}, run(k / 100)) for k in range(53)])
    made = text(table, "somewhere/table.csv")
    assert made.splitlines()[-1] == "13 more rows: somewhere/table.csv"
    assert len(lines(made)) == 41
    write_files(table, tmp_path)
    assert len((tmp_path / "table.csv").read_text().splitlines()) == 54
    assert sum(line.startswith("| ") for line in (tmp_path / "table.md").read_text().splitlines()) == 54
    assert (tmp_path / "table.tex").read_text().count(r" \\") == 54
    note = markdown(table, most=40, longest=1500, rest="table.csv")
    assert len(note) <= 1500
    assert note.splitlines()[-1].endswith("more rows: table.csv")


def test_the_csv_has_full_names_and_numbers_from_0_to_1() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(grid()))))
    assert [(one["reducer.name"], one["k"]) for one in rows] == [("mi", "10"), ("mi", "3"), ("pca", "2")]
    assert (rows[0]["test_accuracy"], rows[0]["test_accuracy_low"], rows[0]["test_accuracy_high"]) == (
        "0.9", "0.85", "0.95",
    )  # fmt: skip
    assert (rows[0]["seeds"], rows[0]["status"], rows[0]["runs"]) == ("0", "finished", f"{1:032x}")
    assert "test_f1_low" not in rows[0]


def test_markdown_and_latex_have_captions_and_their_own_escapes() -> None:
    table = results_table([row({"model.name": name}, run(0.5)) for name in ("decision_tree", "svm")])
    assert markdown(table).splitlines()[0].startswith("**SIMULATED DATA - simulated, binary")
    assert "| decision_tree | 50.00 | 90.00 [85.00, 95.00] |" in markdown(table)
    made = latex(table)
    assert r"decision\_tree" in made
    assert made.splitlines()[0].startswith("% SIMULATED DATA - simulated")
    assert made.rstrip().endswith(r"\end{tabular}")
    assert "00000000" not in made
    assert formatted(table, "latex") == made.rstrip("\n")


def test_a_narrow_terminal_gets_fewer_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = {f"{name}_{end}": value for name in ("test_f1", "test_false_alarm_rate", "test_recall")
              for end, value in (("low", 0.2), ("high", 0.9))}  # fmt: skip
    table = results_table([row({"k": k}, run(0.5, **scores)) for k in "23"])
    counts = {}
    for columns in (200, 120, 100, 80):
        monkeypatch.setenv("COLUMNS", str(columns))
        counts[columns] = text(table, "").splitlines()[-1].count("[")
    assert counts == {200: 4, 120: 3, 100: 1, 80: 0}


def test_costs_and_areas_are_numbers_not_percent() -> None:
    table = results_table([row({"k": k}, run(0.5, test_mean_cost=1.5, test_roc_auc=0.75)) for k in "23"])
    assert "1.5000" in text(table, "")
    shown = results_table(table.rows, columns=["roc_auc", "false_alarm_rate"])
    assert lines(text(shown, ""))[0] == ["75.00", "1.00", "00000000"]


def test_metrics_that_are_no_shares_are_shown_as_they_are_and_sorted_by_what_is_good() -> None:
    runs = [
        run(0.5, accuracy_percent=98.561, missed_per_10000=4.7),
        run(0.6, accuracy_percent=97.5, missed_per_10000=2.0),
    ]
    rows = [row({"k": str(k)}, one) for k, one in enumerate(runs)]
    table = results_table(rows, sort="missed_per_10000", columns=["accuracy_percent", "missed_per_10000"])
    assert [one[:2] for one in lines(text(table, ""))] == [["97.5000", "2.0000"], ["98.5610", "4.7000"]]


def test_a_detection_of_none_at_equal_false_alarms_is_told_from_a_small_one() -> None:
    """A threshold that keeps the rate is missing in one seed of two, or in all."""
    at, cost = "test_detection_at_0.1_percent", "test_mean_cost_at_0.1_percent"
    some = [run(0.9, **{at: share, cost: 0.5}) for share in (0.0, 0.4)]
    none = [run(0.8, **{at: 0.0, cost: 0.5}) for _ in range(2)]
    columns = ["k", "detection_at_0.1_percent", cost]
    made = markdown(results_table([row({"k": "2"}, *some), row({"k": "3"}, *none)], columns=columns))
    assert "(0.00 to 40.00) (1 of 2 seeds finds none) | 0.5000 (1 of 2 seeds finds none) |" in made
    assert made.endswith("| 3 | 2 | none | 0.5000 (2 of 2 seeds find none) |")


def test_a_metric_that_is_no_number_is_missing_and_comes_last() -> None:
    found = results_table([row({"k": str(k)}, run(score)) for k, score in enumerate((0.5, float("nan"), 0.9))])
    assert [one[:2] for one in lines(text(found, ""))] == [["2", "90.00"], ["0", "50.00"], ["1", "-"]]


def test_values_cannot_break_a_markdown_table() -> None:
    made = markdown(
        results_table([row({"tracking.parent": "a"}, run(0.5)), row({"reducer.name": "x|<b>`*"}, run(0.6))])
    )
    assert "x\\|\\<b>\\`\\*" in made


def test_a_grid_over_the_seeds_of_single_draws_says_which_moves_the_score() -> None:
    scores = {("0", "0"): 0.91, ("0", "1"): 0.93, ("1", "0"): 0.95, ("1", "1"): 0.97}
    rows = [
        row({"seeds.sampling": "0", "seeds.split": split, "seeds.training": training}, run(0.5, test_accuracy=score))
        for (split, training), score in scores.items()
    ]
    # mean squares 0.0016 and 0.0004 over two runs each: 8e-4 and 2e-4; 100 * sqrt(1e-3) points
    assert seed_shares(rows) == [
        "Variance of test_accuracy by seed: split 80 %, training 20 %, their interactions 0 %; standard deviation 3.16 "
        "points."
    ]
    assert results_table(rows).parameters == ["seeds.split", "seeds.training"]
    assert seed_shares(rows[:3]) == []
    assert seed_shares([*rows[:3], row({"k": "3", "seeds.split": "1", "seeds.training": "1"}, run(0.5))]) == []
