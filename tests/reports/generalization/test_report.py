"""The report on runs made by hand: whole, and with runs missing."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from src.config.jobs import grids
from src.evaluation.intervals import Interval
from src.evaluation.paired_detection import ResampledDetection, resampled_detection, resampled_differences
from src.evaluation.verdicts import Verdicts
from src.reports import runs
from src.reports.generalization import equal_alarms, figures, nsl_kdd
from src.reports.generalization.pages import PAGES, Contest, NslKdd, OperatingPoint, Page, Splits
from src.reports.generalization.published import on_the_contest
from src.reports.generalization.report import GeneralizationReport
from src.reports.generalization.tables import by_split, differences
from src.reports.markdown import MISSING, cost, percent
from src.reports.report import Report
from src.reports.runs import Configuration, Results, Run
from src.reports.standings import against
from src.utils.leftovers import remove_leftovers
from tests import browser
from tests.reports.made import config, model_config


def page(folder: Path, name: str) -> str:
    """Text of a page of the report."""
    return (folder / name / "README.md").read_text()


def row(text: str, start: str) -> list[str]:
    """Cells of the first table row with this beginning."""
    (line, *_) = [line for line in text.splitlines() if line.startswith(f"| {start}")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_whole_grids_leave_no_cell_empty_and_nothing_missing(whole: Path) -> None:
    for one in PAGES:
        text = page(whole, one.name)
        assert MISSING not in text
        assert "Missing" not in text
        assert not re.search(r"\bnan\b", text)
        assert not [line for line in text.splitlines() if re.search(r"\|\s*\|", line)]
        shown = set(re.findall(r"\((\w+\.svg)\)", text))
        assert {path.name for path in (whole / one.name).glob("*.svg")} == shown
        assert "Made from code `0123456789` on a processor, 2 cores." in text
    assert len(list(whole.glob("*/*.svg"))) == 4


def test_the_index_leads_to_each_page_and_counts_its_runs(made: Results, without, written) -> None:
    folder = written(without(made, Contest.ensembles))
    for name in ("README.md", "index.html"):
        for link in re.findall(r"[(\"](\w+/(?:README\.md|index\.html))[)\"]", (folder / name).read_text()):
            assert (folder / link).is_file()
    text = (folder / "README.md").read_text()
    assert text.count("/README.md): ") == len(PAGES)
    contest = sum(len(one.seeds) for one in made.of(Contest.grids))
    assert f"(contest/README.md): {Contest.about} {contest - 9} of {contest} runs." in text
    assert f"(splits/README.md): {Contest.about}" not in text


def test_every_grid_of_the_folder_has_a_page() -> None:
    shown = {grid for one in PAGES for grid in one.grids}
    assert shown == set(grids("generalization"))


def test_each_model_has_one_linewith_its_mean_on_each_split(whole: Path) -> None:
    # 99.0, 99.1, 99.2: mean 99.1; three points less on each next split. Student's on the logit: 4.3027 * 0.001 times
    # sqrt(1 / 3), on a test that each seed draws sqrt(1 / 3 + 0.2 / 0.6), by p (1 - p)
    def cell(mean: float, overlap: float) -> str:
        reach = 4.30265 * 0.001 * math.sqrt(1 / 3 + overlap) / (mean * (1 - mean))
        low, high = (100 / (1 + (1 / mean - 1) * math.exp(sign * reach)) for sign in (1, -1))
        return f"{100 * mean:.2f} [{low:.2f}, {high:.2f}] ({100 * mean - 0.1:.2f} to {100 * mean + 0.1:.2f})"

    text = page(whole, "splits")
    expected = ["LSTM, PCA 2", cell(0.991, 1 / 3), cell(0.961, 1 / 3), cell(0.931, 0)]
    assert row(text, "LSTM, PCA 2 | 99") == expected
    assert (
        "[95 % intervals] cover, with `split=random`: seeds (Student's t; Nadeau and Bengio's correction for "
        "overlapping tests, n_test / n_train = 0.33); with `split=grouped`: seeds"
    ) in text
    assert "`split=official`: seeds (Student's t; the test records are fixed). (Lowest to highest seed.)" in text


def test_columns_with_intervals_of_one_kind_say_so_once(made: Results) -> None:
    single = [replace(one, runs={0: one.runs[0]}) for one in made.of(Splits.grids)]
    text = by_split(single)
    assert text.count("cover") == 1
    assert "[95 % intervals] cover test records (bootstrap over distinct vectors), for the seeds at hand" in text


def test_a_model_that_lacks_a_split_or_its_runs_has_a_cell_that_says_so(made: Results) -> None:
    rows = made.of(Splits.grids[:1])  # three models on the random split, then on the grouped, then on the official
    text = by_split(rows[1:])
    assert [one == MISSING for one in row(text, rows[0].title)[1:]] == [True, False, False]
    without_runs = by_split([*rows[:2], replace(rows[2], runs={}), *rows[3:]])
    assert [one == MISSING for one in row(without_runs, rows[2].title)[1:]] == [True, False, False]
    # the share of copies is that of the runs at hand
    copies = "*test records with a copy in training*"
    assert row(without_runs, copies) == row(text, copies) == row(by_split(rows), copies) == [copies, "99", "96", "93"]
    none = by_split([*(replace(one, runs={}) for one in rows[:3]), *rows[3:]])
    assert row(none, copies) == [copies, MISSING, "96", "93"]


def test_every_table_says_what_its_intervals_cover(whole: Path) -> None:
    tables = (("splits", "in percent | accuracy"), ("contest", "system"), ("operating_point", "in percent | budget"))
    for name, beginning in tables:
        text = page(whole, name)
        table = text[text.index(f"| {beginning}") :]
        assert table[table.index("\n\n") :].lstrip().startswith("[95 % intervals] cover seeds"), beginning


def test_configurations_are_compared_with_the_chosen_baseline_on_the_same_records(tmp_path: Path) -> None:
    line = np.arange(1000)
    target = (line % 2).astype(np.int32)

    def one(model: str, errors: int, seeds: tuple[int, ...] = (0, 1)) -> Configuration:
        for seed in seeds:
            predicted = np.where(line < errors + seed, 1 - target, target).astype(np.int32)
            made = Verdicts(line + 1, line.astype(np.uint64), target, predicted, predicted.astype(np.float32),
                            ("normal", "attack"), [[0, 1], [2, 0]])  # fmt: skip
            made.write(tmp_path / model / str(seed) / "test_verdicts.parquet")
        runs = {seed: Run(model, {}, {}, partial(Path, tmp_path / model / str(seed)), "page") for seed in seeds}
        return Configuration("grid", config(task="binary", split="official", model=model), seeds, runs)

    forest, lstm, tree = one("random_forest", 60), one("lstm", 80), one("decision_tree", 80, seeds=(1,))
    text = differences([forest, lstm, tree], forest)
    # 20 errors more, half of them false alarms: a cost of 30 over 1,000 records, 10 of 500 normal ones
    assert text.startswith("Reference: random forest, all features; 2 seeds of each unless a row says another number.")
    assert all(cell.endswith(": worse (1 of 2 seeds)") for cell in row(text, "decision tree, all features")[1:])
    cells = row(text, "LSTM, all features")
    assert [cell.split()[0] for cell in cells[1:]] == ["+0.0300", "+2.00", "-2.00"]
    assert all(cell.endswith(": worse") for cell in cells[1:])
    assert differences([forest], None) == f"Differences to the reference: {MISSING}."


def test_systems_are_ordered_by_cost_published_ones_among_ours(whole: Path) -> None:
    text = page(whole, "contest")
    table = text[text.index("| system |") :].split("\n\n")[0]
    costs = [float(line.split("|")[2].split()[0]) for line in table.splitlines()[2:]]
    assert costs == sorted(costs)
    assert len(costs) == len(on_the_contest()) + 5
    assert row(text, "**LSTM, PCA 2**")[1] == "0.2210 [0.2185, 0.2235] (0.2200 to 0.2220)"


def test_the_taught_network_has_its_mean_and_its_lowest_and_highest_seed(whole: Path) -> None:
    text = page(whole, "taught")
    table = text[text.index("| lowest and highest seed") :].split("\n\n")[0]
    first = [cell.strip() for cell in table.splitlines()[2].strip("|").split("|")]
    assert first[1] == "0.1510 (0.1500 to 0.1520)"
    assert first[2] == "94.10 (94.00 to 94.20)"
    assert first[4:] == ["no teacher", "no teacher"]


def test_each_threshold_has_the_records_that_it_was_chosen_on(whole: Path) -> None:
    text = page(whole, "operating_point")
    table = text[text.index("| in percent | budget |") :].split("\n\n")[0]
    budgets = [line.split("|")[2].strip() for line in table.splitlines()[2:]]
    assert budgets == ["none", "1 on validation", "1 in each of 10 blocks of training"]


def table_after(text: str, title: str) -> list[list[str]]:
    """Cells of the table whose first title this is."""
    table = text[text.index(f"| {title} |") :].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def test_models_are_compared_at_equal_false_alarms(whole: Path) -> None:
    text = page(whole, "contest")
    titles, *rows = table_after(text, "detection in %")
    assert titles[1:] == ["at 0.1 %", "at 0.5 %", "at 1 %", "at 5 %"]
    assert rows[1] == ["LSTM, PCA 2", "none", "92.10 [87.10, 94.10]", "93.10 [88.10, 95.10]",
                       "94.10 [89.10, 96.10]"]  # fmt: skip
    assert table_after(text, "cost")[2] == [
        "LSTM, PCA 2",
        "1.7000 (3 of 3 seeds find none)",
        "0.2310",
        "0.2210",
        "0.2110",
    ]
    assert table_after(text, "set for 1 %")[2] == ["LSTM, PCA 2", "validation", "2.40", "94.10", "0.2220"]
    unknown = table_after(text, "of unknown types, %")
    assert unknown[0][-1] == "at 1 %, without mailbomb"
    # one in eight without mailbomb: worm's two half, xlock's none
    assert unknown[2][1:] == ["none", "29.00", "30.00", "31.00", "12.50"]
    assert "with the threshold read on the test; 100 % of their records are mailbomb, a flood:" in text  # 5000 of 5008
    assert "equal_alarms.svg" in text


def test_detectors_with_a_history_are_shown_where_records_arrive_in_another_way(whole: Path) -> None:
    text = page(whole, "contest")
    titles, *rows = table_after(text, "false alarms by arrival, %")
    assert titles[1:] == [
        "file in order",
        "single records",
        "requests of 100",
        "shuffled",
        "reversed",
        "10 parts mixed",
    ]
    # the one configuration with a history: 0.93, 0.931, 0.932, and half of it elsewhere
    assert [one[0] for one in rows[1:]] == ["random forest, all features and history"]
    assert rows[1][1:] == ["93.10 (93.00 to 93.20)", *["46.55 (46.50 to 46.60)"] * 5]
    assert table_after(text, "cost by arrival")[2][1:3] == ["0.2610 (0.2600 to 0.2620)", "0.5220 (0.5200 to 0.5240)"]


def scored(folder: Path, model: str, found: int, *, layout: str = "history") -> Configuration:
    """A model that gives its highest scores to so many attacks of 500, and lower ones to all other records alike."""
    line = np.arange(1000)
    target = (line % 2).astype(np.int32)
    score = np.where((target == 1) & (line < 2 * found), 2.0 + line, 0.5).astype(np.float32)
    made = Verdicts(line + 1, line.astype(np.uint64), target, target, score, ("normal", "attack"))
    made.write(folder / model / "test_verdicts.parquet")
    run = Run(model, {}, {}, partial(Path, folder / model), "page")
    settings = config(task="binary", split="official", model=model) | {"layout": {"name": layout}}
    return Configuration("grid", settings, (0,), {0: run})


def test_detection_at_equal_false_alarms_is_compared_seed_by_seed(tmp_path: Path) -> None:
    forest, lstm = scored(tmp_path, "random_forest", 400), scored(tmp_path, "lstm", 100)
    alone = scored(tmp_path, "extra_trees", 1, layout="record")
    text = equal_alarms.differences([forest, lstm, alone], forest)
    assert text.startswith("Reference: random forest")
    (cells,) = table_after(text, "detection less its own, points")[2:]  # none of the model without a history
    assert cells[0].startswith("LSTM, ")
    # 100 of 500 attacks less 400 of them, at each rate
    assert [cell.split()[0] for cell in cells[1:]] == ["-60.00"] * 3
    assert all(cell.endswith(": worse") for cell in cells[1:])
    assert equal_alarms.differences([forest], None) == f"Differences to the reference: {MISSING}."


def test_a_reference_is_read_and_resampled_once_for_all_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [scored(tmp_path, model, found) for model, found in (("lstm", 100), ("gru", 200), ("random_forest", 400))]
    read: list[str] = []
    resampled: list[float] = []

    def count_read(run: Run, part: str = "test", *, original: Callable[..., Verdicts] = Run.verdicts) -> Verdicts:
        read.append(run.id)
        return original(run, part)

    def count_resampled(kept: list[Verdicts], rates: tuple[float, ...]) -> ResampledDetection:
        resampled.append(float(kept[0].attack.max()))
        return resampled_detection(kept, rates)

    monkeypatch.setattr(Run, "verdicts", count_read)
    monkeypatch.setattr(runs, "resampled_detection", count_resampled)
    texts = [equal_alarms.differences(rows, rows[-1]) for _ in range(2)]
    against(rows[-1], rows, "test_accuracy")
    assert texts[0] == texts[1]
    assert sorted(resampled) == [2.0 + 199, 2.0 + 399, 2.0 + 799]
    # a row that is no reference is read for each kind of difference, as all of a report would fill the memory
    assert sorted(read) == ["gru", "gru", "lstm", "lstm", "random_forest"]
    one, other = (resampled_detection([row.runs[0].verdicts()], (0.05,)) for row in (rows[0], rows[-1]))
    alone = resampled_differences(one, other, (0.05,))
    assert rows[0].detection_differences(rows[-1], (0.05,)).by_metric == {"5_percent": alone[0.05]}


def test_a_second_writer_leaves_the_report_that_is_being_written(
    made: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its temporary folder keeps its lock, so that no process takes it for a leftover of a killed one."""
    written: list[Path] = []

    def while_another_starts(page: Page, folder: Path) -> None:
        remove_leftovers(tmp_path, "report")  # as each new writer does
        written.append(folder)
        Report.write_files(page, folder)

    monkeypatch.setattr(Page, "write_files", while_another_starts)
    GeneralizationReport(made).write(tmp_path / "report")
    assert [folder.name for folder in written] == [page.name for page in PAGES]
    assert (tmp_path / "report" / "README.md").is_file()
    assert all((tmp_path / "report" / page.name / "README.md").is_file() for page in PAGES)


