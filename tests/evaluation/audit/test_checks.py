"""The audit as a whole: data without a fault raise nothing, and each planted fault raises its own check."""

from dataclasses import replace

import numpy as np
import pytest

from src.evaluation.audit.checks import SplitRows, audit
from src.evaluation.audit.findings import Finding, count_levels, metrics
from src.evaluation.audit.records import Records
from tests.evaluation.audit.made import by_check, records, take, with_columns

TRAIN, TEST = records("train", 4000, 0), records("test", 2000, 1)


def alternating(file: Records) -> SplitRows:
    """Every other record in training, the others in test."""
    return SplitRows(np.arange(0, len(file), 2), np.arange(1, len(file), 2))


def run(train: Records = TRAIN, test: Records = TEST, *, ordered: bool = False) -> dict[tuple[str, str], Finding]:
    return by_check(audit(train, [test], alternating(train), ordered=ordered, seed=0))


def raised(found: dict[tuple[str, str], Finding]) -> dict[str, str]:
    """Levels of the findings that are not green."""
    return {f"{check}.{part}": one.level for (check, part), one in found.items() if one.level != "green"}


def test_data_without_a_fault_raise_nothing() -> None:
    found = run()
    assert raised(found) == {}
    assert len(found) == 23
    assert count_levels(found.values()) == {"red": 0, "yellow": 0, "grey": 0, "green": 23}


def test_an_audit_repeats_to_the_digit() -> None:
    assert metrics(run().values()) == metrics(run().values())


def test_what_needs_a_test_file_is_grey_without_one_and_so_is_a_split_that_fails() -> None:
    found = by_check(audit(TRAIN, [], "a class has no record", ordered=False, seed=0))
    assert set(raised(found).values()) == {"grey"}
    assert set(raised(found)) == {
        *("shared.test", "contradicted.test", "outside.test", "new_labels.test"),
        *("shared.split", "neighbors.split"),
    }
    assert found["shared", "split"].text == "Not checked: a class has no record."
    assert "no test file" in found["shared", "test"].text


def test_published_tests_leave_the_split_out() -> None:
    found = by_check(audit(TRAIN, [TEST], None, ordered=False, seed=0))
    assert "split" not in {part for _, part in found}


def half_copied(file: Records) -> Records:
    return take(file, np.random.default_rng(0).integers(0, len(file) // 2, len(file)))


def sorted_by_label(file: Records) -> Records:
    return take(file, np.argsort(file.label, kind="stable"))


IDS, LEAK = np.arange(4000, dtype=np.float32), (TRAIN.label != 0).astype(np.float32)
SHUFFLED = np.random.default_rng(1).permutation(4000)
# a training file with a fault, and the levels that it must raise
FAULTS = {
    "copies": (half_copied(TRAIN), {"copies.train": "red", "shared.split": "red"}),
    "give-away": (
        with_columns(TRAIN, {"leak": LEAK * 40 + np.random.default_rng(1).integers(0, 40, 4000).astype(np.float32)}),
        {"giveaways.train": "red"},
    ),
    "constant": (with_columns(TRAIN, {"zero": np.zeros(4000, np.float32)}), {"constant.train": "yellow"}),
    "redundant": (
        with_columns(TRAIN, {"double": TRAIN.columns["loss"] * 2}),
        {"redundant.train": "yellow"},
    ),
    "identifier": (with_columns(TRAIN, {"id": IDS[SHUFFLED]}), {"identifiers.train": "red"}),
    "time": (with_columns(TRAIN, {"time": np.floor(IDS / 9)}), {"sorted.train": "red"}),
    "order": (sorted_by_label(TRAIN), {"order.train": "yellow", "neighbors.split": "red"}),
    "range": (with_columns(TRAIN, {"seconds": TRAIN.columns["seconds"] / 2}), {"outside.test": "red"}),
    "word": (
        with_columns(TRAIN, {"proto": np.where(TRAIN.columns["seconds"] > 0.5, 2, TRAIN.columns["proto"] * 0)}),
        {"outside.test": "red"},
    ),
    "label": (take(TRAIN, np.flatnonzero(TRAIN.label != 2)), {"new_labels.test": "red", "classes.train": "red"}),
    "few": (take(TRAIN, np.r_[np.flatnonzero(TRAIN.label != 2), np.flatnonzero(TRAIN.label == 2)[:5]]),
            {"classes.train": "red"}),
    "missing": (replace(TRAIN, missing={"bytes": 1200}), {"missing.train": "red"}),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_raises_its_check_and_no_other(fault: str) -> None:
    train, expected = FAULTS[fault]
    columns = {name: TEST.columns.get(name, train.columns[name][: len(TEST)]) for name in train.columns}
    test = with_columns(TEST, {name: column for name, column in columns.items() if name not in TEST.columns})
    found = run(train, test)
    levels = {name: level for name, level in raised(found).items() if not name.endswith(".test") or name in expected}
    assert levels == expected


def test_conflicting_labels_within_and_across_files_are_found() -> None:
    twice = replace(take(TRAIN, np.arange(4000) // 2), label=np.arange(4000) % 2)  # each vector normal and an attack
    normal, attacks = take(twice, np.arange(0, 4000, 2)), take(twice, np.arange(1, 4000, 2))
    levels = raised(run(twice, replace(normal, part="test")))
    assert levels["conflicts.train"] == "red"
    assert "contradicted.test" not in levels  # training has both labels of each vector
    levels = raised(run(replace(normal, label=TRAIN.label[:2000]), replace(attacks, part="test")))
    assert levels["contradicted.test"] == "red"
