"""Search space of a study, read from `sweep.space` of a config.

A space maps keys and groups of the config to distributions, written as for Hydra's Optuna sweeper:

- `choice(pca, mi)`: one of these values.
- `range(16, 129, 16)`: the numbers 16, 32, ..., 128. The end is not included, as in
  Python. The step may be left out.
- `interval(0.0, 0.3)`: any number between the two.
- `int(interval(1, 10))`: any whole number between the two, both included.
- `tag(log, interval(1e-3, 3e-2))`: the same on a logarithmic scale; `range` and
  `int(interval(...))` can have it too.

A parameter may depend on choices above it. It then has a list of distributions with conditions. The first one whose
`when` applies is drawn from; where none applies, the parameter keeps the value of the config.

>>> space = read_space(
...     {
...         "reducer": "choice(pca, mi, none)",
...         "k": [
...             {"when": {"reducer": "pca"}, "use": "range(1, 4)"},
...             {"when": {"reducer": "mi"}, "use": "range(10, 41)"},
...         ],
...     },
...     fixed={},
... )
>>> space.within({"reducer": "mi", "k": 11}), space.within({"reducer": "pca", "k": 11})
({'reducer': 'mi', 'k': 11}, {'reducer': 'pca'})
>>> space.draw(optuna.trial.FixedTrial({"reducer": "none"}))
{'reducer': 'none'}
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import optuna
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, QuotedString, RangeSweep
from hydra.errors import HydraException
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    check_distribution_compatibility,
)

from src.config.build import ConfigError

Value = str | int | float | bool | None
Values = dict[str, Value]
_SYNTAX = "expected choice(a, b), range(first, end[, step]), interval(low, high), int(interval(...)) or tag(log, ...)"


@dataclass(frozen=True)
class Branch:
    """A distribution, and the values of other parameters that it is for; without any it always applies."""

    distribution: BaseDistribution
    when: Mapping[str, tuple[Value, ...]]

    def applies(self, values: Mapping[str, Value]) -> bool:
        return all(name in values and values[name] in allowed for name, allowed in self.when.items())


@dataclass(frozen=True)
class Space:
    """Parameters of a study, in the order in which they are drawn.

    Attributes:
        parameters: Branches of each parameter. The first that applies is drawn from; where none does, the parameter
            keeps the value of the config.
        fixed: Values of parameters that the command line sets. They are not drawn, but conditions may name them.
    """

    parameters: Mapping[str, tuple[Branch, ...]]
    fixed: Mapping[str, Value]

    def draw(self, trial: optuna.trial.BaseTrial) -> Values:
        """Draw the values of one trial."""
        values: Values = dict(self.fixed)
        for name in self._drawn():
            if distribution := self._distribution(name, values):
                values[name] = _suggest(trial, name, distribution)
        return self._without_fixed(values)

    def within(self, wanted: Mapping[str, Value]) -> Values:
        """Select those of the `wanted` values that one trial could draw together."""
        values: Values = dict(self.fixed)
        for name in self._drawn():
            distribution = self._distribution(name, values)
            if distribution and name in wanted and _contains(distribution, wanted[name]):
                values[name] = wanted[name]
        return self._without_fixed(values)

    def probes(self) -> Iterator[Values]:
        """Yield a few draws that together have each choice and both ends of each range, in each branch."""
        deciding = [name for name in self._drawn() if name in self._named_by_conditions()]
        rest = [name for name in self._drawn() if name not in deciding]
        for choices in product(*(_extremes(self.parameters[name][0].distribution) for name in deciding)):
            values: Values = {**self.fixed, **dict(zip(deciding, choices, strict=True))}
            found = {name: self._distribution(name, values) for name in rest}
            extremes = {name: _extremes(distribution) for name, distribution in found.items() if distribution}
            for turn in range(max(map(len, extremes.values()), default=1)):
                drawn = {name: some[min(turn, len(some) - 1)] for name, some in extremes.items()}
                yield self._without_fixed(values | drawn)

    def highest(self, name: str) -> Value:
        """Return the largest value that a numeric parameter can take; None where it is not drawn."""
        branches = self.parameters.get(name, ()) if name not in self.fixed else ()
        return max((end for branch in branches for end in _extremes(branch.distribution)), default=None)  # type: ignore[type-var]

    def _drawn(self) -> list[str]:
        return [name for name in self.parameters if name not in self.fixed]

    def _named_by_conditions(self) -> set[str]:
        return {name for branches in self.parameters.values() for branch in branches for name in branch.when}

    def _distribution(self, name: str, values: Mapping[str, Value]) -> BaseDistribution | None:
        applicable = (branch.distribution for branch in self.parameters[name] if branch.applies(values))
        return next(applicable, None)

    def _without_fixed(self, values: Values) -> Values:
        return {name: value for name, value in values.items() if name not in self.fixed}


def read_space(spec: Mapping[str, Any], fixed: Mapping[str, Value]) -> Space:
    """Read the space that `sweep.space` of a config declares.

    Args:
        spec: Distribution of each parameter, or its list of `{use: <distribution>, when: {<parameter>: <value>}}`; a
            condition may also name a list of values.
        fixed: Values that the command line sets; parameters among them are not drawn.

    Raises:
        ConfigError: the space is not as expected; the message names the parameter, what was found and is expected.
    """
    if not spec:
        raise ConfigError("sweep.space: found no parameter, expected those to search; see conf/sweep/components.yaml")
    parameters = {str(name): tuple(_branches(str(name), node)) for name, node in spec.items()}
    for place, (name, branches) in enumerate(parameters.items()):
        _check_one_kind(name, branches)
        above = {other: parameters[other] for other in list(parameters)[:place]}
        for branch in branches:
            _check_conditions(name, branch, above, fixed)
    return Space(parameters, {name: value for name, value in fixed.items() if name in parameters})


def _check_one_kind(name: str, branches: tuple[Branch, ...]) -> None:
    """Optuna knows a parameter by one kind of distribution; only its range may change from trial to trial."""
    first, *more = branches
    for branch in more:
        try:
            check_distribution_compatibility(first.distribution, branch.distribution)
        except ValueError as error:
            raise ConfigError(f"sweep.space.{name}: its branches may differ in range only: {error}") from None


def _check_conditions(
    name: str, branch: Branch, above: Mapping[str, tuple[Branch, ...]], fixed: Mapping[str, Value]
) -> None:
    for other, allowed in branch.when.items():
        where = f"sweep.space.{name}: found a condition on {other}"
        if other not in above:
            raise ConfigError(f"{where}, expected one of the parameters above it: {list(above)}")
        first, *more = above[other]
        if more or first.when or not isinstance(first.distribution, CategoricalDistribution):
            raise ConfigError(f"{where}, expected a parameter that is a choice(...) without conditions")
        choices = [*first.distribution.choices, *([fixed[other]] if other in fixed else [])]
        if unknown := [value for value in allowed if value not in choices]:
            raise ConfigError(f"{where}={unknown[0]!r}, expected one of {choices}")


def _branches(name: str, node: Any) -> Iterator[Branch]:
    if not isinstance(node, list):
        yield Branch(_parse(name, node), {})
        return
    for entry in node:
        if not (isinstance(entry, dict) and set(entry) <= {"use", "when"} and "use" in entry):
            raise ConfigError(f"sweep.space.{name}: found {entry!r}, expected {{use: <distribution>, when: {{...}}}}")
        when = {
            str(other): tuple(allowed) if isinstance(allowed, list) else (allowed,)
            for other, allowed in (entry.get("when") or {}).items()
        }
        yield Branch(_parse(name, entry["use"]), when)


def _parse(name: str, text: Any) -> BaseDistribution:
    """Read one distribution."""
    found = f"sweep.space.{name}: found {text!r}"
    try:
        sweep: Any = OverridesParser.create().parse_override(f"{name}={text}").value()
    except HydraException as error:
        raise ConfigError(f"{found}, {_SYNTAX} ({str(error).splitlines()[0]})") from None
    tags: set[str] = getattr(sweep, "tags", set())
    if tags - {"log"}:
        raise ConfigError(f"{found} with the tags {sorted(tags)}, expected no tag but log")
    try:
        distribution = _distribution(sweep, log="log" in tags, whole="int(" in str(text))
    except ValueError as error:  # also of Optuna, such as a logarithm of 0
        raise ConfigError(f"{found}: {error}") from None
    if distribution is None:
        raise ConfigError(f"{found}, {_SYNTAX}")
    return distribution


def _distribution(sweep: Any, *, log: bool, whole: bool) -> BaseDistribution | None:
    """Optuna's distribution for what Hydra has read; None for anything else.

    Args:
        sweep: Value of Hydra's parser.
        log: True for a logarithmic scale.
        whole: True for whole numbers in an interval: Hydra's value does not show the cast of `int(interval(1, 9))`.
    """
    if isinstance(sweep, ChoiceSweep) and not sweep.shuffle and not log:
        return CategoricalDistribution([_plain(element) for element in sweep.list])
    if isinstance(sweep, RangeSweep) and not sweep.shuffle:
        steps = list(sweep.range())
        if not steps:
            raise ValueError("an empty range; the end is not part of it, as in Python")
        step = round(steps[1] - steps[0], 12) if len(steps) > 1 else 1
        kind = IntDistribution if isinstance(steps[0], int) else FloatDistribution
        return kind(steps[0], steps[-1], log=log, step=step)
    if isinstance(sweep, IntervalSweep):
        low, high = sweep.start, sweep.end
        if low > high:
            raise ValueError("an empty range; expected interval(low, high)")
        if whole and isinstance(low, int) and isinstance(high, int):
            return IntDistribution(low, high, log=log)
        return FloatDistribution(float(low), float(high), log=log)
    return None


def _plain(element: Any) -> Value:
    if isinstance(element, QuotedString):
        return element.text
    if isinstance(element, (list, dict)):
        raise ValueError(f"found {element!r} in a choice, expected plain values")
    value: Value = element
    return value


def _extremes(distribution: BaseDistribution) -> list[Value]:
    """Every choice, or both ends of a range."""
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    assert isinstance(distribution, (IntDistribution, FloatDistribution))
    return [distribution.low, distribution.high]


def _contains(distribution: BaseDistribution, value: Value) -> bool:
    if isinstance(distribution, CategoricalDistribution):
        return value in distribution.choices
    assert isinstance(distribution, (IntDistribution, FloatDistribution))
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    steps = (value - distribution.low) / distribution.step if distribution.step else 0
    return distribution.low <= value <= distribution.high and abs(steps - round(steps)) < 1e-8


def _suggest(trial: optuna.trial.BaseTrial, name: str, distribution: BaseDistribution) -> Value:
    if isinstance(distribution, CategoricalDistribution):
        value: Value = trial.suggest_categorical(name, distribution.choices)
        return value
    if isinstance(distribution, IntDistribution):
        low, high, step = distribution.low, distribution.high, distribution.step
        return trial.suggest_int(name, low, high, step=step, log=distribution.log)
    assert isinstance(distribution, FloatDistribution)
    return trial.suggest_float(name, distribution.low, distribution.high, step=distribution.step, log=distribution.log)


def as_override(name: str, value: Value) -> str:
    """Format a value as an override of the command line.

    >>> as_override("training.clipnorm", None), as_override("model.bidirectional", True)
    ('training.clipnorm=null', 'model.bidirectional=true')
    """
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return f"{name}={text}"