def test_titles_leave_out_what_all_rows_of_a_model_share(made: Results) -> None:
    (base, *_) = made.of(Contest.grids)
    distinct = {"split": {**base.config["split"], "distinct": True}}

    def row_of(**training: object) -> Configuration:
        changes = {"training": {**base.config["training"], **training}}
        return replace(base, grid=Contest.ensembles, config={**base.config, **distinct, **changes})

    rows = (row_of(history_grafts=0.1, max_rows_per_attack_type=100),
            row_of(history_grafts=0.1, max_rows_per_attack_type=200))  # fmt: skip
    forest = replace(base, config={**base.config, **distinct, "model": model_config("random_forest")})
    found = Contest.on(Results((*rows, forest), simulated=False))
    titles = [one.title for one in found.results.configurations]
    assert titles == ["LSTM, PCA 2, 100 a type", "LSTM, PCA 2, 200 a type", "random forest, PCA 2"]
    assert found.values(links=False)["shared_details"] == (
        "Names of rows leave out what all rows of a model have. All rows: distinct records; LSTM: grafts."
    )


def silenced(made: Results, *seeds: int) -> Configuration:
    """A configuration of three seeds, some of which find no attack at 1 %."""
    (found, *_) = [one for one in made.configurations if one.grid == Contest.ensembles]
    silent = {**{f"test_detection_at_1_percent{end}": 0.0 for end in ("", "_low", "_high")},
              **{"test_detection_unknown_attacks_at_1_percent": 0.0, "test_mean_cost_at_1_percent": 1.7},
              "test_detection_set_for_1_percent": 0.0}  # fmt: skip
    runs = {
        seed: replace(run, metrics={**run.metrics, **(silent if seed in seeds else {})})
        for seed, run in found.runs.items()
    }
    return replace(found, runs=runs)


