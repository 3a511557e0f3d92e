"""Jobs of a multirun, listed without running them: for its progress, and for reports on it."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, flag_override
from omegaconf.errors import OmegaConfBaseException

from src.utils.paths import PROJECT


def jobs(overrides: Sequence[str]) -> list[DictConfig]:
    """Config of each job of `python -m src.train -m <overrides>`, in the order in which they run.

    Sweeps are given by the overrides (`k=2,3`) and by the experiment file that they name (`hydra.sweeper.params`).
    Hydra must be initialized.
    """
    return [compose("config", job) for job in _each(overrides)]


def composed_jobs(overrides: Sequence[str], conf: Path = PROJECT / "conf") -> list[DictConfig]:
    """Config of each job, as `jobs` gives it, where Hydra is not initialized; its own overrides do not count."""
    with initialize_config_dir(str(conf)):
        return jobs([one for one in overrides if not one.lstrip("+~").startswith("hydra")])


def grids(report: str) -> list[str]:
    """Return the names of the grids that a report reads, the files of conf/experiment/<report>."""
    return sorted(f"{report}/{path.stem}" for path in (PROJECT / "conf" / "experiment" / report).glob("*.yaml"))


def jobs_with_recipes(overrides: Sequence[str]) -> list[tuple[DictConfig, str]]:
    """Config of each job, as `jobs` gives it, with the name of its recipe."""
    return [_with_recipe(job) for job in _each(overrides)]


def compose_from_this_copy() -> None:
    """Let Hydra compose configs from conf/ beside this code: a worker's Hydra has the folder of the main process."""
    GlobalHydra.instance().clear()
    initialize_config_dir(str(PROJECT / "conf"))


def multirun_mode(arguments: Sequence[str]) -> list[str]:
    """Override that makes a command a multirun; empty if it names a mode, or no experiment file that sweeps.

    `hydra.mode: MULTIRUN` in the experiment file would be an error: Hydra 1.4 reads the mode from the primary config
    and the command line alone.
    """
    if {"-m", "--multirun"} & set(arguments) or not any("experiment=" in one for one in arguments):
        return []
    try:
        with initialize_config_dir(str(PROJECT / "conf")):
            parse = OverridesParser.create(GlobalHydra.instance().config_loader()).parse_overrides
            overrides = parse([one for one in arguments if "=" in one and not one.startswith("-")])
            decided = any(one.key_or_group == "hydra.mode" for one in overrides)
            return [] if decided or not _swept(overrides) else ["hydra.mode=MULTIRUN"]
    except (HydraException, OmegaConfBaseException):
        return []  # Hydra itself reports what is wrong with the command


def swept_keys(overrides: Sequence[str]) -> set[str]:
    """Keys of the overrides of a command that have several values."""
    parse = OverridesParser.create(GlobalHydra.instance().config_loader()).parse_overrides
    return {one.get_key_element().lstrip("+") for one in parse(list(overrides)) if one.is_sweep_override()}


def _swept(overrides: Sequence[Override]) -> dict[str, str]:
    """`hydra.sweeper.params` of the config that the overrides without sweeps compose."""
    fixed = [str(one.input_line) for one in overrides if not one.is_sweep_override()]
    return dict(compose("config", fixed, return_hydra_config=True).hydra.sweeper.params or {})


def _each(overrides: Sequence[str]) -> list[list[str]]:
    """Overrides of each job."""
    # the loader finds the files that `model=glob(*)` matches
    parse = OverridesParser.create(GlobalHydra.instance().config_loader()).parse_overrides
    given = [f"{key}={value}" for key, value in _swept(parse(list(overrides))).items()]
    # as in Hydra's sweeper, the command line replaces sweeps of the file
    choices = {one.get_key_element(): _choices(one) for one in parse([*given, *overrides])}
    return [list(job) for job in product(*choices.values())]


def _with_recipe(overrides: list[str]) -> tuple[DictConfig, str]:
    config = compose("config", overrides, return_hydra_config=True)
    recipe = str(config.hydra.runtime.choices.recipe)
    with flag_override(config, ["struct", "readonly"], False):
        del config["hydra"]
    return config, recipe


def _choices(override: Override) -> list[str]:
    """Single overrides that one override expands to: only itself if it does not sweep."""
    if not override.is_sweep_override():
        return [str(override.input_line)]
    return [f"{override.get_key_element()}={value}" for value in override.sweep_string_iterator()]
