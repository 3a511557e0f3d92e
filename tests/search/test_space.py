"""Spaces: the syntax of sweep files, the values drawn, and the errors."""

from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from src.config.build import ConfigError
from src.search.space import Space, as_override, read_space

CONDITIONAL = {
    "reducer": "choice(pca, mi, none)",
    "k": [
        {"when": {"reducer": "pca"}, "use": "tag(log, range(1, 4))"},
        {"when": {"reducer": ["mi"]}, "use": "tag(log, int(interval(10, 40)))"},
    ],
    "x": "interval(0, 1)",
}


def draws(space: Space, n: int = 60) -> list[dict[str, Any]]:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    return [space.draw(study.ask()) for _ in range(n)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("choice(a, b)", CategoricalDistribution(["a", "b"])),
        ("a, b", CategoricalDistribution(["a", "b"])),
        ("true, null, 2, 0.5", CategoricalDistribution([True, None, 2, 0.5])),
        ('choice("a b", c)', CategoricalDistribution(["a b", "c"])),
        ("range(1, 5)", IntDistribution(1, 4)),
        ("range(16, 129, 16)", IntDistribution(16, 128, step=16)),
        ("tag(log, range(1, 9))", IntDistribution(1, 8, log=True)),
        ("range(0.0, 0.5, 0.1)", FloatDistribution(0.0, 0.4, step=0.1)),
        ("interval(0, 1)", FloatDistribution(0, 1)),
        ("interval(1, 1)", FloatDistribution(1, 1)),
        ("tag(log, interval(1e-4, 1e-1))", FloatDistribution(1e-4, 1e-1, log=True)),
        ("int(interval(2, 10))", IntDistribution(2, 10)),
        ("tag(log, int(interval(2, 10)))", IntDistribution(2, 10, log=True)),
        ("int(tag(log, interval(2, 10)))", IntDistribution(2, 10, log=True)),
    ],
)
def test_every_kind_of_distribution_is_read_and_drawn_from(text: str, expected: Any) -> None:
    space = read_space({"x": text}, {})
    assert space.parameters["x"][0].distribution == expected
    values = [one["x"] for one in draws(space)]
    if isinstance(expected, CategoricalDistribution):
        assert set(values) == set(expected.choices)
    else:
        assert all(expected.low <= value <= expected.high for value in values)
        assert {type(value) for value in values} == {int if isinstance(expected, IntDistribution) else float}
    if isinstance(expected, IntDistribution) and expected.high - expected.low < 10:
        assert set(values) == set(range(expected.low, expected.high + 1, expected.step))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, "found no parameter"),
        ({"x": "range(5, 2)"}, r"sweep.space.x: found 'range\(5, 2\)': an empty range"),
        ({"x": "interval(5, 2)"}, "an empty range"),
        ({"x": "tag(log, interval(0, 2))"}, "low > 0"),
        ({"x": "tag(speed, interval(1, 2))"}, "expected no tag but log"),
        ({"x": "3"}, "expected choice"),
        ({"x": "normal(0, 1)"}, "expected choice"),
        ({"x": "glob(*)"}, "expected choice"),
        ({"x": "choice(1"}, "expected choice"),
        ({"x": "choice([1, 2], [3])"}, r"sweep.space.x: .*found \[1, 2\] in a choice"),
        ({"x": None}, "expected choice"),
        ({"x": [{"when": {"y": 1}}]}, r"expected \{use"),
        ({"x": [{"use": "a,b", "if": {"y": 1}}]}, r"expected \{use"),
        ({"x": [{"use": "range(1, 3)", "when": {"y": 1}}], "y": "1, 2"}, r"condition on y, expected one of .*\[\]"),
        ({"y": "range(1, 3)", "x": [{"use": "range(1, 3)", "when": {"y": 1}}]}, r"is a choice"),
        ({"y": "1, 2", "x": [{"use": "a, b", "when": {"y": 1}}, {"use": "a, c"}]}, "may differ in range only"),
        ({"y": "1, 2", "x": [{"use": "range(1, 3)", "when": {"y": 1}}, {"use": "interval(1, 3)"}]}, "in range only"),
        ({"y": "1, 2", "x": [{"use": "range(1, 3)", "when": {"y": 3}}]}, r"y=3, expected one of \[1, 2\]"),
    ],
)
def test_a_wrong_space_is_refused_by_name(spec: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_space(spec, {})


def test_a_condition_decides_the_range_or_that_nothing_is_drawn() -> None:
    found = draws(read_space(CONDITIONAL, {}))
    ks = {name: {one.get("k") for one in found if one["reducer"] == name} for name in ("pca", "mi", "none")}
    assert ks["pca"] == {1, 2, 3}
    assert min(ks["mi"]) >= 10
    assert max(ks["mi"]) <= 40
    assert ks["none"] == {None}


def test_a_value_of_the_command_line_is_not_drawn_but_conditions_use_it() -> None:
    found = draws(read_space(CONDITIONAL, {"reducer": "mi", "seed": 3}))
    assert all(set(one) == {"k", "x"} and one["k"] >= 10 for one in found)


def test_probes_show_every_choice_and_both_ends_in_every_branch() -> None:
    found = list(read_space(CONDITIONAL, {}).probes())
    assert {(one["reducer"], one.get("k")) for one in found} == {
        ("pca", 1), ("pca", 3), ("mi", 10), ("mi", 40), ("none", None)
    }  # fmt: skip
    assert {one["x"] for one in found} == {0.0, 1.0}
    assert len(list(read_space({"a": "choice(1, 2, 3)", "b": "range(1, 9)"}, {}).probes())) == 3


def test_the_configs_own_values_are_taken_where_the_space_has_them() -> None:
    space = read_space(CONDITIONAL, {})
    assert space.within({"reducer": "pca", "k": 2, "x": 0.5}) == {"reducer": "pca", "k": 2, "x": 0.5}
    assert space.within({"reducer": "mi", "k": 2, "x": 7.0}) == {"reducer": "mi"}
    assert space.within({"reducer": "lda", "k": True}) == {}
    steps = read_space({"a": "range(0, 9, 4)", "b": "range(0.0, 0.5, 0.1)"}, {})
    assert steps.within({"a": 8, "b": 0.3}) == {"a": 8, "b": 0.3}
    assert steps.within({"a": 6, "b": 0.25}) == {}


def test_the_highest_value_of_a_parameter() -> None:
    assert read_space(CONDITIONAL, {}).highest("k") == 40
    assert read_space(CONDITIONAL, {"k": 5}).highest("k") is None
    assert read_space(CONDITIONAL, {}).highest("training.epochs") is None


def test_a_value_is_written_as_hydra_reads_it_on_a_command_line() -> None:
    assert as_override("x", 1e-05) == "x=1e-05"
    assert as_override("x", "pca") == "x=pca"
