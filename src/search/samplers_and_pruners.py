"""Optuna's samplers and pruners by the names of conf/sweep/sampler and conf/sweep/pruner."""

import warnings
from typing import Any

import optuna

SAMPLERS = {
    "tpe": optuna.samplers.TPESampler,
    "random": optuna.samplers.RandomSampler,
    "qmc": optuna.samplers.QMCSampler,
    "nsgaii": optuna.samplers.NSGAIISampler,
}
PRUNERS = {
    "none": optuna.pruners.NopPruner,
    "median": optuna.pruners.MedianPruner,
    "percentile": optuna.pruners.PercentilePruner,
    "successive_halving": optuna.pruners.SuccessiveHalvingPruner,
    "hyperband": optuna.pruners.HyperbandPruner,
}


def quiet() -> None:
    """Silence Optuna's own messages: the worker prints a line for each trial."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # grouped TPE and heartbeats are marked as experimental since Optuna 2.9; the lock file pins the tested version
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


def make_option(group: str, known: dict[str, Any], options: dict[str, Any]) -> Any:
    """Make a sampler or pruner from its `name` and the arguments of Optuna's class.

    Raises:
        ValueError: no class has that name, or it does not take the arguments.
    """
    name = options.get("name")
    if name not in known:
        raise ValueError(f"{group}.name={name!r}, expected one of {', '.join(known)}")
    try:
        quiet()
        return known[name](**{key: value for key, value in options.items() if key != "name"})
    except (TypeError, ValueError) as error:
        raise ValueError(f"{group}: {error}") from None
