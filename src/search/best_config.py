"""Experiment file of a study's winner, for `python -m src.train +experiment=best/<study>`."""

from datetime import date
from pathlib import Path

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import QuotedString
from optuna.study import Study
from optuna.trial import FrozenTrial

from src.config.build import GROUPS
from src.search import trial_queue
from src.search.config import Sweep
from src.search.create import COMMAND
from src.search.objective import FIGURES
from src.search.space import as_override
from src.utils.files import write_text
from src.utils.paths import PROJECT

FOLDER = PROJECT / "conf" / "experiment" / "best"


def write_winner(sweep: Sweep, study: Study, trial: FrozenTrial, overrides: list[str], first_seed: int) -> Path:
    """Write the experiment file of one trial, and return its path.

    Args:
        sweep: Definition of the study.
        study: Study of the trial.
        trial: Complete trial to write.
        overrides: Overrides that hold for all trials of the study.
        first_seed: Seed of the trial's first fit.
    """
    everything = [*overrides, *(as_override(name, value) for name, value in trial.params.items())]
    path = FOLDER / f"{study.study_name}.yaml"
    write_text(path, _head(sweep, study, trial, first_seed) + _body(everything, sweep.n_seeds, first_seed))
    return path


def _head(sweep: Sweep, study: Study, trial: FrozenTrial, first_seed: int) -> str:
    figures = trial.user_attrs[FIGURES]
    score = ", ".join(f"{name} {figures[name]:.6g}" for name in sweep.objectives)
    seeds = f"seed {first_seed}" if sweep.n_seeds == 1 else f"mean of the seeds from {first_seed} on ({sweep.n_seeds})"
    done = trial_queue.finished(study)
    pick = "best" if len(sweep.objectives) == 1 else f"best {next(iter(sweep.objectives))}"
    return (
        "# @package _global_\n"
        f"# {study.user_attrs[COMMAND]}\n"
        f"# Trial {trial.number}, {pick} of {len(done)}: {score}; {seeds}; {date.today().isoformat()}.\n"
        f"# python -m src.train +experiment=best/{study.study_name}\n"
    )


def _body(overrides: list[str], n_seeds: int, first_seed: int) -> str:
    """YAML of the overrides: choices of groups as a defaults list, other keys as nested mappings."""
    choices: list[object] = []
    values: dict[str, object] = {}
    for override in OverridesParser.create().parse_overrides(overrides):
        key = override.key_or_group
        if key in (*GROUPS, "recipe", "experiment"):
            choices.append({"/experiment" if key == "experiment" else f"override /{key}": str(override.value())})
            continue
        *parents, last = key.split(".")
        node = values
        for parent in parents:
            node = node.setdefault(parent, {})  # type: ignore[assignment]
        value = override.value()
        node[last] = value.text if isinstance(value, QuotedString) else value
    if n_seeds > 1:  # a multirun of all the seeds that the score is the mean of
        values["hydra"] = {"sweeper": {"params": {"seed": ",".join(str(first_seed + turn) for turn in range(n_seeds))}}}
    parts = [{"defaults": [*choices, "_self_"]}] if choices else []
    return "".join("\n" + yaml.safe_dump(part, sort_keys=False) for part in [*parts, values] if part)
