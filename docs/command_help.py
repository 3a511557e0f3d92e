"""Write docs/help/<command>.txt, the `--help` of the commands on the config, from conf/ and the classes it names.

`python -m docs.configuration`, or `make docs`, writes them. They are written ahead, so that `--help` prints a file and
imports nothing.
"""

import importlib
import re
import textwrap
import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le, Lt
from hydra import compose
from omegaconf import OmegaConf

from docs.configuration import EXPERIMENTS, as_yaml, cell, defaults, flat, keys_of, meaning, options, owner_of
from src.config.help import PAGES
from src.config.stage_params import stage_params
from src.utils.command_line import WIDTH
from src.utils.files import write_text

CHOICES = ("dataset", "task", "split", "scaling", "reducer", "layout", "model", "recipe")
# Ranges that no class has: src/config/build.py checks these keys.
RANGES = {
    "k": "1 to 53",
    "window": "1 or more",
    "seed": "0 to 4294967295",
    "split.test": "above 0, below 1, or published",
    "preprocess.on_bad_record": "stop or quarantine",
    "preprocess.max_unknown": "0 to 1",
    "tracking.skip_finished": "true or false",
}
# Keys outside the groups whose defaults the choice of a group sets.
SET_BY = {"k": "reducer", "window": "layout"}


@dataclass(frozen=True)
class Command:
    """Parts of a help page that conf/ does not have.

    Attributes:
        about: Sentences behind the docstring of the command.
        groups: Config groups that the command reads and that have several choices.
        keys: Keys that are used most. `option:key` is a key of another option than the default one.
        examples: Arguments of three calls, with what they do.
        usage: Arguments before those of the config.
        config: Primary config.
    """

    about: str
    groups: tuple[str, ...]
    keys: tuple[str, ...]
    examples: tuple[tuple[str, str], ...]
    usage: str = ""
    config: str = "config"

    @classmethod
    def stage(cls, name: str, about: str, keys: tuple[str, ...], *examples: tuple[str, str]) -> "Command":
        """Command of a stage, with the groups that dvc.yaml declares for it."""
        return cls(about, tuple(group for group in CHOICES if group in stage_params(name)), keys, examples)


