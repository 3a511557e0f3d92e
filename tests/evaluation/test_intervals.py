"""Intervals: by hand where there is a hand, else against the plain way of doing it."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from src.evaluation.intervals import (
    bootstrap,
    hierarchical,
    mean_scores,
    next_run,
    paired_test,
    resampled,
    resampled_means,
    resampled_test,
    student,
)
from src.evaluation.metric_kinds import Scale
from src.evaluation.metrics import confusion_matrix, scores
from src.evaluation.verdicts import Verdicts

Make = Callable[..., Verdicts]

COST = [[0, 1, 2], [1, 0, 2], [4, 2, 0]]


@pytest.fixture(scope="module")
def classified() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors, verdicts and targets of 3,000 records, 300 vectors, one of which has a third of the records."""
    rng = np.random.default_rng(0)
    vectors = np.where(rng.random(3000) < 1 / 3, 0, rng.integers(0, 300, 3000)).astype(np.uint64) * np.uint64(2**55)
    target = rng.integers(0, 3, 3000).astype(np.int32)
    predicted = np.where(rng.random(3000) < 0.8, target, rng.integers(0, 3, 3000)).astype(np.int64)
    return vectors, predicted, target


def test_students_interval_of_five_seeds() -> None:
    # standard deviation sqrt(2.5), 2.7764 of which by sqrt(5) is 1.9632
    found = student([1, 2, 3, 4, 5])
    assert (found.mean, found.low, found.high) == pytest.approx((3, 3 - 1.96324, 3 + 1.96324), abs=1e-5)


def test_seeds_that_share_records_have_the_interval_of_nadeau_and_bengio() -> None:
    # their statistic: the mean by sqrt((1 / J + n_test / n_train) s^2), Student's t with J - 1 degrees of freedom
    values = [0.97, 0.98, 0.96, 0.99, 0.975]
    reach = stats.t.ppf(0.975, 4) * np.sqrt((1 / 5 + 0.2 / 0.6) * np.var(values, ddof=1))
    found = student(values, overlap=0.2 / 0.6)
    assert (found.low, found.high) == pytest.approx((0.975 - reach, 0.975 + reach))
    plain = student(values)
    assert (found.high - found.low) / (plain.high - plain.low) == pytest.approx(np.sqrt(8 / 3))


def test_an_interval_of_shares_or_costs_stays_in_its_range_without_a_cut() -> None:
    shares, costs = [0.9985, 0.9970, 1.0], [0.1, 2.0, 0.3]
    assert student(shares).high > 1
    found = student(shares, scale="share")
    assert found.mean == pytest.approx(np.mean(shares))
    assert 0 < found.low < found.mean < found.high < 1
    # Student's on the logit: the derivative of the logit at p is 1 / (p (1 - p))
    logits = np.log(np.array([found.low, found.mean, found.high]) / (1 - np.array([found.low, found.mean, found.high])))
    p, reach = found.mean, stats.t.ppf(0.975, 2) * np.std(shares, ddof=1) / np.sqrt(3)
    assert np.diff(logits) == pytest.approx([reach / (p * (1 - p))] * 2)
    assert 0 < student(costs, scale="positive").low < student(costs).mean
    assert student(costs).low < 0
    assert student([1.0, 1.0], scale="share") == student([1.0, 1.0])  # no spread, no interval
    near = student([0.50, 0.51, 0.52], scale="share")
    assert (near.low, near.high) == pytest.approx((student([0.50, 0.51, 0.52]).low, 0.5348), abs=1e-4)


def test_a_prediction_interval_holds_a_further_run_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    draws = rng.normal(0.97, 0.001, size=(2000, 6))
    inside = {"mean": 0, "next": 0}
    for *five, one in draws:
        for kind, found in (("mean", student(five)), ("next", next_run(five))):
            inside[kind] += found.low <= one <= found.high
    assert inside["next"] / 2000 == pytest.approx(0.95, abs=0.015)
    assert inside["mean"] / 2000 < 0.8  # the interval of a mean is no test of one run


