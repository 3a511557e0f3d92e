"""Splitting: three parts of the configured sizes that share no record and, grouped, no feature vector."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import ValidationError

from src.data.duplicates import overlap, vector_ids
from src.data.sampling import Task, draw
from src.data.splitting import SPLIT_PARTS, Split
from src.data.tables import Table
from tests.kdd import encode, read_blocks, simulate

FRACTIONS = {"train": 0.6, "val": 0.2, "test": 0.2}
RANDOM, GROUPED = Split("random", **FRACTIONS), Split("grouped", **FRACTIONS)
OFFICIAL = Split("official", 0.8, 0.2, "published")
kinds = pytest.mark.parametrize("split", [RANDOM, GROUPED], ids=["random", "grouped"])

# Few values in few columns: most vectors occur more than once.
duplicates = st.integers(1, 60).flatmap(
    lambda n: st.tuples(
        arrays(np.float32, st.tuples(st.just(n), st.integers(1, 3)), elements=st.integers(0, 2).map(float)),
        arrays(np.int32, n, elements=st.integers(0, 2)),
    )
)


def divide(split: Split, X: np.ndarray, target: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Divide the records of X, shape (n, d)."""
    return split.divide(vector_ids(X), target, seed)


@pytest.fixture(scope="module")
def sampled() -> tuple[np.ndarray, np.ndarray]:
    """The paper's binary set at a tenth of its size, of simulated records."""
    text = b"".join(simulate("train", 50_000, 0))
    (block,) = read_blocks(BytesIO(text), "simulated")
    attacks = tuple(block.label.dictionary.to_pylist())
    records = Table(encode(block.columns)[0], block.label.indices.to_numpy(), attacks, block.line)
    classes = {"normal": {"attacks": ["normal"], "count": 10_000}, "attack": {"attacks": "others", "count": 10_015}}
    task = Task("binary", classes)
    index, target, _ = draw(records, task, seed=0)
    return records.X[index], target


@kinds
@given(records=duplicates, seed=st.integers(0, 5))
@settings(deadline=None)
def test_every_record_is_in_one_part(split: Split, records: tuple[np.ndarray, np.ndarray], seed: int) -> None:
    places = divide(split, *records, seed)
    assert tuple(places) == SPLIT_PARTS
    assert np.sort(np.concatenate([*places.values()])).tolist() == list(range(len(records[0])))


@given(records=duplicates, seed=st.integers(0, 5))
@settings(deadline=None)
def test_official_puts_every_record_in_training_or_validation(
    records: tuple[np.ndarray, np.ndarray], seed: int
) -> None:
    places = divide(OFFICIAL, *records, seed)
    assert tuple(places) == ("train", "val")
    assert np.sort(np.concatenate([*places.values()])).tolist() == list(range(len(records[0])))


@pytest.mark.parametrize("split", [GROUPED, OFFICIAL], ids=["grouped", "official"])
@given(records=duplicates, seed=st.integers(0, 5))
@settings(deadline=None)
def test_grouped_and_official_never_split_a_feature_vector(
    split: Split, records: tuple[np.ndarray, np.ndarray], seed: int
) -> None:
    X, target = records
    places = divide(split, X, target, seed)
    vectors = [set(map(tuple, X[place].tolist())) for place in places.values()]
    assert sum(map(len, vectors)) == len(set().union(*vectors))


@given(sizes=st.tuples(*[st.integers(1, 100)] * 3), seed=st.integers(0, 5))
@settings(deadline=None)
def test_random_gives_every_class_its_shares_to_the_nearest_record(sizes: tuple[int, ...], seed: int) -> None:
    target = np.repeat(np.arange(3, dtype=np.int32), sizes)
    places = divide(RANDOM, np.zeros((len(target), 1), np.float32), target, seed)
    for part, place in places.items():
        counts = np.bincount(target[place], minlength=3)
        assert (abs(counts - FRACTIONS[part] * np.array(sizes)) <= 1).all()


def test_random_shares_are_exact_where_they_can_be() -> None:
    target = np.repeat(np.array([0, 1], dtype=np.int32), [50, 10])
    places = divide(RANDOM, np.zeros((60, 1), np.float32), target, seed=0)
    assert {part: np.bincount(target[place]).tolist() for part, place in places.items()} == {
        "train": [30, 6], "val": [10, 2], "test": [10, 2],
    }  # fmt: skip


def test_grouped_keeps_together_what_differs_by_the_sign_of_zero() -> None:
    X = np.array([[0.0], [-0.0]] * 50, dtype=np.float32)
    places = divide(GROUPED, X, np.zeros(100, np.int32), seed=0)
    assert sorted(len(place) for place in places.values()) == [0, 0, 100]