def lstm(table: str) -> list[str]:
    """Cells of the LSTM's first row."""
    return row(table, "LSTM")


def test_a_seed_that_finds_none_counts_as_zero_and_is_named(made: Results) -> None:
    some, note = silenced(made, 1), " (1 of 3 seeds finds none)"
    # seeds 0 and 2 have 93.0 and 93.2 [88.0 and 88.2, 95.0 and 95.2], costs of 0.220 and 0.222
    assert lstm(equal_alarms.detection([some]))[3] == f"62.07 [58.73, 63.40]{note}"
    assert lstm(equal_alarms.costs([some]))[3] == f"0.7140{note}"
    assert lstm(equal_alarms.unknown([some]))[3] == f"20.00{note}"
    # seeds 0 and 2 have 94.0 and 94.2; false alarms are shared by all three
    assert lstm(equal_alarms.chosen([some]))[2:4] == [f"2.40{note}", f"62.73{note}"]
    right, false = 0.620667 / 100, 0.01 * 0.99
    precise = [line for line in equal_alarms.precision([some]).splitlines() if line.startswith("| LSTM, PCA 2 | 1 |")]
    assert f"| {100 * right / (right + false):.2f}{note} |" in precise[0]
    assert "(2 of 3 seeds find none)" in lstm(equal_alarms.detection([silenced(made, 0, 2)]))[3]


