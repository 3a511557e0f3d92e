"""From a trial's values to a checked config and its data; what the trials have in common is made once."""

import shlex
from collections.abc import Sequence

from hydra import compose
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from src.config.build import GROUPS, ConfigError, build
from src.config.settings import Settings
from src.pipeline.stages import Walk
from src.search.space import Space, Value, Values, as_override
from src.utils.paths import Workspace

# Keys of the search itself, which an experiment does not have; and those that say how it is run, not what it is.
_OWN = ("sweep", "worker", "hydra")
_HOW = ("sweep.storage", "sweep.threads", "sweep.heartbeat", "sweep.timeout", "worker", "hydra")
_QUIET = ("training.progress=false", "tracking.log_model=false")


class Experiments:
    """The experiments of a study.

    Args:
        overrides: Those of the command line.
        made: Where the pipeline's stages may have left their outputs.
    """

    def __init__(self, overrides: Sequence[str], made: Workspace):
        parsed = OverridesParser.create().parse_overrides(list(overrides))
        mine = [one for one in parsed if not _begins(one.key_or_group, _OWN)]
        self.overrides = [str(one.input_line) for one in mine]
        told = [str(one.input_line) for one in parsed if not _begins(one.key_or_group, _HOW)]
        self.command = shlex.join(["python", "-m", "src.sweep", *told])
        self.fixed: Values = {one.key_or_group: one.value() for one in mine if isinstance(one.value(), Value)}
        self._made = made
        self._walks: dict[int, Walk] = {}
        self._configs: dict[tuple[str, ...], DictConfig] = {}

    def settings(self, values: Values, seed: int | None = None) -> Settings:
        """The checked config of one fit.

        Raises:
            ConfigError: the values do not make an experiment.
        """
        choices = tuple(as_override(name, value) for name, value in values.items() if name in GROUPS)
        try:
            config = self._composed(choices).copy()
            for name, value in {**values, **({} if seed is None else {"seed": seed})}.items():
                if name not in GROUPS:
                    OmegaConf.update(config, name, value)
            return build(config)
        except (HydraException, OmegaConfBaseException) as error:
            found = [as_override(name, value) for name, value in values.items()] or self.overrides
            raise ConfigError(f"{', '.join(found)}: {str(error).splitlines()[0]}") from None

    def _composed(self, choices: tuple[str, ...]) -> DictConfig:
        """The config of some choices of groups; Hydra, which reads all files anew, takes a fifth of a trial's extra."""
        if choices not in self._configs:
            self._configs[choices] = compose("config", [*self.overrides, *choices, *_QUIET])
        return self._configs[choices]

    def walk(self, settings: Settings) -> Walk:
        """The data of one fit; whatever earlier ones have made of it is taken from them."""
        before = self._walks.get(settings.seed) or next(iter(self._walks.values()), None)
        walk = before.again(settings) if before else Walk(settings, self._made)
        self._walks[settings.seed] = walk
        return walk

    def check(self, space: Space) -> None:
        """Compose and build enough of the space to see each choice and both ends of each range.

        Raises:
            ConfigError: naming a value that cannot work.
        """
        self.settings({})
        for values in space.probes():
            try:
                self.settings(values)
            except ConfigError as error:
                raise ConfigError(f"sweep.space: {error}") from None

    def defaults(self, space: Space) -> Values:
        """What the config says without the search, as far as the space has it."""
        config = self.settings({}).config
        wanted: dict[str, Value] = {}
        for name in space.parameters:
            value = OmegaConf.select(OmegaConf.create(config), name)
            wanted[name] = config[name]["name"] if name in GROUPS else value
        return space.within(wanted)


def _begins(key: str, places: Sequence[str]) -> bool:
    return any(key == place or key.startswith((f"{place}.", f"{place}/")) for place in places)
