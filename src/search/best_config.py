"""The winner of a study as an experiment file: `python -m src.train +experiment=best/<study>` makes it again."""

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
    """Write the file of one trial, and return its path.

    Args:
        overrides: Those of the study's command, which hold for all its trials.
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
    """Choices of groups as a defaults list, everything else by its place."""
    choices: list[object] = []
    values: dict[str, object] = {}
    for one in OverridesParser.create().parse_overrides(overrides):
        if one.key_or_group in (*GROUPS, "recipe", "experiment"):
            what = "/experiment" if one.key_or_group == "experiment" else f"override /{one.key_or_group}"
            choices.append({what: str(one.value())})
            continue
        *places, last = one.key_or_group.split(".")
        node = values
        for place in places:
            node = node.setdefault(place, {})  # type: ignore[assignment]
        value = one.value()
        node[last] = value.text if isinstance(value, QuotedString) else value
    if n_seeds > 1:  # all that the score is the mean of
        values["hydra"] = {"sweeper": {"params": {"seed": ",".join(str(first_seed + turn) for turn in range(n_seeds))}}}
    parts = [{"defaults": [*choices, "_self_"]}] if choices else []
    return "".join("\n" + yaml.safe_dump(part, sort_keys=False) for part in [*parts, values] if part)