def test_unknown_types_without_mailbomb_are_of_the_same_seeds_with_the_same_note(
    made: Results, files: Path, tmp_path: Path
) -> None:
    table = pd.read_csv(files / "operating_attacks.csv").assign(detected_at_1_percent=0.0)
    table.to_csv(tmp_path / "operating_attacks.csv", index=False)
    some = silenced(made, 1)
    runs = {**some.runs, 1: replace(some.runs[1], files=lambda: tmp_path)}
    cells = lstm(equal_alarms.unknown([replace(some, runs=runs)]))
    # one in eight of two seeds, none of the third
    assert cells[-1] == "8.33 (1 of 3 seeds finds none)"
    lost = {**some.runs, 1: replace(some.runs[1], files=lambda: tmp_path / "none")}
    assert lstm(equal_alarms.unknown([replace(some, runs=lost)]))[-1] == MISSING


def test_a_model_whose_seeds_all_find_none_says_so_and_keeps_its_cost(made: Results) -> None:
    none = silenced(made, 0, 1, 2)
    assert lstm(equal_alarms.detection([none]))[3] == "none"
    assert [lstm(equal_alarms.unknown([none]))[at] for at in (3, -1)] == ["none", "none"]
    assert lstm(equal_alarms.costs([none]))[3] == "1.7000 (3 of 3 seeds find none)"
    assert lstm(equal_alarms.chosen([none]))[2:4] == ["2.40 (3 of 3 seeds find none)", "none"]


