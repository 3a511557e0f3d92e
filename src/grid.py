"""The jobs of a multirun, known before it starts: for its progress, and for reports on it."""

from collections.abc import Sequence
from itertools import product

from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig


def jobs(overrides: Sequence[str]) -> list[DictConfig]:
    """The config of each job of `python -m src.train -m <overrides>`, in the order in which they run.

    Sweeps may stand in the overrides (`k=2,3`) and in the experiment file they name (`hydra.sweeper.params`). Hydra
    must be initialised.
    """
    # the loader knows the files that `model=glob(*)` stands for
    parse = OverridesParser.create(GlobalHydra.instance().config_loader()).parse_overrides
    fixed = [str(one.input_line) for one in parse(list(overrides)) if not one.is_sweep_override()]
    swept = compose("config", fixed, return_hydra_config=True).hydra.sweeper.params or {}
    given = [f"{key}={value}" for key, value in swept.items()]
    # as in Hydra's sweeper, the command line replaces what the file sweeps
    choices = {one.get_key_element(): _choices(one) for one in parse([*given, *overrides])}
    return [compose("config", list(job)) for job in product(*choices.values())]


def _choices(override: Override) -> list[str]:
    """The single overrides that one stands for: itself, where it is no sweep."""
    if not override.is_sweep_override():
        return [str(override.input_line)]
    return [f"{override.get_key_element()}={value}" for value in override.sweep_string_iterator()]
