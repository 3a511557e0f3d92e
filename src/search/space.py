"""What a study varies: names as on Hydra's command line, distributions in its sweep syntax, conditions between them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

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
from optuna.trial import Trial

from src.config.build import ConfigError

Value = str | int | float | bool | None
Values = dict[str, Value]
_SYNTAX = "expected choice(a, b), range(first, end[, step]), interval(low, high), int(interval(...)) or tag(log, ...)"


@dataclass(frozen=True)
class Branch:
    """A distribution, and the values of other parameters that it holds for; none: always."""

    distribution: BaseDistribution
    when: Mapping[str, tuple[Value, ...]]

    def holds(self, values: Mapping[str, Value]) -> bool:
        return all(name in values and values[name] in wanted for name, wanted in self.when.items())


@dataclass(frozen=True)
class Space:
    """The parameters of a study, in the order in which they are drawn.

    Attributes:
        parameters: The branches of each. The first that holds is drawn from; where none does, the parameter keeps what
            the config says.
        fixed: Values that the command line gives to some of them: not drawn, but conditions may ask for them.
    """

    parameters: Mapping[str, tuple[Branch, ...]]
    fixed: Mapping[str, Value]

    def draw(self, trial: Trial) -> Values:
        """Values of one trial."""
        values: Values = dict(self.fixed)
        for name in self._drawn():
            if branch := self._branch(name, values):
                values[name] = _suggest(trial, name, branch.distribution)
        return self._without_fixed(values)

    def contained(self, wanted: Mapping[str, Value]) -> Values:
        """Those of the `wanted` values that a trial could draw together."""
        values: Values = dict(self.fixed)
        for name in self._drawn():
            branch = self._branch(name, values)
            if branch and name in wanted and _contains(branch.distribution, wanted[name]):
                values[name] = wanted[name]
        return self._without_fixed(values)

    def probes(self) -> Iterator[Values]:
        """A few draws in which each choice and both ends of each range occur, in each branch."""
        deciding = [name for name in self._drawn() if name in self._conditions()]
        rest = [name for name in self._drawn() if name not in deciding]
        for choices in product(*(_ends(self.parameters[name][0].distribution) for name in deciding)):
            values: Values = {**self.fixed, **dict(zip(deciding, choices, strict=True))}
            ends = {name: _ends(branch.distribution) for name in rest if (branch := self._branch(name, values))}
            for turn in range(max(map(len, ends.values()), default=1)):
                drawn = {name: some[min(turn, len(some) - 1)] for name, some in ends.items()}
                yield self._without_fixed(values | drawn)

    def highest(self, name: str) -> Value:
        """The largest value that a parameter of numbers can take, None where it is not drawn."""
        branches = self.parameters.get(name, ()) if name not in self.fixed else ()
        return max((end for branch in branches for end in _ends(branch.distribution)), default=None)  # type: ignore[type-var]

    def _drawn(self) -> list[str]:
        return [name for name in self.parameters if name not in self.fixed]

    def _conditions(self) -> set[str]:
        return {name for branches in self.parameters.values() for branch in branches for name in branch.when}

    def _branch(self, name: str, values: Mapping[str, Value]) -> Branch | None:
        return next((branch for branch in self.parameters[name] if branch.holds(values)), None)

    def _without_fixed(self, values: Values) -> Values:
        return {name: value for name, value in values.items() if name not in self.fixed}


def read_space(spec: Mapping[str, Any], fixed: Mapping[str, Value]) -> Space:
    """The space that `sweep.space` of a config declares.

    Args:
        spec: By parameter, a distribution in Hydra's syntax, such as `tag(log, interval(1e-3, 1e-1))`, or a list of
            `{use: <distribution>, when: {<other parameter>: <value or list of values>}}`.
        fixed: Overrides of the command line; those of parameters of the space are not drawn.

    Raises:
        ConfigError: naming the parameter, what was found, and what is expected.
    """
    if not spec:
        raise ConfigError("sweep.space: found no parameter, expected those to search; see conf/sweep/components.yaml")
    parameters = {str(name): tuple(_branches(str(name), node)) for name, node in spec.items()}
    for name, (first, *more) in parameters.items():
        for branch in more:
            try:
                check_distribution_compatibility(first.distribution, branch.distribution)
            except ValueError as error:
                raise ConfigError(f"sweep.space.{name}: its branches may differ in range only: {error}") from None
    names = list(parameters)
    for place, name in enumerate(names):
        for other, wanted in ((other, some) for branch in parameters[name] for other, some in branch.when.items()):
            where = f"sweep.space.{name}: found a condition on {other}"
            if other not in names[:place]:
                raise ConfigError(f"{where}, expected one of the parameters above it: {names[:place]}")
            first, *more = parameters[other]
            if more or first.when or not isinstance(first.distribution, CategoricalDistribution):
                raise ConfigError(f"{where}, expected a parameter that is a choice(...) without conditions")
            choices = [*first.distribution.choices, *([fixed[other]] if other in fixed else [])]
            if unknown := [value for value in wanted if value not in choices]:
                raise ConfigError(f"{where}={unknown[0]!r}, expected one of {choices}")
    return Space(parameters, {name: value for name, value in fixed.items() if name in parameters})


def _branches(name: str, node: Any) -> Iterator[Branch]:
    if not isinstance(node, list):
        yield Branch(_distribution(name, node), {})
        return
    for one in node:
        if not (isinstance(one, dict) and set(one) <= {"use", "when"} and "use" in one):
            raise ConfigError(f"sweep.space.{name}: found {one!r}, expected {{use: <distribution>, when: {{...}}}}")
        when = {
            str(other): tuple(some) if isinstance(some, list) else (some,)
            for other, some in (one.get("when") or {}).items()
        }
        yield Branch(_distribution(name, one["use"]), when)


def _distribution(name: str, text: Any) -> BaseDistribution:
    found = f"sweep.space.{name}: found {text!r}"
    try:
        parsed: Any = OverridesParser.create().parse_override(f"{name}={text}").value()
    except HydraException as error:
        raise ConfigError(f"{found}, {_SYNTAX} ({str(error).splitlines()[0]})") from None
    log = "log" in getattr(parsed, "tags", ())
    if getattr(parsed, "tags", set()) - {"log"}:
        raise ConfigError(f"{found} with the tags {sorted(parsed.tags)}, expected no tag but log")
    try:
        if isinstance(parsed, ChoiceSweep) and not parsed.shuffle and not log:
            return CategoricalDistribution([_plain(one) for one in parsed.list])
        if isinstance(parsed, RangeSweep) and not parsed.shuffle:
            steps = list(parsed.range())
            if not steps:
                raise ConfigError(f"{found}, an empty range; the end is not part of it, as in Python")
            kind = IntDistribution if isinstance(steps[0], int) else FloatDistribution
            step = steps[1] - steps[0] if len(steps) > 1 else 1
            return kind(steps[0], steps[-1], log=log, step=round(step, 12))
        if isinstance(parsed, IntervalSweep):
            low, high = parsed.start, parsed.end
            if low > high:
                raise ConfigError(f"{found}, an empty range; expected interval(low, high)")
            if isinstance(low, int) and isinstance(high, int) and "int(" in str(text):
                return IntDistribution(low, high, log=log)
            return FloatDistribution(float(low), float(high), log=log)
    except ConfigError:
        raise
    except ValueError as error:  # Optuna's, such as a logarithm of 0
        raise ConfigError(f"{found}: {error}") from None
    raise ConfigError(f"{found}, {_SYNTAX}")


def _plain(element: Any) -> Value:
    if isinstance(element, QuotedString):
        return element.text
    if isinstance(element, (list, dict)):
        raise ConfigError(f"sweep.space: found {element!r} in a choice, expected plain values")
    value: Value = element
    return value


def _ends(distribution: BaseDistribution) -> list[Value]:
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    assert isinstance(distribution, (IntDistribution, FloatDistribution))
    return [distribution.low, distribution.high]


def _contains(distribution: BaseDistribution, value: Value) -> bool:
    if isinstance(distribution, CategoricalDistribution):
        return value in distribution.choices
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return distribution._contains(value)


def _suggest(trial: Trial, name: str, distribution: BaseDistribution) -> Value:
    if isinstance(distribution, CategoricalDistribution):
        value: Value = trial.suggest_categorical(name, distribution.choices)
        return value
    if isinstance(distribution, IntDistribution):
        low, high, step = distribution.low, distribution.high, distribution.step
        return trial.suggest_int(name, low, high, step=step, log=distribution.log)
    assert isinstance(distribution, FloatDistribution)
    return trial.suggest_float(name, distribution.low, distribution.high, step=distribution.step, log=distribution.log)


def as_override(name: str, value: Value) -> str:
    """As it stands on the command line.

    >>> as_override("training.clipnorm", None), as_override("model.bidirectional", True)
    ('training.clipnorm=null', 'model.bidirectional=true')
    """
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return f"{name}={text}"
