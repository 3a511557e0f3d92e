"""Two runs against each other: McNemar by hand, a paired bootstrap, and pairs that are none."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from src.evaluation.comparison import (
    Comparison,
    Difference,
    McNemar,
    compare,
    explain,
    explain_several,
    mcnemar,
    mean_differences,
    short_names,
)
from src.evaluation.verdicts import Verdicts

Make = Callable[..., Verdicts]


def test_few_discordant_records_have_the_exact_test() -> None:
    # two-sided: 2 * (1 + 10 + 45) / 2**10
    assert mcnemar(2, 8) == McNemar(2, 8, pytest.approx(112 / 1024), "exact binomial")
    assert mcnemar(8, 2).p == mcnemar(2, 8).p
    assert mcnemar(0, 0) == McNemar(0, 0, 1.0, "exact binomial")
    assert mcnemar(12, 12) == McNemar(12, 12, 1.0, "exact binomial")


def test_many_discordant_records_have_chi_square_with_the_correction() -> None:
    found = mcnemar(10, 15)
    assert found.how == "chi-square with continuity correction"
    assert found.p == pytest.approx(stats.chi2.sf((5 - 1) ** 2 / 25, 1))
    assert mcnemar(30, 30).p == 1.0
    assert mcnemar(121, 59).p == pytest.approx(5.4e-6, rel=0.02)  # Edwards' form of a textbook's example: 61**2 / 180


@pytest.fixture
def two(make_verdicts: Make) -> tuple[Verdicts, Verdicts]:
    """8,000 records of three classes, 1,000 vectors; the first run errs on 5 % of the vectors, the second on 8 %."""
    rng = np.random.default_rng(0)
    vector = np.arange(8000) % 1000
    target = vector % 3
    wrong = [rng.random(1000)[vector] < share for share in (0.05, 0.08)]
    cost = [[0, 1, 2], [1, 0, 2], [4, 2, 0]]
    return tuple(  # type: ignore[return-value]
        make_verdicts(
            np.where(one, (target + 1) % 3, target), target=target, vector=vector, classes=("normal", "dos", "r2l"),
            cost=cost,
        )
        for one in wrong
    )  # fmt: skip


def test_the_difference_is_that_of_the_two_scores(two: tuple[Verdicts, Verdicts]) -> None:
    found = compare(*two, resamples=500)
    right = [one.predicted == one.target for one in two]
    assert (found.records, found.vectors) == (8000, 1000)
    assert (found.test.only_first, found.test.only_second) == (
        (right[0] & ~right[1]).sum(),
        (right[1] & ~right[0]).sum(),
    )
    accuracy, cost, false_alarms, detection = found.differences
    assert (accuracy.metric, accuracy.first, accuracy.second) == ("accuracy", right[0].mean(), right[1].mean())
    assert (cost.metric, false_alarms.metric, detection.metric) == ("mean_cost", "false_alarm_rate", "detection_rate")
    matrix = np.array(two[0].cost)
    assert cost.second == pytest.approx(matrix[two[1].target, two[1].predicted].mean())
    assert false_alarms.first == (two[0].predicted[two[0].target == 0] != 0).mean()
    assert detection.first == (two[0].predicted[two[0].target != 0] != 0).mean()


def test_the_interval_is_that_of_pairs_of_vectors(two: tuple[Verdicts, Verdicts]) -> None:
    accuracy = compare(*two, resamples=4000).differences[0]
    # the records of a vector have the same verdict: the mean over 1,000 vectors of -1, 0 or 1
    first = two[0].vector.argsort(kind="stable")[::8]
    gain = (two[0].predicted == two[0].target)[first].astype(int) - (two[1].predicted == two[1].target)[first]
    reach = 1.96 * gain.std() / np.sqrt(1000)
    assert (accuracy.low, accuracy.high) == pytest.approx((gain.mean() - reach, gain.mean() + reach), abs=0.1 * reach)


def test_a_run_does_not_differ_from_itself(two: tuple[Verdicts, Verdicts]) -> None:
    found = compare(two[0], two[0], resamples=50)
    assert found.test.p == 1
    assert all((one.low, one.high, one.p, one.better) == (0, 0, 1, None) for one in found.differences)


def test_the_order_of_records_does_not_matter(two: tuple[Verdicts, Verdicts], make_verdicts: Make) -> None:
    order = np.random.default_rng(0).permutation(8000)
    other = two[1]
    shuffled = make_verdicts(
        other.predicted[order], target=other.target[order], vector=other.vector[order], row=other.row[order],
        classes=other.classes, cost=other.cost,
    )  # fmt: skip
    assert compare(two[0], shuffled, resamples=50) == compare(*two, resamples=50)


def test_without_one_matrix_for_both_no_cost_is_compared(make_verdicts: Make) -> None:
    one = make_verdicts([0, 1], target=[0, 1], cost=[[0, 1], [1, 0]])
    for cost in (None, [[0, 1], [2, 0]]):
        found = compare(one, make_verdicts([0, 1], target=[0, 1], cost=cost), resamples=5)
        assert [each.metric for each in found.differences] == ["accuracy", "false_alarm_rate", "recall"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"classes": ("normal", "dos")},
            "found the classes normal, attack and normal, dos, expected pairs of runs on",
        ),
        ({"predicted": [0], "target": [0]}, "found 3 and 1 test records, expected"),
        (
            {"row": [1, 2, 4]},
            r"that differ in the line, 1 of 3, the first of them at line 3 of one run and 4 of the other",
        ),
        ({"vector": [1, 7, 7]}, r"that differ in the features, 2 of 3, the first of them at line 2 "),
        ({"target": [0, 1, 0]}, r"that differ in the class, 1 of 3, the first of them at line 3 "),
    ],
)
def test_runs_on_other_records_are_refused_and_what_differs_is_named(
    changes: dict[str, list[int]], message: str, make_verdicts: Make
) -> None:
    same = {"target": [0, 1, 1], "vector": [1, 2, 3]}
    one, other = make_verdicts([0, 1, 1], **same), {"predicted": [0, 1, 1], **same, **changes}
    if len(other["predicted"]) == 1:
        del other["vector"]
    with pytest.raises(ValueError, match=message):
        compare(one, make_verdicts(**other), resamples=5)


def explained(*differences: Difference) -> str:
    return explain(Comparison(8000, 1000, mcnemar(9, 30), differences), ("A", "B"))[-1]


def test_one_sentence_says_whether_the_runs_differ() -> None:
    higher = Difference("accuracy", 0.95, 0.92, 0.01, 0.05, 0.01)
    assert explained(higher) == "The two runs differ: A is better in accuracy, by 0.03000."
    dearer = Difference("mean_cost", 0.25, 0.2, 0.01, 0.09, 0.049)
    assert explained(higher, dearer).endswith(
        "A is better in accuracy, by 0.03000; B is better in mean cost, by 0.05000."
    )
    fewer = Difference("false_alarm_rate", 0.01, 0.02, -0.02, -0.005, 0.01)
    assert explained(fewer) == "The two runs differ: A is better in false alarm rate, by 0.01000."
    alike = Difference("accuracy", 0.95, 0.92, 0.001, 0.07, 0.05)  # its interval is not corrected
    assert explained(alike) == "The two runs do not differ by more than chance explains on these test records."


def test_the_text_has_both_tests_and_says_which_they_are(two: tuple[Verdicts, Verdicts]) -> None:
    text = "\n".join(explain(compare(*two, resamples=50), ("A", "B")))
    assert "Bootstrap over 1,000 distinct feature vectors, with all their 8,000 records." in text
    assert "The intervals cover test records, not other seeds; p is corrected for 4 scores (Holm)." in text
    assert "McNemar (chi-square with continuity correction)" in text
    assert text.splitlines()[0].split() == ["accuracy", "mean", "cost", "false", "alarm", "rate", "detection", "rate"]


def test_the_mean_difference_of_single_runs_is_that_of_a_pair(two: tuple[Verdicts, Verdicts]) -> None:
    found = mean_differences([two[0]], [two[1]], resamples=4000)
    accuracy = compare(*two, resamples=4000).differences[0]
    assert found["accuracy"].interval.mean == pytest.approx(accuracy.first - accuracy.second)
    assert (found["accuracy"].interval.low, found["accuracy"].interval.high) == pytest.approx(
        (accuracy.low, accuracy.high), abs=1e-3
    )
    # against the paired t-test over vectors, whose records have the same verdict
    first = two[0].vector.argsort(kind="stable")[::8]
    right = [(one.predicted == one.target)[first].astype(float) for one in two]
    assert found["accuracy"].p == pytest.approx(stats.ttest_rel(*right).pvalue, abs=0.01)
    assert mean_differences([two[0]], [two[0]], resamples=50)["accuracy"].p == 1
    shorter = two[1].by_row()
    with pytest.raises(
        ValueError, match=r"found test records that differ in the class, .* expected pairs of runs on the"
    ):
        mean_differences([two[0]], [replace(shorter, target=1 - shorter.target)], resamples=5)


def test_several_runs_are_compared_with_the_first_and_corrected_for_their_number(make_verdicts: Make) -> None:
    target = np.arange(1000) % 2

    def wrong(errors: int) -> Verdicts:
        return make_verdicts(np.where(np.arange(1000) < errors, 1 - target, target), target=target)

    text = "\n".join(
        explain_several([wrong(50), wrong(100), wrong(20), wrong(51)], ("A", "B", "C", "D"), resamples=2000)
    )
    accuracy = [line.split() for line in text.splitlines()[1:5]]
    assert accuracy[0] == ["A", "0.95000", "reference"]
    assert [(one[0], one[1], one[2], one[-1]) for one in accuracy[1:]] == [
        ("B", "0.90000", "-0.05000", "worse"), ("C", "0.98000", "+0.03000", "better"),
        ("D", "0.94900", "-0.00100", "undecided"),
    ]  # fmt: skip
    assert accuracy[1][-2] == "0.003"  # 3 * 2 / 2001
    fewer_alarms = text[text.index("false alarm rate:") :].splitlines()[3]
    assert fewer_alarms.startswith("  C  0.02000  -0.03000 [")
    assert fewer_alarms.endswith("better")
    assert text.endswith("The p-values of each score are corrected for 3 comparisons (Holm).")
    assert short_names(3) == ["A", "B", "C"]
    assert short_names(30)[-1] == "30"


def test_a_detector_that_never_alarms_is_seen_to_detect_nothing(make_verdicts: Make) -> None:
    target = (np.arange(1000) % 10 == 0).astype(int)
    some = np.where(np.arange(1000) % 50 == 1, 1, target)  # 20 false alarms
    text = "\n".join(
        explain_several([make_verdicts(each, target=target) for each in (some, 0 * target, some)], "ABC", resamples=500)
    )
    alarms, recall = (text[text.index(f"{name}:") :].splitlines()[2] for name in ("false alarm rate", "recall"))
    assert (alarms.split()[:2], alarms.split()[-1]) == (["B", "0.00000"], "better")
    assert (recall.split()[:2], recall.split()[-1]) == (["B", "0.00000"], "worse")


@pytest.mark.parametrize(("vectors", "p"), [(1, 1), (2, 0.5), (5, 0.0625)])
def test_few_vectors_with_other_verdicts_decide_nothing(vectors: int, p: float, make_verdicts: Make) -> None:
    # all of them speak for one side; a bootstrap of five vectors alone would have p = 0.01
    target = np.ones(1000, dtype=int)
    vector = np.arange(1000) % vectors
    right, wrong = (make_verdicts(each, target=target, vector=vector) for each in (target, 1 - target))
    assert mean_differences([right], [wrong], resamples=2000)["accuracy"].p == p
    assert "do not differ by more than chance" in explain(compare(right, wrong, resamples=2000), ("A", "B"))[-1]


def test_the_sign_test_of_false_alarms_is_over_normal_records_alone(make_verdicts: Make) -> None:
    target = np.repeat([0, 1], [4, 96])
    found = mean_differences(
        [make_verdicts(target, target=target)], [make_verdicts(1 - target, target=target)], resamples=999
    )
    assert found["false_alarm_rate"].p == 0.125
    assert found["recall"].p == found["accuracy"].p == 0.002


@pytest.mark.parametrize(("only", "names"), [(0, ["accuracy", "false_alarm_rate"]), (1, ["accuracy", "recall"])])
def test_scores_of_records_that_a_part_lacks_are_left_out(only: int, names: list[str], make_verdicts: Make) -> None:
    runs = [make_verdicts(each, target=[only] * 4) for each in ([0, 0, 1, 1], [0, 1, 1, 1], [1, 1, 1, 1])]
    assert [one.metric for one in compare(*runs[:2], resamples=100).differences] == names
    text = explain_several(runs, "ABC", resamples=100)
    assert [line[:-1].replace(" ", "_") for line in text if line.endswith(":")] == names


def test_equal_models_differ_in_one_of_twenty_pairs_at_most(make_verdicts: Make) -> None:
    # the sentence looks at four scores: without a correction 12 of these 100 pairs differ
    rng, found = np.random.default_rng(3), 0
    classes, cost = ("normal", "dos", "probe"), [[0, 1, 2], [2, 0, 1], [1, 2, 0]]
    for _ in range(100):
        target = rng.integers(0, 3, 1500)
        two = [np.where(rng.random(1500) < 0.1, rng.integers(0, 3, 1500), target) for _ in range(2)]
        runs = [make_verdicts(each, target=target, classes=classes, cost=cost) for each in two]
        found += explain(compare(*runs, resamples=400), ("A", "B"))[-1].startswith("The two runs differ")
    assert found <= 6
