"""From probabilities to verdicts, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.detector.decision import Decision, attack_probability


def shares(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, dtype=np.float32)


def test_more_attacks_than_training_had_raise_the_odds_of_each() -> None:
    probability = shares((0.6, 0.3, 0.1), (0.9, 0.06, 0.04))
    assert Decision(attack_prior_odds=3).verdict(probability).tolist() == [1, 0]  # 0.9 against 0.6, 0.18 against 0.9
    assert Decision(attack_prior_odds=20).verdict(probability).tolist() == [1, 1]
    assert Decision(threshold=0.5, attack_prior_odds=20).verdict(probability).tolist() == [0, 0], (
        "a threshold is of P(attack)"
    )
    # expected costs with the odds of attacks doubled: 0.6 + 0.2 for normal, 0.6 for 1
    assert Decision(cost=((0, 1), (1, 0)), attack_prior_odds=2).verdict(shares((0.6, 0.4))).tolist() == [1]


def test_without_more_the_most_probable_class_is_chosen_and_probabilities_stay_as_they_are() -> None:
    probability = shares((0.5, 0.3, 0.2), (0.2, 0.3, 0.5), (0.25, 0.5, 0.25))
    assert Decision().calibrated(probability) is probability
    found = Decision().verdict(probability)
    assert found.dtype == np.int64
    assert found.tolist() == [0, 2, 1]


def test_the_least_expected_cost_is_that_of_the_actual_classes_over_a_column() -> None:
    # cost[actual][predicted]: a missed attack of class 2 costs 4, a false alarm 1
    cost = ((0, 1, 1), (1, 0, 1), (4, 2, 0))
    # expected costs of the first: 0.3*1 + 0.1*4 = 0.7; 0.6*1 + 0.1*2 = 0.8; 0.6 + 0.3 = 0.9
    # and of the second: 0.1*1 + 0.25*4 = 1.1; 0.65*1 + 0.25*2 = 1.15; 0.65 + 0.1 = 0.75
    probability = shares((0.6, 0.3, 0.1), (0.65, 0.1, 0.25))
    assert Decision(cost=cost).verdict(probability).tolist() == [0, 2]
    transposed = tuple(zip(*cost, strict=True))
    assert Decision(cost=transposed).verdict(probability).tolist() != [0, 2]


def test_the_threshold_raises_alarms_and_the_rule_chooses_their_class() -> None:
    probability = shares((0.75, 0.125, 0.125), (0.25, 0.25, 0.5), (0.5, 0.25, 0.25), (0.375, 0.25, 0.375))
    # P(attack) = 0.25, 0.75, 0.5, 0.625; the last would be normal without a threshold
    assert Decision(threshold=0.5).verdict(probability).tolist() == [0, 2, 1, 2]
    assert Decision(threshold=0.76).verdict(probability).tolist() == [0, 0, 0, 0]
    assert Decision(threshold=0.0).verdict(probability).tolist() == [1, 2, 1, 2]
    # among the attacks, with a class 2 that is cheap to miss and dear to say: class 1
    cost = ((0, 1, 3), (1, 0, 3), (1, 1, 0.5))
    assert Decision(threshold=0.5, cost=cost).verdict(probability).tolist() == [0, 1, 1, 1]


def test_a_probability_at_the_threshold_raises_an_alarm() -> None:
    probability = shares((0.7, 0.3))
    (attack,) = attack_probability(probability)
    assert Decision(threshold=float(attack)).verdict(probability).tolist() == [1]
    assert Decision(threshold=float(np.nextafter(attack, 1))).verdict(probability).tolist() == [0]


def test_a_temperature_divides_the_logarithms() -> None:
    # odds of 9 to 1 at temperature 2 are 3 to 1
    np.testing.assert_allclose(Decision(2.0).calibrated(shares((0.9, 0.1))), [[0.75, 0.25]], rtol=1e-6)
    np.testing.assert_allclose(Decision(0.5).calibrated(shares((0.75, 0.25))), [[0.9, 0.1]], rtol=1e-6)
    assert Decision(0.5).calibrated(shares((0.75, 0.25))).dtype == np.float32


def test_certainty_has_a_temperature_too() -> None:
    found = Decision(4.0).calibrated(shares((1.0, 0.0), (0.0, 1.0)))
    np.testing.assert_allclose(found, [[0.999, 0.001], [0.001, 0.999]], atol=1e-5)  # 10^-12 to the power of 1/4


@given(
    st.lists(st.tuples(*[st.floats(1e-6, 1)] * 3), min_size=1, max_size=20),
    st.floats(0.05, 20),
)
def test_no_temperature_changes_which_class_is_most_probable(rows: list[tuple[float, ...]], temperature: float) -> None:
    probability = np.array(rows) / np.sum(rows, axis=1, keepdims=True)
    found = Decision(temperature).calibrated(probability)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    top = np.take_along_axis(found, probability.argmax(axis=1)[:, None], axis=1)[:, 0]
    np.testing.assert_array_equal(top, found.max(axis=1))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"temperature": 0}, "temperature=0, expected a number above 0"),
        ({"temperature": float("inf")}, "temperature=inf, expected a number above 0"),
        ({"threshold": 1.5}, r"threshold=1\.5, expected a share from 0 to 1"),
        ({"attack_prior_odds": 0.0}, r"attack_prior_odds=0\.0, expected a number above 0"),
        ({"threshold": -0.1}, r"threshold=-0\.1, expected a share"),
        ({"threshold": float("nan")}, "threshold=nan, expected a share"),
        ({"threshold": "0.5"}, "threshold='0.5', expected a share"),
        ({"temperature": float("nan")}, "temperature=nan, expected a number above 0"),
        ({"temperature": 5e-324}, "temperature=5e-324, expected a number above 0, from 0.001 to 1000"),
        ({"temperature": True}, "temperature=True, expected a number above 0"),
        ({"attack_prior_odds": 5e-324}, "attack_prior_odds=5e-324, expected a number above 0, from 1e-06 to 1e"),
        ({"cost": ((0, 1), (float("nan"), 0))}, r"cost\[1\]\[0\]=nan, expected a number from 0"),
        ({"cost": ((0, 1e300), (1, 0))}, r"cost\[0\]\[1\]=1e\+300, expected a number from 0"),
        ({"cost": ((0, 1), (1,))}, "expected a row for each class"),
        ({"cost": 3}, "cost=3, expected a row for each class"),
        ({"cost": ((0, 1), (0, 0))}, "expected a cost for a missed attack"),
    ],
)
def test_what_cannot_be_decided_by_is_named(fields: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Decision(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("decision", [Decision(), Decision(cost=((0, 1), (1, 0))), Decision(attack_prior_odds=2)])
@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_no_number_is_no_verdict(decision: Decision, wrong: float) -> None:
    """`argmax` gives 0 for NaN, the index of normal traffic."""
    with pytest.raises(
        ValueError, match=rf"record 2: found the class probabilities \[{wrong}, 0\.5\], expected finite"
    ):
        decision.verdict(np.array([[0.5, 0.5], [wrong, 0.5]], dtype=np.float32))