SIMULATED = ("simulated:dataset.records", "simulated:dataset.test_records", "simulated:dataset.seed")
DIRECT = "DVC runs it as `dvc repro {0}`, with the values of params.yaml; run directly, it writes to outputs/."
COMMANDS = {
    "download": Command.stage(
        "download",
        DIRECT.format("download"),
        SIMULATED,
        ("", "10 % file and test, 3.5 MB"),
        ("dataset=nsl_kdd", "another data set"),
        ("dataset=simulated dataset.records=20000", "without a network"),
    ),
    "preprocess": Command.stage(
        "preprocess",
        DIRECT.format("preprocess"),
        ("preprocess.on_bad_record", "preprocess.max_unknown", *SIMULATED),
        ("", "the default data set"),
        ("dataset=simulated", "simulated records"),
        ("preprocess.on_bad_record=quarantine", "leave malformed records out"),
    ),
    "sample": Command.stage(
        "sample",
        DIRECT.format("sample"),
        ("seed", "split.distinct", "split.train", "split.val", "split.test", *SIMULATED[:2]),
        ("task=five split=official", "the contest's five classes and its test file"),
        ("split=grouped seed=1", "copies of a record stay in one part"),
        ("dataset=simulated", "simulated records"),
    ),
    "reduce": Command.stage(
        "reduce",
        DIRECT.format("reduce"),
        ("k", "window", "seed", "split.distinct", "scaling.clip", "scaling.one_hot_service", *SIMULATED[:2]),
        ("reducer=mi k=4", "the four features of most mutual information"),
        ("reducer=none", "all features"),
        ("dataset=simulated reducer=lda", "simulated records"),
    ),
    "train": Command(
        "One MLflow run has all of it (`make ui`); files are in outputs/.",
        CHOICES,
        ("k", "seed", "training.epochs", "training.batch_size", "training.learning_rate", "training.patience",
         "model.units", "decision.false_alarm_budget", "tracking.skip_finished"),
        (
            ("dataset=simulated", "simulated records, without a network"),
            ("model=random_forest reducer=mi k=4", "another model, on four features"),
            ("-m reducer=pca,mi k=2,3,4,10", "a grid: eight runs under a parent"),
        ),
        usage="[-m] ",
    ),
    "evaluate": Command(
        f"It wants the config that the detector was trained with. {DIRECT.format('evaluate')}",
        tuple(group for group in CHOICES if group in stage_params("evaluate")),
        ("k", "seed", "evaluation.bootstrap", "training.epochs", "model.units", "decision.false_alarm_budget"),
        (
            ("", "the detector of a plain dvc repro"),
            ("evaluation.bootstrap=0", "without intervals"),
            ("--config-dir . --config-name params", "with the values of params.yaml"),
        ),
    ),
    "audit": Command(
        "It is logged to MLflow, in the experiment <dataset>-audit.",
        tuple(group for group in CHOICES if group in stage_params("sample")),
        ("seed", "split.distinct", "preprocess.on_bad_record", "preprocess.max_unknown", *SIMULATED[:2]),
        (
            ("", "the default data set and split"),
            ("dataset=nsl_kdd split=official", "the files alone"),
            ("dataset=simulated", "simulated records"),
        ),
    ),
    "sweep": Command(
        "All groups and keys of src.train are accepted; the space of the sweep replaces some.",
        ("sweep", "sweep/sampler", "sweep/pruner", *CHOICES),
        ("sweep.n_trials", "sweep.timeout", "sweep.n_seeds", "sweep.seed", "sweep.max_failures", "sweep.threads"),
        (
            ("dataset=simulated sweep.n_trials=5", "five trials on simulated records"),
            ("sweep=lstm reducer=mi k=4", "network and training on four features"),
            ("-m worker=0,1 hydra/launcher=joblib", "two workers"),
        ),
        usage="[-m] ",
        config="sweep",
    ),
    "report": Command(
        "The groups and keys are those that the grids were run with; all of src.train are accepted.",
        ("dataset",),
        (*SIMULATED[:2], "training.epochs"),
        (
            ("paper", "on the runs of make paper"),
            ("leaderboard", "on those of make leaderboard"),
            ("generalization dataset=simulated", "on simulated runs"),
        ),
        usage="{paper,generalization,leaderboard} ",
    ),
}  # fmt: skip


def write_pages() -> None:
    """Write the pages of all commands; Hydra must be initialized with conf/."""
    for name in COMMANDS:
        write_text(PAGES / f"{name}.txt", page(name))


def page(name: str) -> str:
    """Help page of a command; Hydra must be initialized with conf/."""
    command = COMMANDS[name]
    opening = (importlib.import_module(f"src.{name}").__doc__ or "").strip()
    about = f"{' '.join(opening.split())} {command.about}".replace("`", "")
    lines = [f"usage: python -m src.{name} {command.usage}[GROUP=CHOICE ...] [KEY=VALUE ...]", ""]
    lines += [*textwrap.wrap(about, WIDTH), "", "groups, the default first:"]
    lines += [line for group in command.groups for line in _group(group, command.config)]
    if "recipe" in command.groups:
        lines += _wrapped("+experiment=", f"grids and configs of conf/experiment: {', '.join(EXPERIMENTS)}")
    lines += ["", "keys, with default, meaning and range:"]
    lines += [line for key in command.keys for line in _key(key, command.config)]
    lines += ["", "examples:"]
    calls = [(f"python -m src.{name} {arguments}".rstrip(), text) for arguments, text in command.examples]
    width = max(len(call) for call, _ in calls)
    lines += [f"  {call.ljust(width)}  # {text}" for call, text in calls]
    lines += ["", "--cfg job prints the whole config, --hydra-help the flags; every key: docs/configuration.md"]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _group(group: str, config: str) -> list[str]:
    chosen = {**defaults("config"), **defaults(config)}[group]
    return _wrapped(f"{group}=", ", ".join([chosen, *(one for one in options(group) if one != chosen)]))


