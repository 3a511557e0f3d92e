"""Experiment file of a study's winner, for `python -m src.train +experiment=local/<study>`.

It goes to `conf/experiment/local`, which git ignores, or with `sweep.save=true` to `conf/experiment/best`.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import QuotedString
from optuna.study import Study
from optuna.trial import FrozenTrial

from src.config.build import GROUPS
from src.pipeline.fingerprint import stage_digest
from src.search import trial_queue
from src.search.config import Sweep
from src.search.create import COMMAND
from src.search.objective import FIGURES
from src.search.space import as_override
from src.utils.files import write_text
from src.utils.paths import PROJECT, shown_path

FOLDER = PROJECT / "conf" / "experiment"
LOCAL, SAVED = "local", "best"
_DATA = re.compile(r"^# Data: .*; digest ([0-9a-f]{8})\.$", re.MULTILINE)
_SCORE = re.compile(r"^# Trial \d+, best(?: \w+)? of (\d+): (\w+) ([-+.\de]+)", re.MULTILINE)


@dataclass(frozen=True)
class Winner:
    """The winner of a study as a config.

    Attributes:
        overrides: Overrides of `src.train` that compose its config.
        arguments: The same in short where an experiment file has them.
        line: Sentence on the file: what was done, where it is, and how to use it.
    """

    overrides: list[str]
    arguments: list[str]
    line: str

    @property
    def command(self) -> str:
        """Command that trains the winner."""
        return train_command(self.arguments)


def train_command(arguments: list[str]) -> str:
    """Command line of `src.train`.

    >>> train_command(["reducer=mi", "k=3"])
    'python -m src.train reducer=mi k=3'
    """
    return shlex.join(["python", "-m", "src.train", *arguments])


def write_winner(
    sweep: Sweep, study: Study, trial: FrozenTrial, overrides: list[str], config: Mapping[str, Any]
) -> Winner:
    """Write the experiment file of one trial, unless the file has a better one.

    Scores on other data cannot be compared. A file of other data stays, and the winner gets a file beside it.

    Args:
        sweep: Definition of the study.
        study: Study of the trial.
        trial: Complete trial to write.
        overrides: Overrides that hold for all trials of the study.
        config: Config of the study, with the seed of the trial's first fit.
    """
    everything = [*overrides, *(as_override(name, value) for name, value in trial.params.items())]
    experiment = f"{SAVED if sweep.save else LOCAL}/{study.study_name}"
    digest = stage_digest(config, "sample")[:8]
    beside = ""
    if _of_other_data(_read(experiment), digest):
        beside = f"; {shown_path(_path(experiment))} stays, as its winner is of other data"
        experiment = f"{experiment}-{digest}"
    path, found = _path(experiment), _read(experiment)
    head = _head(sweep, study, trial, config, experiment, digest)
    body = _body(everything, sweep.n_seeds, config["seed"])
    kept = None if found is None else _why_kept(found, head, sweep)
    if kept is None:
        write_text(path, head + body)
    if kept is None or (found is not None and found.endswith(body)):  # the file composes this winner
        arguments = [f"+experiment={experiment}"]
        later = "" if sweep.save else "; sweep.save=true writes it to conf/experiment/best, for a commit"
        line = f"{shown_path(path)}; train it: {train_command(arguments)}{later}{beside}"
        return Winner(everything, arguments, line)
    line = f"not written, as {shown_path(path)} {kept}; train this one: {train_command(everything)}{beside}"
    return Winner(everything, everything, line)


def _path(experiment: str) -> Path:
    return FOLDER / f"{experiment}.yaml"


def _read(experiment: str) -> str | None:
    """Text of an experiment file; None where it is missing."""
    path = _path(experiment)
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _of_other_data(found: str | None, digest: str) -> bool:
    """Tell whether a file has a winner that is of other data, or does not say of which."""
    if found is None or not _SCORE.search(found):
        return False
    data = _DATA.search(found)
    return data is None or data[1] != digest


def _why_kept(found: str, head: str, sweep: Sweep) -> str | None:
    """Reason to leave a file as it is; None where the new winner has a better score, or the same of more trials."""
    before, now = _SCORE.search(found), _SCORE.search(head)
    assert now
    if before is None or before[2] != now[2]:
        return f"has no {now[2]} to compare; delete it to replace it"
    sign = 1 if next(iter(sweep.objectives.values())) == "maximize" else -1
    if (sign * float(now[3]), int(now[1])) > (sign * float(before[3]), int(before[1])):
        return None
    return f"is better or as good: {before[2]} {before[3]}, best of {before[1]}, against {now[3]}, best of {now[1]}"


def _head(
    sweep: Sweep, study: Study, trial: FrozenTrial, config: Mapping[str, Any], experiment: str, digest: str
) -> str:
    figures = trial.user_attrs[FIGURES]
    score = ", ".join(f"{name} {figures[name]:.6g}" for name in sweep.objectives)
    seed = config["seed"]
    seeds = f"seed {seed}" if sweep.n_seeds == 1 else f"mean of the seeds from {seed} on ({sweep.n_seeds})"
    done = trial_queue.finished(study)
    pick = "best" if len(sweep.objectives) == 1 else f"best {next(iter(sweep.objectives))}"
    dataset = config["dataset"]
    records = f" ({dataset['records']} records)" if "records" in dataset else ""  # simulated
    data = f"{dataset['name']}{records}, {config['task']['name']}, {config['split']['name']} split, seed {seed}"
    return (
        "# @package _global_\n"
        f"# {study.user_attrs[COMMAND]}\n"
        f"# Trial {trial.number}, {pick} of {len(done)}: {score}; {seeds}; {date.today().isoformat()}.\n"
        f"# Data: {data}; digest {digest}.\n"
        f"# python -m src.train +experiment={experiment}\n"
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