def test_grouped_sizes_are_near_their_shares_on_realistic_records(sampled: tuple[np.ndarray, np.ndarray]) -> None:
    X, target = sampled
    assert len(np.unique(vector_ids(X))) < 0.7 * len(X)  # many copies
    for seed in (0, 1):
        places = divide(GROUPED, X, target, seed)
        for part, place in places.items():
            assert len(place) / len(X) == pytest.approx(FRACTIONS[part], abs=0.01)
            assert target[place].mean() == pytest.approx(target.mean(), abs=0.01)


def test_grouped_shares_no_vector_where_random_shares_most(sampled: tuple[np.ndarray, np.ndarray]) -> None:
    ids = vector_ids(sampled[0])
    shared = {}
    for split in (RANDOM, GROUPED):
        places = divide(split, *sampled, 0)
        shared[split.name] = overlap(ids[places["train"]], ids[places["test"]])
    assert shared["grouped"] == 0
    assert shared["random"] > 0.3


def test_grouped_places_a_vector_that_is_half_of_a_class_and_still_meets_the_shares() -> None:
    X = np.concatenate([np.zeros(500), np.arange(1, 501)]).astype(np.float32)[:, None]
    places = divide(GROUPED, X, np.zeros(1_000, np.int32), seed=0)
    assert {part: len(place) for part, place in places.items()} == {"train": 600, "val": 200, "test": 200}
    assert (X[places["train"]] == 0).sum() == 500


def test_official_sizes_are_near_their_shares_on_realistic_records(sampled: tuple[np.ndarray, np.ndarray]) -> None:
    X, target = sampled
    places = divide(OFFICIAL, X, target, seed=0)
    assert len(places["train"]) / len(X) == pytest.approx(0.8, abs=0.01)
    assert target[places["val"]].mean() == pytest.approx(target.mean(), abs=0.01)


# Distinct


@pytest.mark.parametrize("split", [RANDOM, GROUPED, OFFICIAL], ids=lambda split: split.name)
@given(records=duplicates, seed=st.integers(0, 5))
@settings(deadline=None)
def test_distinct_keeps_one_training_record_of_each_vector_and_class_and_all_of_the_rest(
    split: Split, records: tuple[np.ndarray, np.ndarray], seed: int
) -> None:
    X, target = records
    everything = divide(split, X, target, seed)
    places = divide(replace(split, distinct=True), X, target, seed)
    kinds = [(*vector, one) for vector, one in zip(X.tolist(), target.tolist(), strict=True)]
    kept = [kinds[place] for place in places["train"]]
    assert sorted(kept) == sorted({kinds[place] for place in everything["train"]})
    assert [place for place in everything["train"] if place in set(places["train"])] == places["train"].tolist()
    for part in tuple(places)[1:]:
        assert places[part].tolist() == everything[part].tolist()


def test_distinct_keeps_a_vector_once_for_each_class_that_it_has() -> None:
    X = np.array([[1], [1], [1], [2], [2]] * 2, dtype=np.float32)
    target = np.array([0, 0, 1, 1, 1] * 2, dtype=np.int32)
    train = divide(replace(OFFICIAL, distinct=True), X, target, seed=0)["train"]  # all ten before: two large groups
    assert sorted((int(X[place, 0]), int(target[place])) for place in train) == [(1, 0), (1, 1), (2, 1)]


@kinds
def test_the_same_seed_divides_the_same_and_another_seed_otherwise(
    split: Split, sampled: tuple[np.ndarray, np.ndarray]
) -> None:
    first, again, other = (divide(split, *sampled, seed) for seed in (0, 0, 1))
    for part in SPLIT_PARTS:
        assert first[part].tolist() == again[part].tolist()
        assert set(first[part].tolist()) != set(other[part].tolist())


@kinds
def test_records_come_in_random_order(split: Split, sampled: tuple[np.ndarray, np.ndarray]) -> None:
    target = sampled[1]  # class by class before
    place = divide(split, *sampled, 0)["train"]
    shares = [target[one].mean() for one in np.array_split(place, 5)]
    assert shares == pytest.approx([0.5] * 5, abs=0.05)  # standard deviation 0.01


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"test": 0.3}, r"train \+ val \+ test is 1\.1, expected 1"),
        ({"train": 0.5}, r"train \+ val \+ test is 0\.9, expected 1"),
        ({"train": 0.8, "val": 0.2, "test": 0.0}, r"test=0\.0: expected a share between 0 and 1 with split=random"),
        ({"train": 0.8, "test": "published"}, "test=published: expected a share between 0 and 1 with split=random"),
        ({"train": 1.2, "val": -0.4}, "train\n.*less than 1"),
        ({"name": "chronological"}, "name\n.*'random', 'grouped' or 'official'"),
        ({"name": "official"}, r"test=0\.2: expected `published` with split=official"),
        ({"name": "official", "test": "published"}, r"train \+ val is 0\.8, expected 1"),
        ({"test": "public"}, "test"),
        ({"valid": 0.2}, "valid"),
        ({"distinct": 2}, "distinct"),
    ],
)
def test_fractions_that_are_no_partition_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Split(**{"name": "random"} | FRACTIONS | wrong)
