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
    assert all((one.low, one.high, one.clear) == (0, 0, False) for one in found.differences)


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
            "found the classes normal, attack and normal, dos, expected two runs on the same",
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
    higher = Difference("accuracy", 0.95, 0.92, 0.01, 0.05)
    assert explained(higher) == "The two runs differ: A is better in accuracy, by 0.03000."
    dearer = Difference("mean_cost", 0.25, 0.2, 0.01, 0.09)
    assert explained(higher, dearer).endswith(
        "A is better in accuracy, by 0.03000; B is better in mean cost, by 0.05000."
    )
    fewer = Difference("false_alarm_rate", 0.01, 0.02, -0.02, -0.005)
    assert explained(fewer) == "The two runs differ: A is better in false alarm rate, by 0.01000."
    alike = Difference("accuracy", 0.95, 0.92, -0.01, 0.07)
    assert explained(alike) == "The two runs do not differ by more than chance explains on these test records."


def test_the_text_has_both_tests_and_says_which_they_are(two: tuple[Verdicts, Verdicts]) -> None:
    text = "\n".join(explain(compare(*two, resamples=50), ("A", "B")))
    assert "Bootstrap over 1,000 distinct feature vectors, with all their 8,000 records." in text
    assert "The intervals cover test records, not other seeds." in text
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
    assert text.endswith("The p-values are corrected for 3 comparisons (Holm).")
    with pytest.raises(ValueError, match="A and C: found 2 and 1,000 test records"):
        explain_several([wrong(5), wrong(6), make_verdicts([0, 1], target=[0, 1])], ("A", "B", "C"), resamples=5)
    assert short_names(3) == ["A", "B", "C"]
    assert short_names(30)[-1] == "30"
