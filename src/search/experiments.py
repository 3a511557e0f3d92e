"""Configs and data of trials. What trials have in common is made once."""

import shlex
from collections.abc import Sequence

from hydra import compose
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import QuotedString
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from src.config.build import GROUPS, ConfigError, build
from src.config.settings import Settings
from src.pipeline.stage_outputs import StageOutputs
from src.search.space import Space, Value, Values, as_override
from src.utils.paths import Workspace

# keys of the search, which an experiment does not have
_SEARCH_KEYS = ("sweep", "worker", "hydra")
# keys without influence on the trials, left out of the command that a report shows
_UNSHOWN_KEYS = (
    *("sweep.storage", "sweep.threads", "sweep.heartbeat", "sweep.timeout", "sweep.save"),
    *("worker", "hydra"),
)
_QUIET = ("training.progress=false", "tracking.log_model=false")


class Experiments:
    """Experiments of a study.

    Args:
        overrides: Overrides of the command line.
        made: Workspace that may have outputs of the pipeline's stages.

    Attributes:
        overrides: Overrides that hold for every trial.
        command: Command of the study, without the keys that do not change its trials.
        fixed: Values that the overrides set.
    """

    def __init__(self, overrides: Sequence[str], made: Workspace):
        parsed = OverridesParser.create().parse_overrides(list(overrides))
        own = [override for override in parsed if not _is_under(override.key_or_group, _SEARCH_KEYS)]
        self.overrides = [str(override.input_line) for override in own]
        shown = [str(override.input_line) for override in parsed if not _is_under(override.key_or_group, _UNSHOWN_KEYS)]
        self.command = shlex.join(["python", "-m", "src.sweep", *shown])
        values = {override.key_or_group: override.value() for override in own}
        texts = {key: value.text if isinstance(value, QuotedString) else value for key, value in values.items()}
        self.fixed: Values = {key: value for key, value in texts.items() if isinstance(value, Value)}
        self._made = made
        self._outputs: dict[int, StageOutputs] = {}
        self._configs: dict[tuple[str, ...], DictConfig] = {}

    def settings(self, values: Values, seed: int | None = None) -> Settings:
        """Compose and check the config of one fit.

        Args:
            values: Values of a trial.
            seed: Seed of the fit; None for that of the config.

        Raises:
            ConfigError: the values are not valid together.
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
        """Compose the config of some choices of groups, once: Hydra reads all files again each time."""
        if choices not in self._configs:
            self._configs[choices] = compose("config", [*self.overrides, *choices, *_QUIET])
        return self._configs[choices]

    def outputs(self, settings: Settings) -> StageOutputs:
        """Data of one fit; what earlier fits have made of it is reused."""
        before = self._outputs.get(settings.seed) or next(iter(self._outputs.values()), None)
        outputs = before.for_config(settings) if before else StageOutputs(settings, self._made)
        self._outputs[settings.seed] = outputs
        return outputs

    def check(self, space: Space) -> None:
        """Check configs that together have each choice and both ends of each range.

        Raises:
            ConfigError: a value is not valid; the message names it.
        """
        self.settings({})
        for values in space.probes():
            try:
                self.settings(values)
            except ConfigError as error:
                raise ConfigError(f"sweep.space: {error}") from None

    def defaults(self, space: Space) -> Values:
        """Values of the config without the search, as far as the space contains them."""
        config = self.settings({}).config
        wanted: dict[str, Value] = {}
        for name in space.parameters:
            value = OmegaConf.select(OmegaConf.create(config), name)
            wanted[name] = config[name]["name"] if name in GROUPS else value
        return space.within(wanted)


def _is_under(key: str, parents: Sequence[str]) -> bool:
    return any(key == parent or key.startswith((f"{parent}.", f"{parent}/")) for parent in parents)
