"""The report on runs made by hand: whole, and with runs missing."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from src.evaluation.intervals import Interval
from src.reports.generalization.report import FIVE
from src.reports.generalization.tables import references
from src.reports.markdown import MISSING, cost, percent
from src.reports.runs import Configuration, Results, best_on_validation
from tests import browser


def row(text: str, start: str) -> list[str]:
    """Cells of the first table row with this beginning."""
    (line, *_) = [line for line in text.splitlines() if line.startswith(f"| {start}")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_whole_grids_leave_no_cell_empty_and_nothing_missing(whole: Path) -> None:
    text = (whole / "README.md").read_text()
    assert MISSING not in text
    assert "Missing" not in text
    assert not re.search(r"\bnan\b", text)
    assert not [line for line in text.splitlines() if re.search(r"\|\s*\|", line)]
    assert {path.name for path in whole.glob("*.svg")} == set(re.findall(r"\((\w+\.svg)\)", text))


def test_each_model_has_one_row_with_its_mean_on_each_split(whole: Path) -> None:
    # 99.0, 99.1, 99.2: mean 99.1, Student's 4.3027 * 0.1 / sqrt(3) beside it; three points less on each next split
    expected = ["LSTM, PCA 2", "99.10 [98.85, 99.35]", "96.10 [95.85, 96.35]", "93.10 [92.85, 93.35]"]
    assert row((whole / "README.md").read_text(), "LSTM, PCA 2 | 99") == expected


def test_systems_are_ordered_by_cost_published_ones_among_ours(whole: Path) -> None:
    text = (whole / "README.md").read_text()
    table = text[text.index("| system |") :].split("\n\n")[0]
    costs = [float(line.split("|")[2].split()[0]) for line in table.splitlines()[2:]]
    assert costs == sorted(costs)
    assert len(costs) == len(references()) + 3
    assert row(text, "**LSTM, PCA 2**")[1] == "0.2210 [0.2185, 0.2235]"


def test_the_taught_network_has_its_mean_and_its_lowest_and_highest_seed(whole: Path) -> None:
    text = (whole / "README.md").read_text()
    table = text[text.index("| lowest and highest seed") :].split("\n\n")[0]
    first = [cell.strip() for cell in table.splitlines()[2].strip("|").split("|")]
    assert first[1] == "0.1510 (0.1500 to 0.1520)"
    assert first[2] == "94.10 (94.00 to 94.20)"
    assert first[4:] == ["no teacher", "no teacher"]


def test_each_threshold_has_the_records_that_it_was_chosen_on(whole: Path) -> None:
    text = (whole / "README.md").read_text()
    table = text[text.index("| in percent | budget |") :].split("\n\n")[0]
    budgets = [line.split("|")[2].strip() for line in table.splitlines()[2:]]
    assert budgets == ["none", "1 on validation", "1 in each of 10 blocks of training"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "LSTM, all features"),
        ({"reducer": {"name": "pca"}, "k": 10}, "LSTM, PCA 10"),
        ({"layout": {"name": "groups"}, "split": {"distinct": True}}, "LSTM, all features by groups, distinct records"),
        (
            {"layout": {"name": "history"}, "training": {"history_grafts": 0.1, "max_rows_per_attack_type": 5000}},
            "LSTM, all features and history, grafts, 5,000 a type",
        ),
        ({"layout": {"name": "window"}, "window": 8}, "LSTM, all features, windows of 8"),
        ({"model": {"name": "lstm", "members": 5}}, "ensemble of 5 LSTMs, all features"),
        (
            {
                "model": {"name": "lstm", "form": "rank_logarithm"},
                "training": {
                    "history_grafts": 0.0,
                    "max_rows_per_attack_type": None,
                    "teacher": {
                        "model": {"name": "extra_trees", "max_features": 0.3},
                        "mixed_by_column": 0.3,
                        "mixed_by_group": 0.0,
                        "records_per_epoch": 1000,
                        "targets": "classes",
                    },
                },
            },
            "LSTM taught by extra trees (0.3 of the features), mixed by column, 1,000 an epoch, its classes, "
            "rank and logarithm, all features",
        ),
        (
            {"model": {"name": "random_forest"}, "layout": {"name": "history"}},
            "random forest, all features and history",
        ),
    ],
)
def test_a_configuration_has_a_title_in_words(changes: dict[str, object], words: str, made: Results) -> None:
    plain = {"reducer": {"name": "none"}, "k": 53}
    assert Configuration("grid", {**made.configurations[0].config, **plain, **changes}, (0,), {}).title == words


def test_validation_chooses_the_best_configuration(made: Results) -> None:
    best = best_on_validation(made.of(FIVE), "val_mean_cost", least=True)
    assert best is not None
    assert best.title == "LSTM, PCA 2"
    assert best_on_validation([], "val_mean_cost", least=True) is None


def test_missing_runs_are_named_and_not_guessed(made: Results, without, written) -> None:
    text = (written(without(made, FIVE[0])) / "README.md").read_text()
    assert "**Missing: 9 runs** (`make generalization` makes them)" in text
    assert "- LSTM, PCA 2, five, official split, seed 1" in text
    assert row(text, "**LSTM, PCA 2**")[1] == MISSING
    assert "contest.svg" not in text


def test_simulated_runs_are_marked(made: Results, written) -> None:
    folder = written(replace(made, simulated=True))
    assert "**SIMULATED DATA.**" in (folder / "README.md").read_text()
    assert "SIMULATED DATA" in (folder / "index.html").read_text()


@pytest.mark.parametrize(
    ("interval", "shown"),
    [
        (Interval(0.9953, 0.9948, 0.9958), "99.53 [99.48, 99.58]"),
        (Interval(0.5, 0.5, 0.5), "50.00"),
        (Interval(0.99, 0.97, 1.01), "99.00 [97.00, 100.00]"),
        (Interval(0.01, -0.01, 0.03), "1.00 [0.00, 3.00]"),
        (None, MISSING),
    ],
)
def test_shares_are_shown_in_percent(interval: Interval | None, shown: str) -> None:
    assert percent(interval) == shown


def test_a_cost_has_four_digits() -> None:
    assert cost(Interval(0.2331, 0.232, 0.23422)) == "0.2331 [0.2320, 0.2342]"


@pytest.mark.browser
@pytest.mark.integration
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_overflows_and_no_picture_is_broken(whole: Path, width: int) -> None:
    browser.assert_fits(whole, width)