def test_precision_follows_from_the_base_rate(whole: Path) -> None:
    text = page(whole, "contest")
    (line,) = [one for one in text.splitlines() if one.startswith("| LSTM, PCA 2 | 1 |")]
    found = [cell.strip() for cell in line.strip("|").split("|")]
    right, false = 0.931 / 100, 0.01 * 0.99
    assert found[2] == f"{100 * right / (right + false):.2f}"
    assert found[-1] == "10,000"
    # of as many false alarms as allowed, so that the titles say which way it may differ
    titles, *_ = table_after(text, "precision")
    assert titles[1:3] == ["false alarms, %, at most", "precision at 1 in 100, %, at least"]
    assert "Where equal scores leave fewer, it is higher:" in text
    assert "where at most 0.1, 0.5, 1 and 5 % of the normal test records raise an alarm" in text
    assert "as for a detector with `decision.false_alarm_budget=0.01`:" in text
    (line,) = [one for one in text.splitlines() if one.startswith("| LSTM, PCA 2 | 0.1 |")]
    assert [cell.strip() for cell in line.split("|")][3:-1] == ["none", "none", "none", "1,000"]


def test_each_row_says_its_rule_odds_budget_and_history(whole: Path) -> None:
    text = page(whole, "contest")
    settings = table_after(text, "settings")
    assert settings[0][1:5] == ["verdict", "attack odds", "budget", "previous records"]
    assert ["random forest, all features and history", "least cost", "2", "none", "100", "0", "all"] in settings
    assert "All rows of ours have the same rule, odds and budget of false alarms. Only some networks" in text


