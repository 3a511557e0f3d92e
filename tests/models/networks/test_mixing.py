"""Mixed records: each value is one of its column, and the shares are those that were asked for."""

import numpy as np

from src.models.networks.mixing import Mixture

# the value of each column names the record that it comes from
POOL = np.arange(1000, dtype=np.float32)[:, None] + np.zeros((1, 6), dtype=np.float32)
GROUPS = np.array([0, 0, 1, 1, 2, 2])


def drawn(by_column: float, by_group: float, chance: float = 0.4, seed: int = 0, n: int = 4000) -> np.ndarray:
    found = Mixture(by_column, by_group, chance).draw(POOL, n, np.random.default_rng(seed), GROUPS)
    assert found.shape == (n, 6)
    assert found.dtype == np.float32
    return found


def sources(records: np.ndarray) -> np.ndarray:
    """Number of records that each record has values of."""
    return np.array([len(np.unique(record)) for record in records])


def test_without_mixing_the_records_are_those_of_the_pool_drawn_with_replacement() -> None:
    found = drawn(0, 0)
    assert (sources(found) == 1).all()
    assert 900 < len(np.unique(found)) < 1000


def test_mixed_by_column_each_value_comes_from_a_record_of_its_own() -> None:
    found = drawn(1, 0)
    own = sources(found)
    # a chance drawn from 0 to 1 gives each number of other records, 0 to 6, the same share
    others = np.bincount(own, minlength=7)[1:] / len(found)
    np.testing.assert_allclose(others[1:5], 1 / 7, atol=0.03)  # one, two and more sources; 6 have 5 or 6 others
    assert np.isin(found, POOL).all()


def test_mixed_by_group_the_columns_of_a_group_stay_together() -> None:
    found = drawn(0, 1)
    assert (found[:, 0::2] == found[:, 1::2]).all()
    same = (found[:, 0] == found[:, 2]) & (found[:, 2] == found[:, 4])
    # none of three groups is replaced, or two of them are, but by different records
    np.testing.assert_allclose(same.mean(), 0.6**3, atol=0.03)


def test_the_shares_add_up_and_the_order_is_random() -> None:
    found = drawn(0.25, 0.25, chance=1.0)
    pairs = (found[:, 0::2] == found[:, 1::2]).all(axis=1)
    whole = sources(found) == 1
    np.testing.assert_allclose(whole.mean(), 0.5 + 0.25 / 7, atol=0.02)
    np.testing.assert_allclose((pairs & ~whole).mean(), 0.25, atol=0.02)
    halves = whole[:2000].mean(), whole[2000:].mean()
    np.testing.assert_allclose(*halves, atol=0.05)


def test_the_same_seed_draws_the_same_records() -> None:
    np.testing.assert_array_equal(drawn(0.3, 0.3), drawn(0.3, 0.3))
    assert (drawn(0.3, 0.3) != drawn(0.3, 0.3, seed=1)).any()
    assert (np.arange(1000)[:, None] == POOL).all()  # the pool is not changed