def test_the_paired_test_is_scipys_without_overlap_and_corrected_with_it() -> None:
    one, other = np.array([0.97, 0.98, 0.96, 0.99]), np.array([0.965, 0.977, 0.96, 0.98])
    found = paired_test(one - other)
    assert found.p == pytest.approx(stats.ttest_rel(one, other).pvalue)
    corrected = paired_test(one - other, overlap=0.25)
    assert corrected.p == pytest.approx(2 * stats.t.sf(stats.ttest_rel(one, other).statistic / np.sqrt(2), 3))
    assert corrected.interval.mean == found.interval.mean
    # equal differences have no spread: the sign test; rounding makes no spread either
    equal = ([0.0, 0.0], [0.5, 0.5], [0.1 + 0.2, 0.3, 0.3], [-0.1] * 5)
    assert [paired_test(each, overlap=0.25).p for each in equal] == [1, 0.5, 0.25, 0.0625]


@pytest.fixture(scope="module")
def five_runs(make_verdicts: Make) -> list[Verdicts]:
    """Five runs on the same 400 vectors with one record each, whose accuracies differ by more than chance explains."""
    rng = np.random.default_rng(0)
    target = np.arange(400) % 2
    return [
        make_verdicts(np.where(rng.random(400) < share, target, 1 - target), target=target)
        for share in (0.95, 0.9, 0.85, 0.8, 0.75)
    ]


def test_the_interval_over_both_is_wider_than_that_over_seeds_or_records(five_runs: list[Verdicts]) -> None:
    right = np.array([run.predicted == run.target for run in five_runs])
    (drawn,) = resampled_means([five_runs], resamples=4000)
    # crossed: the mean over seeds of what a record scores
    assert drawn["accuracy"].var() == pytest.approx(right.mean(axis=0).var(ddof=1) / 400, rel=0.1)
    found = hierarchical(five_runs)["accuracy"]
    seeds = student(right.mean(axis=1), scale="share")
    records = np.percentile(drawn["accuracy"], [2.5, 97.5])
    assert found.mean == seeds.mean == pytest.approx(right.mean())
    assert found.low < min(seeds.low, records[0])
    assert found.high > max(seeds.high, records[1])
    assert mean_scores(five_runs)["accuracy"] == pytest.approx(right.mean())


SCALES = pytest.mark.parametrize(
    ("values", "scale"),
    [([-0.1, 0.2, 0.4, 0.1], "real"), ([0.9, 0.95, 0.999, 0.97], "share"), ([0.1, 0.2, 0.15], "positive")],
)


@SCALES
def test_without_a_spread_of_the_records_it_is_students_over_seeds(values: list[float], scale: Scale) -> None:
    found = resampled_test(values, np.full(1000, np.mean(values)), scale=scale)
    seeds = student(values, scale=scale)
    assert (found.interval.low, found.interval.high) == pytest.approx((seeds.low, seeds.high))
    assert found.p == pytest.approx(paired_test(values).p, abs=0.003)


@SCALES
def test_without_a_spread_of_the_seeds_it_is_the_bootstrap_over_records(values: list[float], scale: Scale) -> None:
    mean = values[0]
    drawn = mean + np.random.default_rng(0).normal(size=1000) * abs(mean) / 100
    for nearly in ([mean], [mean, mean, mean], [mean - 1e-7, mean, mean + 1e-7]):
        found = resampled_test(nearly, drawn, scale=scale)
        assert (found.interval.low, found.interval.high) == pytest.approx(np.percentile(drawn, [2.5, 97.5]), rel=0.001)
        assert found.p == pytest.approx(2 / 1001)


