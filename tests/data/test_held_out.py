"""Parts of a selection: left-out types, blocks within label runs, gaps, and no copy of training."""

from typing import Any

import numpy as np
import pytest

from src.data.held_out import HeldOutTypes, left_out_types

N = 3000
# runs of normal traffic with a flood, a probe and a short attack between them
LABEL = np.array(
    ["normal"] * 1000 + ["smurf"] * 700 + ["normal"] * 300 + ["neptune"] * 500 + ["ipsweep"] * 100 + ["perl"] * 400
)
ROW = np.arange(1, N + 1)
VECTOR = np.arange(N, dtype=np.uint64)
TARGET = (LABEL != "normal").astype(np.int32)


def make_split(**changes: Any) -> HeldOutTypes:
    values: dict[str, Any] = {
        **{"name": "held_out_types", "folds": 4, "fold": None, "held_out": 0.2, "block": 50, "gap": 10},
        **{"train": 0.9, "val": 0.1, "distinct": False},
    }
    return HeldOutTypes(**(values | changes))


def divide(seed: int = 0, vector: np.ndarray = VECTOR, **changes: Any) -> dict[str, np.ndarray]:
    return make_split(**changes).divide(vector, TARGET, seed, label=LABEL, row=ROW)


def test_each_type_is_left_out_in_one_fold_and_each_category_is_spread_over_the_folds() -> None:
    labels = ["normal", "back", "neptune", "smurf", "teardrop", "perl", "rootkit"]
    folds = [left_out_types(labels, fold, 4) for fold in range(4)]
    assert sorted(name for fold in folds for name in fold) == sorted(labels[1:])
    assert [len(fold) for fold in folds] == [2, 2, 1, 1]


def test_the_types_of_a_fold_are_in_the_test_part_alone() -> None:
    seen = set()
    for seed in range(4):
        parts = divide(seed)
        left_out = set(left_out_types(np.unique(LABEL).tolist(), seed, 4))
        seen |= left_out
        for part in ("train", "val"):
            assert not left_out & set(LABEL[parts[part]])
        for name in left_out:
            assert np.isin(np.flatnonzero(name == LABEL), parts["test"]).all()
    assert seen == set(LABEL) - {"normal"}
    # the seed modulo the folds chooses the types, and the whole seed the blocks
    assert set(LABEL[divide(4)["train"]]) == set(LABEL[divide(0)["train"]])
    assert not np.array_equal(divide(4)["test"], divide(0)["test"])
    np.testing.assert_array_equal(divide(0)["train"], divide(0)["train"])


def test_blocks_are_within_a_label_run_and_their_neighbors_in_it_are_in_no_part() -> None:
    parts = divide(3, fold=2)
    used = np.zeros(N, dtype=int)
    for number, name in enumerate(("train", "val", "test"), 1):
        assert not used[parts[name]].any()
        used[parts[name]] = number
    known = ~np.isin(LABEL, left_out_types(np.unique(LABEL).tolist(), 2, 4))
    held_out = (used == 3) & known
    assert 0.15 < held_out.mean() / known.mean() < 0.25
    for row in np.flatnonzero(held_out):
        for other in range(max(0, row - 10), min(N, row + 11)):
            between = LABEL[min(row, other) : max(row, other) + 1]
            assert used[other] in (0, 3) or len(set(between)) > 1  # a gap ends with the run
    assert (used == 0).sum() > 0
    assert divide(3, fold=2, gap=0)["train"].size + divide(3, fold=2, gap=0)["val"].size > (used % 3 > 0).sum()


def test_validation_has_its_share_of_the_vectors_and_no_copy_is_in_two_parts() -> None:
    vector = VECTOR // 3  # three copies of each
    parts = divide(0, vector=vector, block=1, gap=0)
    train, val, test = (set(vector[parts[name]]) for name in ("train", "val", "test"))
    assert not train & val
    assert 0.08 < len(val) / (len(train) + len(val)) < 0.12
    known = ~np.isin(LABEL, left_out_types(np.unique(LABEL).tolist(), 0, 4))
    held_out = {vector[row] for row in parts["test"] if known[row]}
    assert not held_out & (train | val)
    assert test


def test_distinct_parts_keep_the_first_record_of_each_vector_and_label() -> None:
    vector = VECTOR // 3
    parts = divide(0, vector=vector, distinct=True)
    for part in ("train", "test"):
        kept = parts[part]
        assert len(kept) == len(set(zip(vector[kept], LABEL[kept], strict=True)))
    whole = divide(0, vector=vector)
    first = {(vector[row], LABEL[row]): row for row in sorted(whole["train"], reverse=True)}
    assert sorted(parts["train"]) == sorted(first.values())
    assert len(parts["val"]) == len(whole["val"])


def test_a_class_whose_types_are_all_left_out_is_named() -> None:
    target = TARGET + (LABEL == "smurf")
    with pytest.raises(ValueError, match="found that fold 2 leaves out smurf, the only types of a class, expected"):
        make_split(fold=2).divide(VECTOR, target, 0, label=LABEL, row=ROW)
    assert set(target[make_split(fold=1).divide(VECTOR, target, 0, label=LABEL, row=ROW)["train"]]) == {0, 1, 2}


def test_shares_that_are_not_one_are_refused() -> None:
    with pytest.raises(ValueError, match=r"train \+ val is 1.1, expected 1"):
        make_split(val=0.2)
    with pytest.raises(ValueError, match="fold=4: expected a whole number from 0 to 3, or none"):
        make_split(fold=4)
