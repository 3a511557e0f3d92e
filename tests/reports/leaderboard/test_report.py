"""The report on runs made by hand: whole, and with runs missing."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from src.reports.leaderboard import figures, findings, ranks, tables
from src.reports.leaderboard.report import NSL, VARIANTS, LeaderboardReport
from src.reports.markdown import MISSING
from src.reports.runs import Configuration, Results
from tests import browser
from tests.pictures import texts_inside
from tests.reports.leaderboard.conftest import configuration, run


def section(text: str, title: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    part = text[text.index(f"## {title}") :].split("\n## ")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("| ")
    ][2:]


def test_a_whole_grid_leaves_no_cell_empty_and_nothing_missing(whole: Path) -> None:
    text = (whole / "README.md").read_text()
    assert MISSING not in text
    assert "Missing" not in text
    assert not re.search(r"\bnan\b", text)
    assert not [line for line in text.splitlines() if re.search(r"\|\s*\|", line)]
    assert {path.name for path in whole.glob("*.svg")} == set(re.findall(r"\(([\w-]+\.svg)\)", text))


def test_models_are_ordered_by_accuracy_or_by_cost(whole: Path) -> None:
    text = (whole / "README.md").read_text()
    binary = section(text, "Binary, official test")
    assert [row[0] for row in binary] == ["decision_tree", "knn", "lstm", "naive_bayes"]
    five = section(text, "Five classes, official test")
    assert [row[0] for row in five] == ["knn", "decision_tree", "lstm", "naive_bayes"]
    assert re.fullmatch(r"0\.2300 \[0\.1\d{3}, 0\.2\d{3}\] \(0\.2239 to 0\.2361\)", five[0][2])


def test_a_row_has_its_input_its_scores_its_time_its_weights_and_its_command(whole: Path) -> None:
    lstm, tree = (
        next(row for row in section((whole / "README.md").read_text(), "Binary, random split") if row[0] == model)
        for model in ("lstm", "decision_tree")
    )
    # 5 ms for 1,000 records: 5 microseconds each
    command = "`python -m src.train +experiment=leaderboard/features model=lstm task=binary split=random`"
    assert lstm == ["lstm", "all features", "99.00", "99.00", "1.00", "reference", "80", "5.0", "21,634", command]
    assert tree[-2] == tables.NO_WEIGHTS


def test_a_row_says_that_its_model_reads_fewer_records() -> None:
    one = configuration("knn", {0: run(0.9)})
    fewer = replace(one, config=one.config | {"split": {**one.config["split"], "distinct": True}})
    assert "| knn | all features, distinct records |" in tables.ranking([fewer])


def test_seconds_are_means_over_the_seeds_as_scores_are() -> None:
    runs = {0: run(0.9, seconds=10, test_seconds=0.002), 1: run(0.9, seconds=20, test_seconds=0.006)}
    runs[1] = replace(runs[1], params={**runs[1].params, "derived.records_test": "2000"})
    (line,) = tables.ranking([configuration("lstm", runs)]).splitlines()[2:]
    # 2 ms for 1,000 records, and 6 ms for 2,000: 2 and 3 microseconds each
    assert [cell.strip() for cell in line.strip("|").split("|")][-4:-2] == ["15", "2.5"]


def test_a_table_has_one_kind_of_interval_and_names_it(whole: Path) -> None:
    text = (whole / "README.md").read_text()
    official = text[text.index("## Binary, official test") :].split("\n## ")[0]
    assert (
        "3 seeds a model. [95 % intervals] cover seeds and test records (bootstrap over distinct vectors, "
        "Student's t over seeds); (lowest to highest seed)."
    ) in official
    # 80 of 1,000 records: 0.92 +- 1.96 * sqrt(0.92 * 0.08 / 1000 + 0.002^2 / 3)
    lstm = next(row for row in section(text, "Binary, official test") if row[0] == "lstm")
    low, high = (float(one) for one in re.findall(r"\[([\d.]+), ([\d.]+)\] \(91\.80 to 92\.20\)", lstm[2])[0])
    assert (low, high) == pytest.approx((92 - 1.70, 92 + 1.70), abs=0.3)
    assert text.count("1 seed a model. [95 % intervals] cover test records") == 2


def test_with_one_single_run_the_whole_table_covers_test_records_alone(made: Results) -> None:
    found = [one for one in made.configurations if one.task == "five"]
    several = [replace(one, runs={seed: one.runs[seed] for seed in (1, 2)}) for one in found]
    assert "2 seeds a model. [95 % intervals] cover seeds and test records" in tables.kind(several)
    one_less = [replace(several[0], runs={1: several[0].runs[1]}), *several[1:]]
    assert "1 or 2 seeds a model. [95 % intervals] cover test records" in tables.kind(one_less)
    no_verdicts = [configuration("lstm", {seed: run(0.9 + seed / 100) for seed in (0, 1)})]
    assert "cover seeds (Student's t; the test records are fixed)" in tables.kind(no_verdicts)


def test_models_are_compared_with_the_lstm_on_the_same_records_with_holms_correction(
    made: Results, whole: Path
) -> None:
    rows = {row[0]: row[-5] for row in section((whole / "README.md").read_text(), "Binary, official test")}
    # errors of the better are among those of the worse: the difference of 1,000 records, 10 of which differ
    mean, low, high, p, verdict = re.findall(
        r"([+-][\d.]+) \[([+-][\d.]+), ([+-][\d.]+)\], p = ([\d.e-]+): (\w+)", rows["decision_tree"]
    )[0]
    reach = 196 * (0.01 * 0.99 / 1000) ** 0.5
    assert float(mean) == 1.0
    assert (float(low), float(high)) == pytest.approx((1 - reach, 1 + reach), abs=0.15)
    # no resample of 2,000 on the other side: 2 / 2001, by Holm for three comparisons
    assert (float(p), verdict) == (pytest.approx(3 * 2 / 2001, abs=1e-4), "better")
    assert rows["naive_bayes"].endswith(": worse")
    assert rows["lstm"] == "reference"


def test_models_are_ranked_over_the_test_sets_of_two_data_sets_without_a_p_value(made: Results, whole: Path) -> None:
    """KDDTest-21 is a part of KDDTest+, all of whose vectors are in `corrected`: no set is independent of another."""
    text = (whole / "README.md").read_text()
    part = text[text.index("## Ranks over several") :].split("\n## ")[0]
    columns = (
        "| model | mean rank | KDD99's `corrected` (3 seeds), accuracy, % | NSL-KDD's KDDTest+ (1 seed), accuracy, % |"
    )
    assert columns in part
    rows = section(text, "Ranks over several test sets")
    assert rows[0] == ["decision_tree", "1.00", "93.00", "93.00"]
    assert [row[1] for row in rows] == ["1.00", "2.00", "3.00", "4.00"]
    assert (
        "Mean ranks of 4 models by accuracy over 2 test sets, each with means of its seeds: KDD99's `corrected` "
        "(3 seeds) and NSL-KDD's KDDTest+ (1 seed). Every feature vector of NSL-KDD's KDDTest+ is also in KDD99's "
        "`corrected`. So the sets are not independent, and there is no p-value"
    ) in part
    # q(0.05, 4) = 2.569: 2.569 * sqrt(4 * 5 / (6 * 2))
    assert "mean ranks differ by 3 at most, and independent sets would have a critical difference of 3.32" in part
    assert "p =" not in part
    assert "KDDTest-21 is left out: it is a part of KDDTest+" in part
    assert "(ranks.svg)" in text
    alone = LeaderboardReport(replace(made, configurations=tuple(
        one for one in made.configurations if one.grid not in NSL
    )))  # fmt: skip
    assert alone.values(links=False)["ranks"] == ranks.TOO_FEW


@pytest.mark.real_data
def test_every_vector_of_kddtest_plus_is_in_corrected(mirror: Path, nsl_kdd_mirror: Path) -> None:
    """The page says so, as its reason for no p-value."""

    def vectors(path: Path) -> set[int]:
        names = {1: str, 2: str, 3: str}
        table = pd.read_csv(path, header=None, usecols=range(41), dtype={at: names.get(at, float) for at in range(41)})
        return set(pd.util.hash_pandas_object(table, index=False))

    test = vectors(nsl_kdd_mirror / "nsl-kdd" / "KDDTest+.txt")
    assert len(test) > 22_000
    assert test <= vectors(mirror / "kddcup99" / "corrected.gz")


def ranked(scores: dict[str, tuple[float, ...]], **drawn_from: str) -> ranks.Ranks:
    """Models on as many test sets as they have scores, named from `one` on."""
    names = ("one", "two", "three", "four")[: len(next(iter(scores.values())))]
    found = ranks.rank(
        [
            ranks.TestSet(
                name, [configuration(model, {0: run(each[at])}) for model, each in scores.items()], "test_accuracy",
                drawn_from.get(name),
            )
            for at, name in enumerate(names)
        ]
    )  # fmt: skip
    assert found is not None
    return found


def test_independent_test_sets_have_a_p_value_that_says_what_it_can_find() -> None:
    # q(0.05, 3) = 2.343: 2.343 * sqrt(3 * 4 / (6 * 2)), and chi-squared 2 * 2 of two degrees for equal orders
    text = ranks.sentence(ranked({"a": (0.9, 0.8), "b": (0.8, 0.9), "c": (0.7, 0.7)}))
    assert "Friedman's test of equal models has p = 0.22." in text
    assert "It cannot find anything here: the same order on all sets would have p = 0.14." in text
    assert "differ by 2 at most, and independent sets would have a critical difference of 2.34 (Nemenyi, 95 %)." in text
    # 2.343 * sqrt(3 * 4 / (6 * 4)) = 1.66, and chi-squared 2 * 4: exp(-4)
    text = ranks.sentence(ranked({"a": (0.9,) * 4, "b": (0.8,) * 4, "c": (0.7,) * 4}))
    assert "p = 0.018. The critical difference of two mean ranks is 1.66" in text
    assert text.endswith("The first (`a`, 1.00) and the last (`c`, 3.00) can be told apart by their ranks.")


def test_a_part_of_another_test_set_takes_every_p_value() -> None:
    text = ranks.sentence(ranked({"a": (0.9,) * 4, "b": (0.8,) * 4, "c": (0.7,) * 4}, four="three"))
    assert "Every feature vector of four is also in three. So the sets are not independent" in text
    assert "p =" not in text
    assert "critical" not in text
    # whose whole is not among the sets
    assert "p = 0.018." in ranks.sentence(ranked({"a": (0.9,) * 4, "b": (0.8,) * 4, "c": (0.7,) * 4}, four="five"))


def test_the_picture_of_ranks_joins_what_is_not_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = {"a": (0.95, 0.94), "b": (0.94, 0.95), "c": (0.90, 0.90), "d": (0.80, 0.80)}
    found = ranked(scores)
    assert found.ranking.ranks == (1.5, 1.5, 3.0, 4.0)
    figure = figures.mean_ranks(found, "a title")
    shown = texts_inside(figure, monkeypatch)
    assert {"a", "b", "c", "d"} <= set(shown)
    (axes,) = figure.axes
    points, line = axes.lines
    assert list(points.get_xdata()) == [1.5, 1.5, 3.0, 4.0]
    assert list(line.get_ydata()) == [-0.3, 3.3]  # all four: the difference is 3.32 with two test sets
    (axes,) = figures.mean_ranks(ranked(scores, two="one"), "a title").axes
    assert len(axes.lines) == 1  # the points alone: there is no critical difference
    assert axes.get_xlabel() == "mean rank over 2 test sets (1 is best)"


def test_a_published_number_is_beside_ours_on_the_most_similar_protocol(whole: Path) -> None:
    rows = section((whole / "README.md").read_text(), "Numbers in the literature")
    of_lstm = {row[1]: row[3:5] for row in rows if row[0] == "lstm"}
    assert of_lstm["accuracy 99.44 %"] == ["99.00", "binary, KDD99, random split"]
    assert of_lstm["mean cost 0.2213"] == ["0.2500 (0.2437 to 0.2563)", "five, KDD99, official test"]
    # on KDDTest+ the tree of NSL-KDD, not that of KDD99, which has three seeds
    (tree,) = [row for row in rows if row[0] == "decision_tree"]
    assert tree[3:5] == ["93.00", "binary, NSL-KDD, KDDTest+"]
    assert [row[1:3] for row in rows if row[0] == "naive_bayes"] == [["none", "its source is not about intrusions"]]


def test_the_sentences_follow_from_the_numbers(made: Results) -> None:
    report = LeaderboardReport(made)

    def of(task: str, split: str) -> list:
        return report._on(task, split)

    # 1.00, 0.99, 0.995 and 0.87 at random
    assert findings.of_the_splits(of("binary", "random"), of("binary", "official")) == (
        "On the random split 3 of 4 models reach 99 % accuracy on the binary task; on the official test the 4 "
        "models have 80.00 to 93.00 %. `decision_tree` has the highest mean there; against the LSTM on the same "
        "records, corrected for 3 comparisons, better: `decision_tree`, `knn`; worse: `naive_bayes`; undecided: 0."
    )
    assert findings.of_the_cost(of("five", "official")) == (
        "By the contest's cost on five classes `knn` has the lowest mean, 0.2300; against the LSTM on the same "
        "records, corrected for 3 comparisons, better: `knn`; worse: `naive_bayes`; undecided: 1. `lstm` (0.2500) "
        "has the lowest mean of the networks. Of 4 models, these have a mean below the 0.2331 of the "
        "contest's winner, which decided by the least expected cost: `knn`."
    )
    # ranks of accuracy 4 2 3 1, of seconds 2 4 3 1, as knn takes its time in the test: the sum of squared differences
    # is 8, 1 - 6 * 8 / (4 * 15) = 0.2
    assert findings.of_the_time(of("binary", "official")) == (
        "Over the 4 models the rank correlation of accuracy on the official test with the seconds of fit and test is "
        "+0.20. `decision_tree` is the fastest of those within one point of the best, with 2.0 s; `lstm` is the "
        "slowest of all, with 80 s for 92.00 %."
    )


def test_no_model_is_called_equal_because_its_mean_lies_in_the_interval_of_another(whole: Path) -> None:
    """The interval of one model does not tell whether two differ, as they have errors in common."""
    text = (whole / "README.md").read_text()
    assert "within its" not in text
    # the interval of the first holds the mean of the LSTM, and the paired difference is clear
    rows = {row[0]: row for row in section(text, "Binary, official test")}
    low = float(re.findall(r"\[([\d.]+),", rows["decision_tree"][2])[0])
    assert low < 92.0
    assert rows["decision_tree"][-5].endswith(": better")


def test_a_variant_is_compared_seed_by_seed(made: Results, whole: Path) -> None:
    # mean 0.2, reach 4.3027 * 0.1 * sqrt(1 / 3 + 0.2 / 0.6) = 0.351; the seeds differ by ten times as much
    by_model = {one.model: one for one in tables.contrasts(made.of([VARIANTS]))}
    assert by_model["gru"].differences == pytest.approx((0.1, 0.2, 0.3))
    assert by_model["gru"].verdict == by_model["rnn"].verdict == "undecided"
    rows = {row[0]: row[3:] for row in section((whole / "README.md").read_text(), "Does another")}
    assert rows["gru"] == ["+0.100 +0.200 +0.300", "+0.200 [-0.151, +0.551], p = 0.27", "undecided"]
    assert rows["lstm"] == ["reference"] * 3


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [((0.0019, 0.002, 0.0021), "better"), ((-0.0019, -0.002, -0.0021), "worse"), ((0.001,), MISSING), ((), MISSING)],
)
def test_a_variant_is_better_or_worse_only_beyond_chance(gains: tuple[float, ...], verdict: str) -> None:
    lstm = configuration("lstm", {seed: run(0.9) for seed in range(3)}, split="random")
    gru = configuration("gru", {seed: run(0.9 + gain) for seed, gain in enumerate(gains)}, split="random")
    assert [one.verdict for one in tables.contrasts([lstm, gru])] == [verdict]


def test_seeds_without_a_pair_are_left_out() -> None:
    found = tables.contrasts(
        [configuration("lstm", {0: run(0.9), 1: run(0.9)}), configuration("gru", {1: run(0.92), 2: run(0.5)})]
    )
    assert [one.differences for one in found] == [pytest.approx((2.0,))]


def test_missing_runs_are_named_and_not_guessed(made: Results, written: Callable[[Results], Path]) -> None:
    folder = written(replace(made, configurations=tuple(replace(one, runs={}) for one in made.configurations)))
    text = (folder / "README.md").read_text()
    assert "**Missing: 45 runs** (`make leaderboard` makes them)" in text
    assert f"Random split and official test, binary: {MISSING}." in text
    assert section(text, "Binary, official test")[0][2:-1] == [MISSING] * 7
    assert not list(folder.glob("*.svg"))


def test_simulated_runs_are_marked(made: Results, written: Callable[[Results], Path]) -> None:
    text = (written(replace(made, simulated=True)) / "README.md").read_text()
    assert "**SIMULATED DATA.**" in text


@pytest.mark.parametrize("with_cost", [False, True])
def test_every_name_is_readable_however_near_the_marks(with_cost: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = [
        configuration(
            f"model_{number}", {0: run(0.92 + number / 1e5, cost=0.24 if with_cost else None, seconds=1 + number / 50)}
        )
        for number in range(12)
    ]
    figure = figures.by_time(crowd, "a title")
    shown = texts_inside(figure, monkeypatch)
    assert {f"model_{number}" for number in range(12)} <= set(shown)
    boxes = [text.get_tightbbox() for text in figure.axes[0].texts]
    assert not [1 for place, box in enumerate(boxes) for other in boxes[:place] if box.overlaps(other)]


def test_a_model_far_worse_than_most_has_its_number_and_leaves_the_others_their_scale() -> None:
    # quartiles of the costs 0.20 0.21 0.22 0.23 2.00 are 0.21 and 0.23: the fence is 0.23 + 3 * 0.02
    costs = {"a": 0.20, "b": 0.21, "c": 0.22, "d": 0.23, "e": 2.0}
    (axes,) = figures.by_time(
        [configuration(model, {0: run(0.9, cost=cost)}) for model, cost in costs.items()], ""
    ).axes
    assert [text.get_text() for text in axes.texts] == ["a", "b", "c", "d", "e (2)"]
    drawn = {line.get_label(): list(line.get_ydata()) for line in axes.lines}
    assert drawn == {"other models": [0.20, 0.21, 0.22, 0.23], "other models, off the scale": [pytest.approx(0.29)]}


def test_a_model_without_a_time_is_not_the_fastest_and_not_in_the_picture() -> None:
    def one(model: str, accuracy: float, seconds: float) -> Configuration:
        return configuration(model, {0: run(accuracy, seconds=seconds)})

    timed = [one("a", 0.93, 3.0), one("b", 0.925, 2.0), one("c", 0.9, 1.0)]
    untimed = one("d", 0.92, 0.5)
    del untimed.runs[0].metrics["evaluate_seconds"]
    assert "Over the 3 models" in findings.of_the_time([*timed, untimed])
    assert "`b` is the fastest" in findings.of_the_time([*timed, untimed])
    (axes,) = figures.by_time([*timed, untimed], "").axes
    assert [text.get_text() for text in axes.texts] == ["a", "b", "c"]


def test_a_claim_on_a_second_test_file_is_beside_our_score_on_it() -> None:
    rnn = configuration("rnn", {0: run(0.8)}, grid=NSL[1])
    rnn.runs[0].metrics.update(test_21_accuracy=0.6)
    lines = tables.claims([configuration("rnn", {0: run(0.92)})], [rnn]).splitlines()[2:]
    assert [line.split(" | ")[3:5] for line in lines] == [
        ["80.00", "binary, NSL-KDD, KDDTest+"], ["60.00", "binary, NSL-KDD, KDDTest-21"]
    ]  # fmt: skip
    lines = tables.claims([configuration("rnn", {0: run(0.92)})], []).splitlines()[2:]
    assert [line.split(" | ")[3] for line in lines] == [MISSING] * 2


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_overflows_and_no_picture_is_broken(whole: Path, width: int) -> None:
    browser.assert_fits(whole, width)
