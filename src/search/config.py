"""What a file of conf/sweep declares: a study, every value checked."""

import warnings
from typing import Annotated, Any, Literal

import numpy as np
import optuna
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from src.utils.validation import CHECKED

# What a trial may be judged by: figures of its fits, never of the test part.
OBJECTIVES = ("val_macro_f1", "val_accuracy", "fit_seconds", "network_parameters")
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
Positive = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class Sweep:
    """A search over configs.

    Attributes:
        name: Of the file.
        study: Name of the study in its storage, and of the winner's file.
        storage: SQLAlchemy URL; null: the environment's OPTUNA_STORAGE, or mlruns/optuna.db.
        space: See `src.search.space.read_space`.
        objectives: What to maximize or minimize; the first picks the winner. Where it is the only one, and a score,
            trials are pruned by their accuracy on validation, epoch by epoch.
        n_trials: Trials of the study, however many calls and workers share them.
        timeout: Seconds after which this call begins no other trial; null for none.
        n_seeds: Fits of each trial, on seeds that follow each other; what counts is their mean.
        seed: Trial n draws with a seed made of it and n, so that it draws the same whichever worker it falls to.
        sampler: `name`, one of `SAMPLERS`, and arguments of Optuna's class.
        pruner: `name`, one of `PRUNERS`, and arguments of Optuna's class.
        max_failures: More failed trials than this in a row stop the study.
        threads: Of each worker; null: as many as the machine has cores.
        heartbeat: Seconds between two signs of life of a worker; after four missed ones its trial is run again.
    """

    name: str
    study: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]
    storage: str | None
    space: dict[str, Any]
    objectives: dict[Literal[OBJECTIVES], Literal["maximize", "minimize"]]  # type: ignore[valid-type]
    n_trials: Positive
    timeout: Annotated[float, Field(gt=0)] | None
    n_seeds: Positive
    seed: Annotated[int, Field(ge=0)]
    sampler: dict[str, Any]
    pruner: dict[str, Any]
    max_failures: Positive
    threads: Positive | None
    heartbeat: Positive

    @model_validator(mode="after")
    def _makes_sense(self) -> "Sweep":
        if not self.objectives:
            raise ValueError(f"objectives: found none, expected one or more of {', '.join(OBJECTIVES)}")
        self.make_sampler(0)
        self.make_pruner()
        return self

    @property
    def prunes(self) -> bool:
        """Whether a trial may end before its fit does; Optuna prunes by one objective only."""
        scores = ({"val_macro_f1": "maximize"}, {"val_accuracy": "maximize"})
        return self.objectives in scores and self.pruner["name"] != "none"

    def make_sampler(self, number: int) -> optuna.samplers.BaseSampler:
        """The sampler of trial `number`."""
        seed = self.seed
        if self.sampler.get("name") != "qmc":  # whose sequence must stay one; it counts the trials itself
            seed = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
        return _make("sampler", SAMPLERS, {**self.sampler, "seed": seed})

    def make_pruner(self) -> optuna.pruners.BasePruner:
        return _make("pruner", PRUNERS, self.pruner)


def quiet() -> None:
    """Keep Optuna from saying more than the worker's own line for each trial."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # grouped TPE, heartbeats: "experimental" since Optuna 2.9; the lock file holds the version that was tested
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


def _make(what: str, known: dict[str, Any], options: dict[str, Any]) -> Any:
    name = options.get("name")
    if name not in known:
        raise ValueError(f"{what}.name={name!r}, expected one of {', '.join(known)}")
    try:
        quiet()
        return known[name](**{key: value for key, value in options.items() if key != "name"})
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what}: {error}") from None
