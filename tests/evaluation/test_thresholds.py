"""Temperature and threshold: fitted on validation, exact about ties, and an error if the budget cannot be met."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from src.detector.decision import Decision, attack_probability
from src.evaluation import thresholds
from src.evaluation.config import DecisionProtocol
from src.evaluation.thresholds import fit_decision, fit_temperature

COST = [[0.0, 1.0], [3.0, 0.0]]


def protocol(**changes: object) -> DecisionProtocol:
    values = {
        "rule": "most_probable",
        "attack_prior_odds": 1.0,
        "calibrate": False,
        "false_alarm_budget": None,
        "false_alarm_blocks": None,
    }
    return DecisionProtocol(**{**values, **changes})  # type: ignore[arg-type]


def fit_threshold(attack: np.ndarray, target: np.ndarray, budget: float) -> float:
    """Fit a threshold on records whose normal ones are one group."""
    return thresholds.fit_threshold([attack[target == 0]], attack[target != 0], budget)


def both(attack: list[float]) -> np.ndarray:
    """Class probabilities of records with these P(attack)."""
    return np.array([[1 - one, one] for one in attack], dtype=np.float32)


# --- threshold -------------------------------------------------------------------------------------------------------

NORMAL = [0.9, 0.5, 0.4, 0.3, 0.1, 0.1, 0.0, 0.0, 0.0, 0.0]  # ten normal records
ATTACK = [0.95, 0.8, 0.45, 0.2]
TARGET = np.array([0] * 10 + [1] * 4)


@pytest.mark.parametrize(
    ("budget", "false_alarms", "threshold"),
    [
        (0.0, 0, (0.9 + 0.95) / 2),
        (0.09, 0, (0.9 + 0.95) / 2),  # not even one of ten
        (0.1, 1, (0.5 + 0.8) / 2),
        (0.2, 2, (0.4 + 0.45) / 2),
        (0.3, 3, (0.3 + 0.4) / 2),  # between two normal records
        (0.4, 4, (0.1 + 0.2) / 2),
        (0.5, 4, (0.1 + 0.2) / 2),  # two are tied at 0.1: five would be six
        (0.6, 6, 0.05),
        (0.9, 6, 0.05),  # four are tied at 0
        (1.0, 10, 0.0),
    ],
)
def test_the_threshold_is_as_low_as_the_budget_allows(budget: float, false_alarms: int, threshold: float) -> None:
    attack = np.array(NORMAL + ATTACK)
    found = fit_threshold(attack, TARGET, budget)
    assert found == pytest.approx(threshold)
    assert np.count_nonzero(attack[TARGET == 0] >= found) == false_alarms


@pytest.mark.parametrize("budget", [0.07, 0.29, 0.57, 0.58])
def test_a_budget_that_is_a_whole_number_of_records_is_that_number(budget: float) -> None:
    # 0.29 * 100 is 28.999999999999996 to a computer, 0.07 * 100 is 7.000000000000001
    normal = np.linspace(0, 0.9, 100)
    attack, target = np.append(normal, 1.0), np.array([0] * 100 + [1])
    found = fit_threshold(attack, target, budget)
    assert np.count_nonzero(normal >= found) == round(100 * budget)


@given(
    st.lists(st.integers(0, 8), min_size=1, max_size=40),
    st.lists(st.integers(0, 8), min_size=0, max_size=20),
    st.floats(0, 1),
)
def test_no_budget_is_ever_exceeded_and_no_lower_threshold_would_do(
    normal: list[int], attacks: list[int], budget: float
) -> None:
    attack = np.array(normal + attacks) / 8
    target = np.array([0] * len(normal) + [1] * len(attacks))
    try:
        found = fit_threshold(attack, target, budget)
    except ValueError:
        highest = attack.max()
        assert np.mean(attack[target == 0] >= highest) > budget
        return
    assert np.mean(attack[target == 0] >= found) <= budget + 1e-9
    lower = attack[attack < found]
    if len(lower):
        assert np.mean(attack[target == 0] >= lower.max()) > budget - 1e-9


def test_where_only_silence_would_do_the_budget_cannot_be_met() -> None:
    attack = np.array([1.0] * 3 + [0.0] * 97 + [1.0] * 5)
    target = np.array([0] * 100 + [1] * 5)
    message = r"false_alarm_budget=0\.02: found 3 of 100 normal records at the highest P\(attack\), 1, "
    with pytest.raises(ValueError, match=message + "expected at most 2: only a detector without any alarm"):
        fit_threshold(attack, target, 0.02)
    assert fit_threshold(attack, target, 0.03) == 0.5


def test_a_budget_without_a_normal_record_to_measure_it_on_is_an_error() -> None:
    message = r"false_alarm_budget=0\.02: found no normal record to measure it on, expected some in validation"
    with pytest.raises(ValueError, match=message):
        fit_threshold(np.array([0.5, 0.9]), np.array([1, 1]), 0.02)


def test_neighboring_numbers_are_distinguished() -> None:
    low = 1 - 2**-53
    found = fit_threshold(np.array([low, 1.0]), np.array([0, 1]), 0.0)
    assert low < found <= 1.0


# --- temperature -----------------------------------------------------------------------------------------------------


def test_the_temperature_makes_an_overconfident_model_as_certain_as_it_is_right() -> None:
    # it says 0.99 and is right three times in four: odds of 99 must become 3
    probability = both([0.99] * 4)
    found = fit_temperature(probability, np.array([1, 1, 1, 0]))
    assert found == pytest.approx(np.log(99) / np.log(3), rel=1e-3)
    np.testing.assert_allclose(Decision(found).calibrated(probability)[:, 1], 0.75, atol=1e-4)


def test_a_calibrated_model_stays_as_it_is() -> None:
    rng = np.random.default_rng(0)
    attack = rng.random(100_000)
    target = (rng.random(100_000) < attack).astype(np.int32)
    assert fit_temperature(both(attack.tolist()), target) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("target", "end"), [([0, 1], 0.05), ([1, 0], 20)])
def test_a_model_that_is_always_right_or_always_wrong_gets_the_end_of_the_range(target: list[int], end: float) -> None:
    assert fit_temperature(both([0.2, 0.8]), np.array(target)) == pytest.approx(end, rel=0.01)


def test_a_tree_that_is_certain_has_a_temperature() -> None:
    # one error in a hundred: 10^-12 to the power of 1/T is 1/99
    probability = both([1.0] * 100)
    found = fit_temperature(probability, np.array([1] * 99 + [0]))
    np.testing.assert_allclose(Decision(found).calibrated(probability)[0], [0.01, 0.99], atol=1e-4)


# --- blocks of training ----------------------------------------------------------------------------------------------

BLOCKS = (both(NORMAL), both([0.99, 0.2, 0.1, 0.1, 0.1]))


def in_blocks(budget: float) -> DecisionProtocol:
    return protocol(false_alarm_budget=budget, false_alarm_blocks=2)


@pytest.mark.parametrize(
    ("budget", "threshold"),
    [(0.2, (0.4 + 0.5) / 2), (0.3, (0.3 + 0.4) / 2), (0.5, (0.1 + 0.2) / 2), (0.8, 0.15), (1.0, 0.0)],
)
def test_the_threshold_is_within_the_budget_in_each_block(budget: float, threshold: float) -> None:
    found = fit_decision(both(NORMAL + ATTACK), TARGET, in_blocks(budget), None, BLOCKS).threshold
    assert found == pytest.approx(threshold)
    for block in BLOCKS:
        assert np.mean(attack_probability(block) >= found) <= budget


def test_the_block_that_no_alarm_is_allowed_in_is_named() -> None:
    with pytest.raises(
        ValueError, match=r"found 1 of 5 normal records at the highest P\(attack\), 0\.99, expected at most 0"
    ):
        fit_decision(both(NORMAL + ATTACK), TARGET, in_blocks(0.1), None, BLOCKS)


@given(st.lists(st.lists(st.integers(0, 8), min_size=1, max_size=20), min_size=2, max_size=5), st.floats(0, 0.99))
def test_no_block_exceeds_its_budget_and_no_lower_threshold_would_do(blocks: list[list[int]], budget: float) -> None:
    given_blocks = [both([one / 8 for one in block]) for block in blocks]
    try:
        found = fit_decision(both([0.5]), np.array([1]), in_blocks(budget), None, given_blocks).threshold
    except ValueError:
        highest = max(map(max, blocks))
        assert any(np.mean([one == highest for one in block]) > budget for block in blocks)
        return
    attack = [attack_probability(block) for block in given_blocks]
    assert max(np.mean(one >= found) for one in attack) <= budget + 1e-9
    everything = np.concatenate(attack)
    lower = everything[everything < found]
    if len(lower):
        assert max(np.mean(one >= lower.max()) for one in attack) > budget - 1e-9


def test_the_temperature_is_fitted_on_validation_and_applied_to_the_blocks() -> None:
    overconfident, target = both([0.99] * 4), np.array([1, 1, 1, 0])
    wanted = protocol(calibrate=True, false_alarm_budget=0.5, false_alarm_blocks=2)
    found = fit_decision(overconfident, target, wanted, None, [both([0.99, 0.01])])
    assert found.temperature == pytest.approx(np.log(99) / np.log(3), rel=1e-3)
    assert found.threshold == pytest.approx(0.5, abs=0.01)  # halfway between 0.75 and 0.25


def test_blocks_without_a_budget_are_refused() -> None:
    with pytest.raises(
        ValidationError, match=r"false_alarm_blocks=10: found no budget, expected false_alarm_budget=\.\."
    ):
        protocol(false_alarm_blocks=10)
    with pytest.raises(ValidationError, match=r"false_alarm_blocks\n.*greater than or equal to 2"):
        protocol(false_alarm_budget=0.1, false_alarm_blocks=1)


# --- both ------------------------------------------------------------------------------------------------------------


def test_the_default_protocol_fits_nothing() -> None:
    assert fit_decision(both([0.5, 0.6]), np.array([0, 1]), protocol(), COST) == Decision()


def test_the_least_cost_is_decided_by_the_tasks_matrix() -> None:
    found = fit_decision(both([0.5, 0.6]), np.array([0, 1]), protocol(rule="least_cost"), COST)
    assert found == Decision(cost=((0, 1), (3, 0)))


def test_the_threshold_is_one_of_the_calibrated_probabilities() -> None:
    probability, target = both([0.99] * 4 + [0.9, 0.1, 0.05]), np.array([1, 1, 1, 0, 1, 0, 0])
    found = fit_decision(probability, target, protocol(calibrate=True, false_alarm_budget=0.34), None)
    assert found.temperature > 1
    attack = attack_probability(found.calibrated(probability))
    assert found.threshold is not None
    assert attack[5] < found.threshold < attack[4]  # one false alarm of three is within the budget
    assert found.verdict(found.calibrated(probability)).tolist() == [1, 1, 1, 1, 1, 0, 0]
