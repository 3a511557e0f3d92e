"""Names of runs: model, input and task, and what else differs from the default config."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from src.config.flatten import flat

LONGEST = 60
ALL = "all"  # number of columns where a reducer keeps all features, and nobody has counted them
# Keys that change no number.
NO_CHOICES = ("tracking.", "training.progress")
_CHOICES = ("split", "scaling", "layout")
_FIRST = ("seed", "window", "training.epochs")
_SOURCES = {"reducer.k": "k", "layout.window": "window", "reducer.random_state": "seed"}


def run_name(config: Mapping[str, Any]) -> str:
    """Name of a run, such as `lstm-pca-2-binary-grouped-seed=1`, of at most 60 characters.

    Values that find no place in it are counted: `+2`.

    Args:
        config: Resolved config.
    """
    from src.config.defaults import default_config, default_config_of

    choices = [config[group]["name"] for group in _CHOICES
               if config[group]["name"] != default_config()[group]["name"]]  # fmt: skip
    taught = ["taught"] if config.get("training", {}).get("teacher") else []
    reduced = [config["reducer"]["name"], ALL if config["k"] is None else config["k"]]
    begin = [config["model"]["name"], *taught, *reduced, config["task"]["name"], *choices]
    return joined("-".join(map(str, begin)), list(_changed(config, default_config_of(config) or config)), "-")


def _changed(config: Mapping[str, Any], default: Mapping[str, Any]) -> Iterator[str]:
    """Values that differ from the default, as `epochs=5`."""
    values, defaults = flat(config), flat(default)
    names = short_names(values)
    for key in sorted(values, key=lambda key: key not in _FIRST):
        if (
            values[key] != defaults.get(key)
            and key != "k"
            and not key.startswith(NO_CHOICES)
            and not copied(key, values)
        ):
            yield f"{names[key]}={shown(values[key])}"


def copied(key: str, values: Mapping[str, Any]) -> bool:
    """Tell whether a key repeats another: `reducer.k` is `k`, and the parameter `model` of a run is `model.name`."""
    source = _source(key)
    return source in values and values[key] == values[source]


def may_follow_seed(key: str) -> bool:
    """Tell whether a key has the value of `seed` unless it is given."""
    return _source(key) == "seed"


def _source(key: str) -> str:
    return "seed" if key.startswith("seeds.") else _SOURCES.get(key, f"{key}.name")


def parent_name(overrides: Sequence[str], swept: Collection[str], experiment: str | None) -> str:
    """Name of the parent run of a multirun, such as `reducer=pca,mi k=2,3 model=svm`, of at most 60 characters.

    Args:
        overrides: Overrides of the command.
        swept: Keys of the overrides that have several values; they stand first.
        experiment: Experiment file, if the command names one.
    """
    given = {one.lstrip("+").partition("=")[0]: one.lstrip("+") for one in overrides}
    parts = [
        given[key].replace("'", "").replace('"', "")
        for key in sorted(given, key=lambda key: key not in swept)
        # the MLflow experiment has the name of the data set, but one of several data sets
        if (key != "experiment" and (key != "dataset" or key in swept)) and not key.startswith(("hydra", *NO_CHOICES))
    ]
    if experiment:
        return joined(experiment, parts, " ")
    return joined(parts[0], parts[1:], " ") if parts else "multirun"


def joined(begin: str, parts: Sequence[str], separator: str) -> str:
    """Join as many parts as a name of 60 characters has place for, and the number of the others.

    >>> joined("lstm", ["seed=1", "a_very_long_name_of_a_key_that_somebody_has_made_up=0.25", "epochs=5"], "-")
    'lstm-seed=1-epochs=5-+1'
    """
    name, left_out = begin, 0
    longest = LONGEST - len(f"{separator}+{max(99, len(parts))}") if parts else LONGEST
    if len(name) > longest:
        name = f"{name[: longest - 3]}..."
    for part in parts:
        longer = f"{name}{separator}{part}"
        if len(longer) <= longest:
            name = longer
        else:
            left_out += 1
    return f"{name}{separator}+{left_out}" if left_out else name


def short_names(keys: Collection[str]) -> dict[str, str]:
    """Shortest end of each key that no other key has; seeds of single draws keep their whole name.

    >>> short_names(["training.epochs", "seed", "dataset.seed", "task.classes.dos.count", "task.classes.r2l.count"])
    {'training.epochs': 'epochs', 'seed': 'seed', 'dataset.seed': 'dataset.seed', \
'task.classes.dos.count': 'dos.count', 'task.classes.r2l.count': 'r2l.count'}
    """
    ends: dict[str, int] = {}
    for key in keys:
        for end in _ends(key):
            ends[end] = ends.get(end, 0) + 1
    # `split` alone would read as the choice of a split, not as its seed
    return {
        key: key if key.startswith("seeds.") else next((end for end in _ends(key) if ends[end] == 1), key)
        for key in keys
    }


def _ends(key: str) -> list[str]:
    """`c`, `b.c` and `a.b.c` of `a.b.c`."""
    parts = key.split(".")
    return [".".join(parts[-length:]) for length in range(1, len(parts) + 1)]


def shown(value: Any) -> str:
    """Value as on the command line, for a value of a config."""
    if isinstance(value, float):
        return f"{value:g}"
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
