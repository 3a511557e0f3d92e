"""Sampling: which attack types make a class, and how many records of it are drawn."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import DictConfig, OmegaConf
from pydantic import ValidationError

from src.config.build import build
from src.data.sampling import Task, draw, with_target
from src.data.schema import CATEGORIES, LABELS, NORMAL
from src.data.tables import Table


def table(**records: int) -> Table:
    """So many records of each label, mixed."""
    names = tuple(records)
    attack = np.random.default_rng(0).permutation(np.repeat(np.arange(len(names), dtype=np.int32), [*records.values()]))
    return Table(np.zeros((len(attack), 53), np.float32), attack, names, np.arange(1, len(attack) + 1))


def task(cost: Any = None, **classes: tuple[Any, int | None]) -> Task:
    nodes = {name: {"attacks": attacks, "count": count} for name, (attacks, count) in classes.items()}
    return Task(name="some", classes=nodes, cost=cost)


def binary(normal: int | None, attack: int | None) -> Task:
    return task(normal=([NORMAL], normal), attack=("others", attack))


def labels(records: Table, index: np.ndarray) -> Counter[str]:
    return Counter(records.attacks[code] for code in records.attack[index])


# Drawing


def test_a_class_with_enough_records_gives_its_count_and_no_record_twice() -> None:
    records = table(normal=50, smurf=60, nmap=30)
    index, target, found = draw(records, binary(40, 70), seed=0)
    assert len(np.unique(index)) == len(index) == 110
    assert target.dtype == np.int32
    assert target.tolist() == [0] * 40 + [1] * 70
    assert labels(records, index[:40]) == {NORMAL: 40}
    assert set(labels(records, index[40:])) == {"smurf", "nmap"}
    assert found == {
        "normal": {"available": 50, "drawn": 40, "drawn_again": 0},
        "attack": {"available": 90, "drawn": 70, "drawn_again": 0},
    }


@pytest.mark.parametrize(
    ("asked", "times"), [(7, {1: 7}), (8, {1: 6, 2: 1}), (10, {1: 4, 2: 3}), (14, {2: 7}), (24, {3: 4, 4: 3})]
)
def test_a_class_with_too_few_uses_all_and_draws_only_the_shortfall_again(asked: int, times: dict[int, int]) -> None:
    records = table(normal=7, smurf=100)
    index, _, found = draw(records, binary(asked, 50), seed=0)
    assert Counter(Counter(index[:asked].tolist()).values()) == times
    assert labels(records, index) == {NORMAL: asked, "smurf": 50}
    assert found["normal"] == {"available": 7, "drawn": asked, "drawn_again": asked - 7}


@given(available=st.integers(1, 30), asked=st.integers(1, 200), seed=st.integers(0, 3))
@settings(deadline=None)
def test_no_record_is_drawn_twice_more_than_another(available: int, asked: int, seed: int) -> None:
    index, _, _ = draw(table(smurf=5, normal=available), binary(asked, 1), seed)
    times = np.bincount(np.unique(index[:asked], return_inverse=True)[1])
    assert times.sum() == asked
    assert len(times) == min(available, asked)
    assert times.max() - times.min() <= 1


@pytest.mark.parametrize(("scale", "drawn"), [(1.0, (100, 7)), (0.5, (50, 4)), (0.1, (10, 1)), (0.001, (1, 1))])
def test_scale_changes_the_counts_to_the_nearest_record_but_one_at_least(scale: float, drawn: tuple[int, int]) -> None:
    index, target, found = draw(table(normal=200, smurf=200), binary(100, 7), seed=0, scale=scale)
    assert tuple(np.bincount(target)) == drawn
    assert [one["drawn"] for one in found.values()] == [*drawn]
    assert len(index) == sum(drawn)


def test_the_same_seed_draws_the_same_and_another_seed_others() -> None:
    records = table(normal=300, smurf=300)
    first, again, other = (draw(records, binary(50, 50), seed)[0].tolist() for seed in (0, 0, 1))
    assert first == again
    assert set(first) != set(other)


def test_the_random_remainder_is_not_the_same_records_every_time() -> None:
    records = table(normal=20, smurf=20)
    twice = [Counter(draw(records, binary(25, 1), seed)[0].tolist()) for seed in range(30)]
    assert {row for times in twice for row, count in times.items() if count == 2} == set(
        np.flatnonzero(records.attack == 0).tolist()
    )


def test_records_of_no_class_take_no_part() -> None:
    records = table(normal=10, smurf=10, nmap=10)
    index, _, found = draw(records, task(normal=([NORMAL], 5), dos=(["smurf"], 30)), seed=0)
    assert labels(records, index) == {NORMAL: 5, "smurf": 30}
    assert found["dos"]["available"] == 10


@pytest.mark.parametrize("scale", [1.0, 0.1])
def test_a_class_without_a_count_gives_every_record_once(scale: float) -> None:
    records = table(normal=20, smurf=7, nmap=5)
    index, target, found = draw(records, binary(10, None), seed=0, scale=scale)
    assert sorted(index[target == 1]) == np.flatnonzero(records.attack != 0).tolist()
    assert found["attack"] == {"available": 12, "drawn": 12, "drawn_again": 0}
    assert found["normal"]["drawn"] == 10 * scale


def test_once_gives_every_record_of_every_class_once_whatever_the_counts() -> None:
    records = table(normal=20, smurf=7, nmap=5)
    index, target, found = draw(records, task(normal=([NORMAL], 3), dos=(["smurf"], 90)), seed=0, scale=0.5, once=True)
    assert sorted(index) == np.flatnonzero(records.attack != 2).tolist()
    assert target.tolist() == [0] * 20 + [1] * 7
    assert [one["drawn"] for one in found.values()] == [20, 7]
    assert [one["drawn_again"] for one in found.values()] == [0, 0]


def test_without_copies_no_record_is_drawn_again() -> None:
    records = table(normal=7, smurf=100)
    index, target, found = draw(records, binary(63, 50), seed=0, again=False)
    assert sorted(index[target == 0]) == np.flatnonzero(records.attack == 0).tolist()
    assert found["normal"] == {"available": 7, "drawn": 7, "drawn_again": 0}
    enough, _, _ = draw(records, binary(5, 50), seed=0, again=False)
    assert enough.tolist() == draw(records, binary(5, 50), seed=0)[0].tolist()


def test_with_target_keeps_every_record_that_the_task_knows_in_order() -> None:
    records = table(normal=5, smurf=6, nmap=4)
    whole = with_target(records, binary(1, 1))
    assert whole.X is records.X
    assert whole.row.tolist() == list(range(1, 16))
    assert whole.target.tolist() == (records.attack != 0).tolist()
    some = with_target(records, task(normal=([NORMAL], 1), probe=(["nmap"], 1)))
    assert some.row.tolist() == (np.flatnonzero(records.attack != 1) + 1).tolist()
    assert some.target.tolist() == [0 if label == NORMAL else 1 for label in np.array(some.attacks)[some.attack]]


def test_a_class_without_any_record_is_an_error_that_names_it() -> None:
    with pytest.raises(ValueError, match=r"class 'u2r' of task 'some': found no record of \['perl'\] among 30 records"):
        draw(table(normal=10, smurf=20), task(normal=([NORMAL], 5), u2r=(["perl"], 5)), seed=0)


# Tasks


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (
            {"normal": ([NORMAL], 1), "dos": (["smurf", "smurv"], 1)},
            "found the attack type 'smurv', expected one of nor",
        ),
        (
            {"normal": ([NORMAL], 1), "a": (["smurf"], 1), "b": (["nmap", "smurf"], 1)},
            "found 'smurf' in more than one class",
        ),
        ({"normal": ([NORMAL], 1), "a": ("others", 1), "b": ("others", 1)}, "at most one of them with attacks=others"),
        ({"normal": ([NORMAL], 1)}, "expected two classes or more"),
        ({"attack": ("others", 1), "normal": ([NORMAL], 1)}, r"expected the first class to be attacks=\[normal\]"),
        ({"normal": ([NORMAL], 1), "attack": ("others", 0)}, r"classes\.attack\.count\n.*greater than or equal to 1"),
        (
            {"normal": ([NORMAL], 1), "attack": ("rest", 1)},
            r"classes\.attack\.attacks\n.*expected a list of attack types, a category \(probe, dos, u2r, r2l\), or oth",
        ),
    ],
    ids=["unknown", "type-twice", "others-twice", "one-class", "normal-not-first", "no-count", "no-list"],
)
def test_a_task_that_cannot_be_is_refused_and_says_why(classes: dict[str, tuple[Any, int]], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        task(**classes)


@pytest.mark.parametrize(
    ("cost", "message"),
    [
        (
            [[0, 1]],
            r"cost: found rows of \[2\] values, expected 2 rows of 2, a row for each actual class \(normal, att",
        ),
        ([[0, 1], [1, 0], [1, 1]], r"cost: found rows of \[2, 2, 2\] values, expected 2 rows of 2"),
        ([[0, 1], [1]], r"cost: found rows of \[2, 1\] values, expected 2 rows of 2"),
        ([[0, 1], [4, 0.5]], "cost: found 0.5 for a record of 'attack' that is recognized, expected 0"),
        ([[0, -1], [4, 0]], "cost.0.1\n.*greater than or equal to 0"),
        ([[0, float("inf")], [4, 0]], "cost.0.1\n.*finite"),
        ([[0, "many"], [4, 0]], "cost.0.1\n.*number"),
    ],
)
def test_a_cost_matrix_that_cannot_be_is_refused_and_says_why(cost: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        task(cost, normal=([NORMAL], 1), attack=("others", 1))


def test_a_task_has_the_cost_that_it_was_given_or_none() -> None:
    assert task([[0, 1], [4.5, 0]], normal=([NORMAL], 1), attack=("others", 1)).cost == [[0, 1], [4.5, 0]]
    assert binary(1, 1).cost is None


DOS = {"apache2", "back", "land", "mailbomb", "neptune", "pod", "processtable", "smurf", "teardrop", "udpstorm"}


@pytest.mark.parametrize(
    ("name", "counts", "dos"),
    [
        ("binary", {"normal": 100_000, "attack": 100_148}, set()),
        ("multiclass", {"normal": 120_000, "dos": 100_000, "r2l": 100_000}, DOS),
        ("multiclass_smurf", {"normal": 120_000, "dos": 100_000, "r2l": 100_000}, {"smurf"}),
    ],
)
def test_the_papers_tasks_put_every_label_where_the_paper_has_it(
    name: str, counts: dict[str, int], dos: set[str], composed: Callable[..., DictConfig]
) -> None:
    node = OmegaConf.to_container(composed(f"task={name}").task)
    real = Task(**{key: value for key, value in node.items() if key != "_target_"})
    assert real.class_names == tuple(counts)
    assert {key: one.count for key, one in real.classes.items()} == counts
    classes = dict(zip(LABELS, (real.class_names[place] for place in real.target(LABELS)), strict=True))
    last = real.class_names[-1]
    assert classes == {label: "normal" if label == NORMAL else "dos" if label in dos else last for label in LABELS}


def test_the_five_classes_are_the_contests_categories_with_its_cost(composed: Callable[..., DictConfig]) -> None:
    five = build(composed("task=five")).task
    assert five.class_names == ("normal", "probe", "dos", "u2r", "r2l") == (NORMAL, *CATEGORIES)
    assert {name: one.attacks for name, one in five.classes.items() if name != NORMAL} == {
        category: list(attacks) for category, attacks in CATEGORIES.items()
    }
    assert {one.count for one in five.classes.values()} == {None}
    assert len(LABELS) == 40
    assert (five.target(LABELS) >= 0).all()
    # the contest's task description: rows actual, columns predicted
    assert five.cost == [[0, 1, 2, 2, 2], [1, 0, 2, 2, 2], [2, 1, 0, 2, 2], [3, 2, 2, 0, 2], [4, 2, 2, 2, 0]]


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_category_means_the_list_of_its_attack_types(category: str) -> None:
    named, listed = (task(normal=([NORMAL], 1), some=(attacks, 1)) for attacks in (category, [*CATEGORIES[category]]))
    assert named == listed
    assert named.target(LABELS).tolist() == [
        0 if label == NORMAL else 1 if label in CATEGORIES[category] else -1 for label in LABELS
    ]


def test_a_label_of_no_class_has_target_minus_one() -> None:
    some = task(normal=([NORMAL], 1), dos=(["smurf"], 1))
    assert some.target((NORMAL, "nmap", "smurf")).tolist() == [0, -1, 1]