def _wrapped(head: str, text: str) -> list[str]:
    indent = " " * 17
    return textwrap.wrap(text, WIDTH, initial_indent=f"  {head}".ljust(17), subsequent_indent=indent)


def _key(entry: str, config: str) -> list[str]:
    option, _, key = entry.rpartition(":")
    group, _, last = key.rpartition(".")
    choice = f"{group}={option}" if option else ""
    if group in (chosen := defaults("config")):
        option = option or chosen[group]
    elif group != config:  # outside the groups
        group = ""
    if key in SET_BY:
        choice = f"{SET_BY[key]}={chosen[SET_BY[key]]}"
    where = f" ({choice})" if choice else ""
    default = keys_of(group, option)[key] if option else flat(_composed(config))[key]
    legal = RANGES.get(key) or ranges(get_type_hints(owner_of(group, option, key), include_extras=True)[last])
    head = f"  {key}".ljust(30) + as_yaml(default).ljust(7)
    text = _short(cell(meaning(group, option, key)).replace("`", ""), legal, WIDTH - len(head) - len(where)) + where
    return textwrap.wrap(text, WIDTH, initial_indent=head, subsequent_indent=" " * len(head))


@cache
def _composed(config: str) -> Any:
    return OmegaConf.to_container(compose(config), resolve=False)


def _short(text: str, legal: str, width: int) -> str:
    """The longest beginning of a text that ends with a clause and fits a line with the range behind it."""
    text = text.rstrip(".")
    ends = [len(text), *(found.start() for found in re.finditer(r"[;.] ", text))]
    with_range = [_joined(text[:end], legal) for end in sorted(ends, reverse=True)]
    return next((one for one in with_range if len(one) <= width), with_range[-1])


def _joined(text: str, legal: str) -> str:
    """Text with the legal values that it does not give itself."""
    given = [one for one in legal.split(", or ") if one and one not in text]
    if text.startswith(("true: ", "false: ")) or not given or all(one in text for one in legal.split(" or ")):
        return text
    return f"{text}, or null" if given == ["null"] else f"{text}; {', or '.join(given)}"


def ranges(kind: Any) -> str:
    """Legal values of an annotated type in words; empty where every value of the type is legal.

    >>> ranges(Annotated[int, Ge(1)] | None), ranges(Annotated[float, Ge(0), Lt(1)]), ranges(bool)
    ('1 or more, or null', '0 or more, below 1', 'true or false')
    """
    if get_origin(kind) in (Union, types.UnionType):
        return ", or ".join(filter(None, ("null" if one is type(None) else ranges(one) for one in get_args(kind))))
    if get_origin(kind) is Literal:
        *names, last = map(str, get_args(kind))
        return f"{', '.join(names)} or {last}"
    if kind is bool:
        return "true or false"
    bounds = list(_bounds(kind))
    if [type(one) for one in bounds] == [Ge, Le]:
        return f"{bounds[0].ge} to {bounds[1].le}"
    words = {Ge: "{0.ge} or more", Gt: "above {0.gt}", Le: "at most {0.le}", Lt: "below {0.lt}"}
    return ", ".join(words[type(one)].format(one) for one in bounds)


def _bounds(kind: Any) -> Iterator[Any]:
    """Bounds among the annotations of a type, lower before upper."""
    found = [bound for one in (get_args(kind)[1:] if get_origin(kind) is Annotated else ())
             for bound in (one, *getattr(one, "metadata", ()))]  # fmt: skip
    limits = (one for one in found if isinstance(one, (Ge, Gt, Le, Lt)))
    yield from sorted(limits, key=lambda limit: isinstance(limit, (Le, Lt)))