@pytest.mark.parametrize("n_seeds", [2, 3, 5])
@pytest.mark.parametrize("records", [0.0, 1.0])
def test_seeds_that_do_not_differ_are_rarely_told_apart(n_seeds: int, records: float) -> None:
    """Percentiles over drawn seeds told 49, 26 and 14 % of them apart, as all of a few seeds often lie on one side."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(300):
        shift = records * rng.normal() / np.sqrt(n_seeds)
        values = shift + rng.normal(size=n_seeds)
        found.append(resampled_test(values, values.mean() + records * rng.normal(size=500) / np.sqrt(n_seeds)))
    assert np.mean([one.p < 0.05 for one in found]) <= 0.08
    assert np.mean([one.interval.low <= 0 <= one.interval.high for one in found]) >= 0.92


def test_over_one_run_it_is_the_bootstrap_of_its_test_records(five_runs: list[Verdicts]) -> None:
    run = five_runs[0]
    found = hierarchical([run], resamples=300)
    plain = bootstrap(run.vector, run.predicted.astype(np.int64), run.target, 2, resamples=300, seed=0)
    assert {name: (one.low, one.high) for name, one in found.items()} == {
        name: (one.low, one.high) for name, one in plain.items()
    }


def test_runs_of_one_configuration_are_pairs_of_another(five_runs: list[Verdicts], make_verdicts: Make) -> None:
    # one more error each, on the same record: the difference has no variance over seeds, and that of one record in 400
    right = next(at for at in range(400) if all(run.predicted[at] == run.target[at] for run in five_runs))
    worse = []
    for run in five_runs:
        predicted = run.predicted.copy()
        predicted[right] = 1 - predicted[right]
        worse.append(make_verdicts(predicted, target=run.target))
    first, second = resampled_means([five_runs, worse], resamples=2000)
    difference = first["accuracy"] - second["accuracy"]
    assert difference.min() >= 0
    assert difference.std() == pytest.approx(1 / 400, rel=0.1)
    with pytest.raises(ValueError, match="found 5, 4 runs on 1 lists of classes, expected as many runs"):
        resampled_means([five_runs, worse[1:]], resamples=2)


def test_resampling_draws_as_many_vectors_each_with_all_its_records() -> None:
    # one vector with 100 records in cell 0, 99 with one record in cell 3
    vectors = np.append(np.zeros(100), np.arange(1, 100)).astype(np.uint64)
    cell = np.repeat([0, 3], [100, 99])
    found = resampled(vectors, cell, 5, resamples=500, seed=0)
    assert found.shape == (500, 5)
    assert (found[:, [1, 2, 4]] == 0).all()
    assert (found[:, 0] % 100 == 0).all()
    np.testing.assert_array_equal(found[:, 0] / 100 + found[:, 3], 100)  # draws
    assert found[:, 0].mean() / 100 == pytest.approx(1, abs=0.15)
    assert found[:, 0].std() / 100 == pytest.approx(np.sqrt(0.99), abs=0.15)  # binomial, 100 draws of a hundredth


def test_the_bootstrap_is_that_of_drawing_vectors_one_by_one(classified: tuple[np.ndarray, ...]) -> None:
    vectors, predicted, target = classified
    cells = resampled(vectors, predicted * 3 + target, 9, resamples=2000, seed=0).reshape(-1, 3, 3)
    found = scores(cells, COST)
    distinct, group = np.unique(vectors, return_inverse=True)
    of_vector = [np.flatnonzero(group == one) for one in range(len(distinct))]
    rng = np.random.default_rng(1)
    plain = []
    for _ in range(2000):
        some = np.concatenate([of_vector[one] for one in rng.integers(0, len(distinct), len(distinct))])
        plain.append(scores(confusion_matrix(predicted[some], target[some], 3), COST))
    for name, values in found.items():
        alike = stats.ks_2samp(values, np.array([one[name] for one in plain]))
        assert alike.pvalue > 0.01, name


def test_copies_of_a_record_make_no_score_surer() -> None:
    rng = np.random.default_rng(0)
    vectors, target = np.arange(200).astype(np.uint64), rng.integers(0, 2, 200).astype(np.int32)
    predicted = np.where(rng.random(200) < 0.9, target, 1 - target).astype(np.int64)
    once = bootstrap(vectors, predicted, target, 2, resamples=300, seed=0)
    copied = bootstrap(*(np.tile(one, 50) for one in (vectors, predicted, target)), 2, resamples=300, seed=0)
    assert copied == once


def test_the_same_seed_gives_the_same_interval(classified: tuple[np.ndarray, ...]) -> None:
    vectors, predicted, target = classified
    one, again, other = (bootstrap(vectors, predicted, target, 3, resamples=50, seed=seed) for seed in (0, 0, 1))
    assert one == again != other
    assert "mean_cost" not in one


def test_the_order_of_records_does_not_matter(classified: tuple[np.ndarray, ...]) -> None:
    order = np.random.default_rng(0).permutation(3000)
    assert bootstrap(*classified, 3, resamples=50, seed=0) == bootstrap(
        *(one[order] for one in classified), 3, resamples=50, seed=0
    )
