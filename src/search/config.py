"""Definition of a study: a file of conf/sweep, with every value checked."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
import optuna
from pydantic import Field, field_validator, model_validator
from pydantic.dataclasses import dataclass

from src.config.build import ConfigError
from src.data.sampling import Task
from src.evaluation.metric_kinds import less_is_better
from src.search.samplers_and_pruners import PRUNERS, SAMPLERS, make_option
from src.utils.validation import CHECKED, Count

# Figures of the verdicts on validation, for which a trial also fits the decision.
OF_VERDICTS = ("val_false_alarm_rate", "val_recall", "val_detection_rate", "val_mean_cost")
# figures that a study may optimize: of the fit and of validation, never of the test part
OBJECTIVES = ("val_macro_f1", "val_accuracy", *OF_VERDICTS, "fit_seconds", "network_parameters")
Direction = Literal["maximize", "minimize"]


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class Sweep:
    """A search over configs.

    Attributes:
        name: Name of the file.
        study: Name of the study in its storage, and of the winner's file.
        storage: SQLAlchemy URL; null for the environment's OPTUNA_STORAGE, or else mlruns/optuna.db.
        space: Parameters and their distributions, in the syntax of `src.search.space`.
        objectives: Figures to optimize: a name, a list, or names with `maximize` or `minimize`. Unless stated, costs,
            false alarms, seconds and weights are minimized, and other figures maximized. The first figure decides the
            winner. A study of accuracy or macro F1 alone prunes poor trials, by validation accuracy after each epoch.
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
    objectives: dict[str, Direction]
    n_trials: Count
    timeout: Annotated[float, Field(gt=0)] | None
    n_seeds: Count
    seed: Annotated[int, Field(ge=0)]
    sampler: dict[str, Any]
    pruner: dict[str, Any]
    max_failures: Count
    threads: Count | None
    heartbeat: Count
    save: bool

    @field_validator("objectives", mode="before")
    @classmethod
    def _with_directions(cls, objectives: Any) -> Any:
        """Give each figure its direction."""
        named = [objectives] if isinstance(objectives, str) else objectives
        if isinstance(named, list):
            named = dict.fromkeys(named)
        if not isinstance(named, Mapping):
            return objectives
        for name in named:
            _check_objective(name)
        return {name: direction or _direction(name) for name, direction in named.items()}

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

    @property
    def reads_verdicts(self) -> bool:
        """True if a trial needs the scores of the verdicts, beside those of the model."""
        return any(name in OF_VERDICTS for name in self.objectives)

    @property
    def aim(self) -> str:
        """Objectives in words: `minimizes val_mean_cost`."""
        return ", ".join(f"{direction}s {name}" for name, direction in self.objectives.items())

    def check_task(self, task: Task) -> None:
        """Check that trials on a task have the figures.

        Raises:
            ConfigError: the task lacks a figure.
        """
        lacking = {"val_recall" if len(task.classes) > 2 else "val_detection_rate"}
        lacking |= {"val_mean_cost"} if task.cost is None else set()
        if wrong := [name for name in self.objectives if name in lacking]:
            known = ", ".join(name for name in OBJECTIVES if name not in lacking)
            costs = "; a task with costs has val_mean_cost" if wrong[0] == "val_mean_cost" else ""
            raise ConfigError(
                f"sweep.objectives: found {wrong[0]}, expected a figure of task={task.name}: {known}{costs}"
            )

    def make_sampler(self, number: int) -> optuna.samplers.BaseSampler:
        """Make the sampler of one trial."""
        seed = self.seed
        if self.sampler.get("name") != "qmc":  # its points form one sequence over all trials
            seed = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
        return make_option("sampler", SAMPLERS, {**self.sampler, "seed": seed})

    def make_pruner(self) -> optuna.pruners.BasePruner:
        return make_option("pruner", PRUNERS, self.pruner)


def _direction(name: str) -> Direction:
    return "minimize" if less_is_better(name) else "maximize"


def _check_objective(name: Any) -> None:
    if name in OBJECTIVES:
        return
    reason = ": the test part may not choose" if str(name).startswith("test") else ""
    raise ValueError(f"found {name!r}{reason}, expected one or more of {', '.join(OBJECTIVES)}")
