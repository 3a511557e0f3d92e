"""Ranks, logarithms and indicators by hand, and as a layer."""

from collections.abc import Callable

import numpy as np
import pytest

from src.models.interface import Fitted
from src.models.networks import column_forms
from src.models.networks.column_forms import fit_forms
from src.models.networks.form_layers import FormsOfColumns
from src.models.networks.keras_setup import load_keras
from tests.models.conftest import make_lstm

# a count up to 4, scaled; an indicator; a constant; and codes
X = np.array([[0, 0, 3, 0.2], [0.25, 1, 3, 0.4], [0.5, 0, 3, 0.2], [1, 1, 3, 0.9]], dtype=np.float32)


def forms_of(X: np.ndarray, *fitted: object) -> np.ndarray:
    layer = fit_forms(*fitted).layer(1)  # type: ignore[arg-type, union-attr]
    return np.asarray(layer(X[:, :, None]))[:, :, 0]


def test_edges_units_and_codes_come_from_the_distinct_values() -> None:
    found = fit_forms(X, "rank_logarithm", [3])
    assert found is not None
    assert (found.ranked, found.edges) == ([0, 1, 2], [[0.25, 0.5, 1.0], [1.0], []])
    assert (found.logged, found.units) == ([0], [0.25])  # of two values or one, the logarithm equals the rank
    assert found.coded == [3]
    np.testing.assert_allclose(found.codes, [[0.2, 0.4, 0.9]], rtol=1e-6)
    assert found.columns.tolist() == [0, 1, 2, 0, 3, 3, 3]
    assert fit_forms(X, "value", [3]) is None


def test_a_record_is_its_ranks_then_its_logarithms_then_its_indicators() -> None:
    records = np.array([[0.3, 1, 3, 0.4], [7, 0, 9, 0.5], [-1, 0, 3, 0.9]], dtype=np.float32)
    found = forms_of(records, X, "rank_logarithm", [3])
    # log(1 + 4 * 0.3) / log(5); above the range of training the logarithm goes on, and an unknown code has no indicator
    by_hand = [
        [1 / 3, 1, 0, np.log(2.2) / np.log(5), 0, 1, 0],
        [1, 0, 0, np.log(29) / np.log(5), 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 1],
    ]
    np.testing.assert_allclose(found, by_hand, atol=1e-6)
    np.testing.assert_allclose(forms_of(records, X, "rank", [3]), np.delete(by_hand, 3, axis=1), atol=1e-6)
    logarithms = forms_of(records[:1], X, "logarithm", [3])
    np.testing.assert_allclose(logarithms[0, :2], [np.log(2.2) / np.log(5), 1], atol=1e-6)


def test_ranks_are_those_of_numpy_for_any_number_of_edges() -> None:
    rng = np.random.default_rng(0)
    sizes = (2, 3, 4, 9, 255, 256, 257, 900)
    data = np.stack([rng.integers(0, size, 3000) / np.float32(size) for size in sizes], axis=1).astype(np.float32)
    forms = fit_forms(data, "rank", [])
    assert forms is not None
    assert max(map(len, forms.edges)) == column_forms.MOST_EDGES
    found = forms_of(data, data, "rank", [])
    for column, edges in enumerate(forms.edges):
        expected = np.searchsorted(np.array(edges, np.float32), data[:, column], side="right") / len(edges)
        np.testing.assert_allclose(found[:, column], expected, rtol=1e-6)


def test_a_record_with_a_value_that_is_no_number_has_no_forms() -> None:
    records = np.array([[np.nan, 1, 3, 0.4], [0.5, 1, 3, 0.4]], dtype=np.float32)
    found = forms_of(records, X, "rank_logarithm", [3])
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1]).all()


def test_windows_have_the_forms_of_their_records() -> None:
    forms = fit_forms(X, "rank_logarithm", [3])
    assert forms is not None
    found = np.asarray(forms.layer(2)(X.reshape(2, 2, 4)))
    np.testing.assert_array_equal(found.reshape(4, -1), forms_of(X, X, "rank_logarithm", [3]))


def test_the_layer_is_rebuilt_from_its_config() -> None:
    forms = fit_forms(X, "rank_logarithm", [3])
    assert forms is not None
    layer = forms.layer(1)
    again = load_keras().saving.deserialize_keras_object(load_keras().saving.serialize_keras_object(layer))
    assert isinstance(again, FormsOfColumns)
    np.testing.assert_array_equal(again(X[:, :, None]), layer(X[:, :, None]))
    with pytest.raises(ValueError, match="found columns without edges"):
        FormsOfColumns([0], [], [], [], [], [], 1)


def test_more_codes_than_a_network_can_have_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_forms, "MOST_CODES", 2)
    with pytest.raises(ValueError, match="column 4 of the model input: found 3 codes, expected at most 2"):
        fit_forms(X, "rank", [3])


def test_a_network_reads_each_form_in_the_step_of_its_column(fit: Callable[..., Fitted]) -> None:
    y = np.array([0, 1, 0, 1], dtype=np.int32)
    model = make_lstm(form="rank_logarithm", units=2, dense=3)
    fitted = fit(model, (X, y), steps=np.array([0, 1, 1, 0]), codes=[3], epochs=1)
    network = fitted.classifier._network  # type: ignore[attr-defined]
    grouped = next(layer for layer in network.layers if type(layer).__name__ == "Grouped")
    assert grouped.steps == [0, 1, 1, 0, 0, 0, 0]
    assert [layer.units for layer in network.layers if type(layer).__name__ == "Dense"] == [3, 2]
