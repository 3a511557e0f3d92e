"""Scaling: scikit-learn's contract, min-max as it is there, logarithms and indicators by hand."""

from math import log
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from src.features.scaling import Scaling, UnitRange, one_hot
from tests.kdd import COLUMNS, FEATURES, KDD, SERVICES


@parametrize_with_checks([UnitRange(), UnitRange(log=(0,), clip=True), UnitRange(one_hot=(0,), codes=(3,))])
def test_follows_the_estimator_contract(estimator: UnitRange, check: Any) -> None:
    check(estimator)


@pytest.fixture
def records() -> np.ndarray:
    """100 made-up encoded records, float32, stored column by column as they are: counts that differ by factors."""
    rng = np.random.default_rng(0)
    X = np.asfortranarray(np.floor(np.exp(rng.uniform(0, 14, (100, 53)))).astype(np.float32))
    X[:, FEATURES.index("service")] = rng.integers(0, 71, 100)
    X[:, 40:] = rng.integers(0, 2, (100, 13))
    return X


def test_plain_scaling_is_that_of_scikit_learn_bit_for_bit(records: np.ndarray) -> None:
    ours, theirs = Scaling("minmax", clip=False, one_hot_service=False).scaler(KDD), MinMaxScaler()
    np.testing.assert_array_equal(ours.fit_transform(records[:50]), theirs.fit_transform(records[:50]))
    np.testing.assert_array_equal(ours.transform(records), theirs.transform(records))
    assert ours.transform(records).dtype == np.float32
    assert ours.transform(records).max() > 1  # what training did not have is outside


def test_logarithms_are_taken_before_the_range() -> None:
    train = np.array([[0.0, 0.0], [3.0, 3.0], [15.0, 15.0]])
    scaler = UnitRange(log=(1,)).fit(train)
    # log(1 + 3) / log(1 + 15) is one half
    np.testing.assert_allclose(scaler.transform(train), [[0, 0], [0.2, 0.5], [1, 1]])
    np.testing.assert_allclose(scaler.transform([[30.0, 255.0]]), [[2, 2]])
    assert train[2].tolist() == [15, 15]  # what came in is left as it was


def test_values_outside_the_range_of_training_are_cut_with_clip() -> None:
    train = np.array([[0.0], [3.0], [15.0]])
    new = [[255.0], [0.0], [7.0]]
    assert UnitRange(log=(0,), clip=True).fit(train).transform(new)[:, 0] == pytest.approx([1, 0, 0.75])
    assert UnitRange(log=(0,), clip=False).fit(train).transform(new)[:, 0] == pytest.approx([2, 0, 0.75])
    assert UnitRange(clip=True).fit(train[1:]).transform([[0.0], [16.0]])[:, 0].tolist() == [0, 1]


def test_log_scaling_is_of_bytes_and_counts_alone(records: np.ndarray) -> None:
    plain = Scaling("minmax", clip=False, one_hot_service=False).scaler(KDD).fit(records)
    logged = Scaling("log_minmax", clip=False, one_hot_service=False).scaler(KDD).fit(records)
    expected = plain.transform(records)
    for place, name in enumerate(FEATURES):
        if COLUMNS.get(name) == "count":
            values = np.log1p(records[:, place].astype(np.float64))
            expected[:, place] = (values - values.min()) / (values.max() - values.min())
    np.testing.assert_allclose(logged.transform(records), expected, atol=1e-6)
    untouched = [place for place, name in enumerate(FEATURES) if COLUMNS.get(name) != "count"]
    np.testing.assert_array_equal(logged.transform(records)[:, untouched], plain.transform(records)[:, untouched])
    assert {"duration", "src_bytes", "count", "dst_host_srv_count"} <= {FEATURES[place] for place in logged.log}


def test_a_negative_value_has_no_logarithm() -> None:
    with pytest.raises(ValueError, match="found -2 in column 1, expected 0 or more, which has a logarithm; use sca"):
        UnitRange(log=(1,)).fit([[0.0, 1.0], [0.0, -2.0]])


def test_a_code_gives_way_to_its_indicators_behind_the_other_columns() -> None:
    X = np.array([[5, 2, 7], [6, 0, 8], [4, 9, 9]], dtype=np.float32)  # 9 is no code
    found = one_hot(X, [1], [3])
    assert found.tolist() == [[5, 7, 0, 0, 1], [6, 8, 1, 0, 0], [4, 9, 0, 0, 0]]
    assert found.dtype == np.float32


@pytest.mark.parametrize("name", ["minmax", "log_minmax"])
def test_services_have_an_indicator_each_and_the_unknown_ones_one_together(name: Any, records: np.ndarray) -> None:
    scaling = Scaling(name, clip=True, one_hot_service=True)
    assert len(scaling.features(KDD)) == len(set(scaling.features(KDD))) == 123 == 52 + 71
    service = FEATURES.index("service")
    records[:71, service] = range(71)  # so that every indicator varies
    scaled = scaling.scaler(KDD).fit_transform(records)
    assert scaled.shape == scaling.unscaled(records, KDD).shape == (100, 123)
    for row in range(71):
        (place,) = np.flatnonzero(scaled[row, 52:])
        assert scaled[row, 52 + place] == 1
        assert scaling.features(KDD)[52 + place] == f"service_{(*SERVICES, 'unknown')[row]}"
    plain = Scaling(name, clip=True, one_hot_service=False)
    others = [place for place in range(53) if place != service]
    np.testing.assert_array_equal(scaled[:, :52], plain.scaler(KDD).fit_transform(records)[:, others])
    assert scaling.features(KDD)[:52] == tuple(FEATURES[place] for place in others)


def test_without_indicators_the_features_are_the_papers(records: np.ndarray) -> None:
    scaling = Scaling("log_minmax", clip=True, one_hot_service=False)
    assert scaling.features(KDD) == FEATURES
    assert scaling.unscaled(records, KDD) is records


def test_log_scaling_brings_the_logarithm_of_two_magnitudes_apart_evenly() -> None:
    scaler = UnitRange(log=(0,)).fit([[0.0], [999.0]])
    assert scaler.transform([[9.0]])[0, 0] == pytest.approx(log(10) / log(1000))
