"""The jobs of a multirun, known before it starts: for its progress, and for reports on it."""

from collections.abc import Sequence
from itertools import product

from hydra import compose
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig


def jobs(overrides: Sequence[str]) -> list[DictConfig]:
    """The config of each job of `python -m src.train -m <overrides>`, in the order in which they run.

    Sweeps may stand in the overrides (`k=2,3`) and in the experiment file they name (`hydra.sweeper.params`). Hydra
    must be initialised.
    """
    with_hydra = compose("config", [one for one in overrides if not _choices(one)], return_hydra_config=True)
    given = [f"{key}={value}" for key, value in (with_hydra.hydra.sweeper.params or {}).items()]
    # as in Hydra's sweeper, the command line replaces what the file sweeps
    choices = {_key(one): _choices(one) or [one] for one in (*given, *overrides)}
    return [compose("config", list(job)) for job in product(*choices.values())]


def _key(override: str) -> str:
    return str(OverridesParser.create().parse_override(override).get_key_element())


def _choices(override: str) -> list[str]:
    """The single overrides that a sweep stands for; none where it is no sweep."""
    parsed = OverridesParser.create().parse_override(override)
    if not parsed.is_sweep_override():
        return []
    return [f"{parsed.get_key_element()}={value}" for value in parsed.sweep_string_iterator()]
