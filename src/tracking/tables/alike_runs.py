"""Runs that are one configuration over its seeds, told from the parameters that they logged.

`seeds.split=0` is logged alike whether it was given or followed `seed=0`. Both are the same run, so that it may belong
to two configurations: one whose split follows the seed, and one that always draws it with 0. Only the other runs tell.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from src.tracking.run_names import NO_CHOICES, copied, may_follow_seed

_NEVER_COLUMNS = (*NO_CHOICES, "derived.")
_FOLLOWS = None  # in place of the value of a key that has the seed of each run

Params = Mapping[str, str]  # by full name, as MLflow logs them
_Kind = tuple[str, tuple[str, ...]]  # seed of a run, and its values of the keys that may follow it
_Pattern = tuple[str | None, ...]  # values of those keys in a configuration


def no_choice(key: str) -> bool:
    """Tell whether a parameter is no choice of a person: a fact, or the class that follows from a file of conf/."""
    return key.startswith(_NEVER_COLUMNS) or key.endswith("_target_")


def by_configuration(runs: Sequence[Params]) -> list[dict[str, int]]:
    """Group runs by configuration, in the order of the first run of each.

    The fewest configurations that explain all runs are taken, those with most seeds first.

    Args:
        runs: Parameters of each run. A key that may follow the seed does so where a run has none.
    Returns:
        Place in `runs` by seed, for each configuration. Of runs with the same parameters the last counts.
    """
    alike: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for place, params in enumerate(runs):
        alike.setdefault(_without_seeds(params), []).append(place)
    found = [one for places in alike.values() for one in _split(runs, places)]
    return sorted(found, key=lambda one: sorted(one.values()))


def shared_params(runs: Sequence[Params]) -> dict[str, str]:
    """Parameters of a configuration: those of its first run, but all seeds as `seed` and as what follows it.

    >>> shared_params([{"seed": "0", "seeds.split": "0", "seeds.training": "0"},
    ...                {"seed": "1", "seeds.split": "0", "seeds.training": "1"}])
    {'seed': '0 1', 'seeds.split': '0', 'seeds.training': '0 1'}
    """
    first = dict(runs[0])
    if len(runs) == 1 or "seed" not in first:
        return first
    keys = [
        key for key in first if may_follow_seed(key) and all(run.get(key) in (None, run.get("seed")) for run in runs)
    ]
    seeds = " ".join(dict.fromkeys(run.get("seed", "") for run in runs))
    return first | dict.fromkeys(["seed", *keys], seeds)


def _without_seeds(params: Params) -> tuple[tuple[str, str], ...]:
    """Parameters that all runs of a configuration share."""
    return tuple(
        sorted(
            (key, value)
            for key, value in params.items()
            if key != "seed" and not may_follow_seed(key) and not no_choice(key) and not copied(key, params)
        )
    )


def _split(runs: Sequence[Params], places: Sequence[int]) -> Iterator[dict[str, int]]:
    """Configurations of runs that differ by seeds alone.

    Args:
        runs: Parameters of all runs.
        places: Places of those that differ by seeds alone.
    """
    keys = list(dict.fromkeys(key for place in places for key in runs[place] if may_follow_seed(key)))
    newest: dict[_Kind, int] = {}
    for place in places:
        seed = runs[place].get("seed", "")
        newest[seed, tuple(runs[place].get(key, seed) for key in keys)] = place
    found: dict[_Pattern, list[_Kind]] = {}
    for seed, values in newest:
        for pattern in product(*((value, _FOLLOWS) if value == seed else (value,) for value in values)):
            found.setdefault(pattern, []).append((seed, values))
    left = set(newest)

    def explained(pattern: _Pattern) -> tuple[int, int, int]:
        # where both explain as much, a given value: else two grids of two seeds would have a third row across them
        return len(left & set(found[pattern])), len(found[pattern]), len(pattern) - pattern.count(_FOLLOWS)

    while left:
        kinds = found[max(found, key=explained)]
        left -= set(kinds)
        yield {seed: newest[seed, values] for seed, values in kinds}
