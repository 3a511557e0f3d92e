"""Definition of a study: a file of conf/sweep, with every value checked."""

from typing import Annotated, Any, Literal

import numpy as np
import optuna
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from src.search.samplers_and_pruners import PRUNERS, SAMPLERS, make_option
from src.utils.validation import CHECKED

# figures that a study may optimize: of the fit and of validation, never of the test part
OBJECTIVES = ("val_macro_f1", "val_accuracy", "fit_seconds", "network_parameters")
Positive = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class Sweep:
    """A search over configs.

    Attributes:
        name: Name of the file.
        study: Name of the study in its storage, and of the winner's file.
        storage: SQLAlchemy URL; null for the environment's OPTUNA_STORAGE, or else mlruns/optuna.db.
        space: Parameters and their distributions, in the syntax of `src.search.space`.
        objectives: Figures to maximize or minimize; the first one decides the winner. If it is the only one, and a
            score, poor trials are pruned by their validation accuracy after each epoch.
        n_trials: Number of trials of the study, shared by all its calls and workers.
        timeout: Seconds after which this call starts no further trial; null for no limit.
        n_seeds: Number of fits of each trial, on consecutive seeds. The mean of their scores counts.
        seed: Seed of the sampler. Each trial has a seed made from this one and its number, so that it draws the same
            values whichever worker runs it.
        sampler: `name`, one of `SAMPLERS`, and arguments of Optuna's class.
        pruner: `name`, one of `PRUNERS`, and arguments of Optuna's class.
        max_failures: Largest number of trials that may fail one after the other; one more stops the study.
        threads: Number of threads of each worker; null for one per core of the machine.
        heartbeat: Seconds between two heartbeats of a worker. After four without one, its trial is run again.
        save: True to write the winner to conf/experiment/best, for a commit, in place of conf/experiment/local. A file
            with a better winner stays.
    """

    name: str
    study: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$", max_length=200)]
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
    save: bool

    @model_validator(mode="after")
    def _makes_sense(self) -> "Sweep":
        if not self.objectives:
            raise ValueError(f"objectives: found none, expected one or more of {', '.join(OBJECTIVES)}")
        self.make_sampler(0)
        self.make_pruner()
        return self

    @property
    def prunes(self) -> bool:
        """True where a trial may end before its fit does. Optuna prunes studies of one objective only."""
        scores = ({"val_macro_f1": "maximize"}, {"val_accuracy": "maximize"})
        return self.objectives in scores and self.pruner["name"] != "none"

    def make_sampler(self, number: int) -> optuna.samplers.BaseSampler:
        """Make the sampler of one trial."""
        seed = self.seed
        if self.sampler.get("name") != "qmc":  # its points form one sequence over all trials
            seed = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
        return make_option("sampler", SAMPLERS, {**self.sampler, "seed": seed})

    def make_pruner(self) -> optuna.pruners.BasePruner:
        return make_option("pruner", PRUNERS, self.pruner)
