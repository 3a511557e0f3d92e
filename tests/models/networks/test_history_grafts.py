"""History grafts: rows with the columns of a normal record and the history of an attack."""

import numpy as np
import pytest

from src.models.networks.history_grafts import graft

PAST = np.array([1, 3])
# normal rows have values below 100, attacks above: where a value comes from can be read off it
NORMAL = np.arange(40, dtype=np.float32).reshape(10, 4)
ATTACKS = 100 + np.arange(12, dtype=np.float32).reshape(3, 4)
X = np.concatenate([NORMAL, ATTACKS])
Y = np.array([0] * 10 + [1, 2, 2], dtype=np.int32)
WEIGHT = np.array([1.0] * 10 + [2.0, 4.0, 6.0], dtype=np.float32)


def test_copies_have_the_columns_of_a_normal_row_and_the_history_class_and_half_the_weight_of_an_attack() -> None:
    found, y, weight = graft(X, Y, WEIGHT, PAST, 5.0, seed=0)
    assert (found.shape, found.dtype, y.dtype, weight.dtype) == ((13 + 50, 4), np.float32, np.int32, np.float32)
    np.testing.assert_array_equal(found[:13], X)
    np.testing.assert_array_equal(y[:13], Y)
    assert weight.mean() == pytest.approx(1)
    factor = weight[0]  # weight of a row that had 1
    np.testing.assert_allclose(weight[:13], WEIGHT * factor, rtol=1e-6)
    of = {row[1]: place for place, row in enumerate(ATTACKS)}
    for row, one, heavy in zip(found[13:], y[13:], weight[13:], strict=True):
        partner = of[row[1]]
        assert row[3] == ATTACKS[partner, 3]
        assert row[[0, 2]].tolist() in NORMAL[:, [0, 2]].tolist()
        assert one == Y[10 + partner]
        assert heavy == pytest.approx(WEIGHT[10 + partner] / 2 * factor)
    assert len(np.unique(found[13:, 0])) > 5  # several normal rows
    assert len(np.unique(found[13:, 1])) == 3  # every attack


@pytest.mark.parametrize(("share", "count"), [(0.1, 1), (0.5, 5), (0.01, 0)])
def test_there_are_as_many_as_a_share_of_the_normal_rows(share: float, count: int) -> None:
    assert [len(one) for one in graft(X, Y, WEIGHT, PAST, share, seed=0)] == [13 + count] * 3


def test_the_draw_is_of_the_seed() -> None:
    one, again, other = (graft(X, Y, WEIGHT, PAST, 1.0, seed=seed)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_the_rows_given_are_left_as_they_are() -> None:
    before = X.copy(), WEIGHT.copy()
    graft(X, Y, WEIGHT, PAST, 1.0, seed=0)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(WEIGHT, before[1])


@pytest.mark.parametrize("one_class", [0, 1])
def test_where_one_side_lacks_there_are_none(one_class: int) -> None:
    found, _, _ = graft(X, np.full(13, one_class, dtype=np.int32), WEIGHT, PAST, 1.0, seed=0)
    np.testing.assert_array_equal(found, X)