def test_rows_with_other_rules_are_not_said_to_have_the_same(made: Results) -> None:
    alarms = [one for one in made.configurations if one.grid == OperatingPoint.grids[0]]
    assert equal_alarms.rules(alarms) == "Rows of ours differ in budget of false alarms, as the table shows."
    decision = {**alarms[0].config["decision"], "rule": "most_probable", "attack_prior_odds": 8.0}
    odd = replace(alarms[0], config={**alarms[0].config, "decision": decision})
    assert equal_alarms.rules([alarms[0], odd]) == "Rows of ours differ in rule and odds, as the table shows."
    assert equal_alarms.rules([]) == f"Rule, odds and budget: {MISSING}."


def test_only_networks_have_epochs_that_validation_chose(made: Results) -> None:
    (network, *_) = [one for one in made.configurations if one.grid == NslKdd.grids[0]]
    decision = {**network.config["decision"], "false_alarm_budget": 0.05}
    forest = replace(network, config={**network.config, "model": model_config("random_forest"), "decision": decision})
    text = nsl_kdd.table([network, forest])
    assert row(text, "**LSTM")[4] == "two classes; KDDTrain+, epochs by validation"
    assert row(text, "**random forest")[4] == "two classes; KDDTrain+, a budget of 5 % false alarms on validation"


def test_the_picture_of_attack_types_says_that_it_is_one_run(made: Results, whole: Path) -> None:
    contest = Contest.on(made)
    (picture,) = [one for one in contest.pictures() if one.name == "attack_types"]
    assert picture.figure.axes[0].get_title().endswith("official test, seed 0 alone")
    assert "in one run, that of the lowest seed, and the share of each" in page(whole, "contest")


def test_only_the_lower_end_of_an_error_bar_is_cut(made: Results) -> None:
    """On a logarithmic axis no bar ends at 0; its upper end may be far from the error."""
    (one, *_) = [one for one in made.of(Splits.grids) if one.split == "official"]
    ends = {"test_accuracy": 0.99, "test_accuracy_low": 0.95, "test_accuracy_high": 1.0}
    alone = replace(one, runs={0: replace(one.runs[0], metrics=ends)})
    (axes,) = figures.by_split([alone], "a title").axes
    (bars,) = axes.collections
    assert bars.get_segments()[0][:, 0] == pytest.approx([0.05 * 0.01, 0.05])


def test_nsl_kdd_has_published_results_with_their_protocols_and_ours(whole: Path) -> None:
    text = page(whole, "nsl_kdd")
    table = table_after(text, "accuracy in %")[2:]
    assert [one[0] for one in table][:3] == [
        "STL, sparse autoencoder (Javaid et al. 2016)", "BAT-MC, BLSTM with attention (Su et al. 2020)",
        "RNN-IDS (Yin et al. 2017)",
    ]  # fmt: skip
    ours = [one for one in table if one[0].startswith("**")]
    assert [one[0] for one in ours] == ["**LSTM, PCA 2**", "**LSTM, MI 4**"]
    assert ours[0][1:3] == ["83.10 (83.00 to 83.20)", "63.10 (63.00 to 63.20)"]
    assert {one[-1] for one in ours} == {"ours, 3 seeds"}
    lowest = min(ours, key=lambda one: float(one[1].split()[0]))
    assert f"The least accurate of ours on KDDTest+: {lowest[0].strip('*')}." in text
    assert all(one[4] for one in table)


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
            "LSTM taught by extra trees (0.3 of the features), all features, mixed by column, 1,000 an epoch, "
            "its classes, rank and logarithm",
        ),
        (
            {"model": {"name": "extra_trees", "max_features": 0.3}},
            "extra trees (0.3 of the features), all features",
        ),
        ({"model": {"name": "extra_trees", "max_features": "sqrt"}}, "extra trees, all features"),
        (
            {"model": {"name": "random_forest"}, "layout": {"name": "history"}},
            "random forest, all features and history",
        ),
    ],
)
def test_a_configuration_has_a_title_in_words(changes: dict[str, object], words: str, made: Results) -> None:
    plain = {"reducer": {"name": "none"}, "k": 53}
    assert Configuration("grid", {**made.configurations[0].config, **plain, **changes}, (0,), {}).title == words


def test_missing_runs_are_named_and_not_guessed(made: Results, without, written) -> None:
    text = page(written(without(made, Contest.ensembles)), "contest")
    assert "**Missing: 9 runs** (`make generalization` makes them)" in text
    assert "- LSTM, PCA 2, five, official split, seed 1" in text
    assert row(text, "**LSTM, PCA 2**")[1] == MISSING
    assert "**decision tree, all features**" in text


def test_simulated_runs_are_marked(made: Results, written) -> None:
    folder = written(replace(made, simulated=True))
    for place in (folder, *(folder / one.name for one in PAGES)):
        assert "**SIMULATED DATA.**" in (place / "README.md").read_text()
        assert "SIMULATED DATA" in (place / "index.html").read_text()


@pytest.mark.parametrize(
    ("interval", "shown"),
    [
        (Interval(0.9953, 0.9948, 0.9958), "99.53 [99.48, 99.58]"),
        (Interval(0.5, 0.5, 0.5), "50.00"),  # the ends of a score that has no interval
        (Interval(0.9997, 0.99968, 0.99972), "99.97 [99.97, 99.97]"),
        (Interval(0.99, 0.97, 1.01), "99.00 [97.00, 101.00]"),  # never cut: what makes an interval keeps it in range
        (None, MISSING),
    ],
)
def test_shares_are_shown_in_percent(interval: Interval | None, shown: str) -> None:
    assert percent(interval) == shown


def test_a_cost_has_four_digits() -> None:
    assert cost(Interval(0.2331, 0.232, 0.23422)) == "0.2331 [0.2320, 0.2342]"
    assert cost(Interval(0.2331, 0.23309, 0.23311)) == "0.2331 [0.2331, 0.2331]"


@pytest.mark.browser
@pytest.mark.integration
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_overflows_and_no_picture_is_broken(whole: Path, width: int) -> None:
    for folder in (whole, *(whole / one.name for one in PAGES)):
        browser.assert_fits(folder, width)
