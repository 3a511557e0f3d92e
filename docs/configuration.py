"""Write docs/configuration.md from conf/: `python -m docs.configuration`, or `make docs`.

A description comes from the comment in the config file. Where there is none, it comes from the docstring of the class
that the file names.
"""

import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from typing import Any, get_args

import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from src.config import renamed_keys
from src.data.schema import Column, Schema
from src.utils.files import write_text
from src.utils.paths import PROJECT

CONF = PROJECT / "conf"
PAGE = PROJECT / "docs" / "configuration.md"
COMMAND = re.compile(r"python -m src\.\w+(?: (?:-m|\+?[\w./-]+=[^\s:]+))*")
# Names of classes and options, and the published files: not for the command line.
HIDDEN = re.compile(r"(^|\.)(_target_|name)$|^dataset\.(train|test|further_tests|schema)\b|^training\.teacher$")
TEACHERS = "training/teacher"
SCHEMAS = "dataset/schema"
EXPERIMENTS = ("paper", "generalization", "leaderboard", "selection", "unsw_nb15", "best")
Values = dict[str, Any]

# Keys without a comment in conf/ and without a class.
OUTSIDE_GROUPS = {
    "k": "Number of columns that the reducer makes.",
    "window": "Number of records that a network reads at once.",
    "seed": "Seed of every draw: sample, split, weights.",
}

# What holds for a whole group, below its table of options.
NOTES = {
    "reducer": """\
`mi`, `anova`, `chi2`, `mrmr`, `forest_importance` and `rfe` choose features; the others make new columns. `k` is 1 to
the number of features: with KDD99 53, or `k=123` with `scaling.one_hot_service=true`. `lda` makes at most one column
less than there are classes, `kernel_pca` at most `reducer.landmarks`, and `none` takes all.""",
    "model": """\
Recurrent networks: `lstm`, `lstm_ensemble`, `bilstm`, `lstm_peephole`, `lstm_multiplicative`, `lstm_weighted`, `gru`,
`rnn`. Other networks: `dnn`, `cnn`, `cnn_lstm`, `bat`; pre-trained without classes: `stl`, `dbn`, `ae_alexnet`. All
others are classical models. `ae_ids` does `task=binary` only.""",
}

INTRODUCTION = """\
<!-- Written by `make docs` from conf/. Do not edit: a test compares the two. -->
# Configuration

Every choice and every number that a command accepts, with its default. A choice is a config group: a folder of `conf/`
with one file an option. A number is a key of such a file.

```
python -m src.train reducer=mi model=random_forest        # choices: group=option
python -m src.train model.units=128 training.epochs=60    # numbers: key=value
python -m src.train reducer=mi k=4 seed=3 --cfg job       # print the config and stop
```

- **Errors.** A misspelled key, a wrong type or a value out of range stops the command before any work. The message says
  what is legal. A key of an earlier version gives an error that names the new key (`src/config/renamed_keys.py`).
- **Grids.** `-m` and lists make a grid: `python -m src.train -m reducer=pca,mi k=2,4`. See [sweeps](sweeps.md).
- **Values of several lines.** Lists and mappings are written as in YAML: `'layout.history=[50, 500]'`.
- **Help.** `--help` of a command has its groups, the keys that are used most, and examples. `--cfg job` prints all.
- **DVC.** `params.yaml` holds the values that DVC runs: `conf/config.yaml` composed with its defaults (`make
  params`), or those of the last `dvc exp run -S`.
- **New file.** An option added to `conf/` today is offered, tested and listed here (`make docs`) today.
"""


def page() -> str:
    """Markdown of the whole page."""
    with initialize_config_dir(str(CONF)):
        chosen = defaults("config")
        parts = [INTRODUCTION, _overview(chosen), _top_level()]
        for group, default in chosen.items():
            parts += [_group(group, default)] if group != "recipe" else []
            parts += [_schemas()] if group == "dataset" else []
            parts += [_teachers()] if group == "training" else []
        parts += [_recipes(), _experiments(), _sweep(), _renamed()]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def options(group: str) -> list[str]:
    """Names of the files of a group."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def comments(name: str) -> dict[str, str]:
    """Comments of one config file by the key that they describe; `` is the file itself.

    A comment describes the key on its line, or the key below it. The comment at the top describes the file.
    """
    found: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    pending: list[str] = []
    top = True
    for line in (CONF / f"{name}.yaml").read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("#"):
            text = line.lstrip().removeprefix("#").strip()
            pending += [] if text.startswith("@package") else [text]
            continue
        match = re.match(r"(\s*)([\w.]+):(?:\s|$)", line)
        if pending and top:
            found[""] = " ".join(pending)
        top = False
        if not match:
            pending = []
            continue
        indent, key = len(match[1]), match[2]
        path = [(depth, one) for depth, one in path if depth < indent] + [(indent, key)]
        inline = re.search(r"\s#\s+(.*)$", line)
        text = inline[1] if inline else " ".join(pending) if "" in found and found[""] != " ".join(pending) else ""
        if text:
            found[".".join(one for _, one in path)] = text
        pending = []
    if pending and top:
        found[""] = " ".join(pending)
    return found


def described(group: str, option: str) -> str:
    """Comment at the top of an option's file; of a model, and where there is none, what its class says before it."""
    text = comments(f"{group}/{option}").get("", "")
    named = "_target_" in (CONF / group / f"{option}.yaml").read_text(encoding="utf-8")
    if text and (group != "model" or not named or _estimator(group, option)):
        return text
    return f"{_summary(_target(keys_of(group, option)))} {text}".strip()


def _overview(chosen: Mapping[str, str]) -> str:
    lines = ["## All groups", "", "| group | default | options |", "|---|---|---|"]
    for group, default in chosen.items():
        link = "recipes" if group == "recipe" else group
        lines.append(f"| [`{group}=`](#{link}) | `{default}` | {_codes(options(group))} |")
    return "\n".join(lines)


def _top_level() -> str:
    config = yaml.safe_load((CONF / "config.yaml").read_text(encoding="utf-8"))
    own = {key: value for key, value in config.items() if key not in ("defaults", "hydra")}
    lines = ["## Keys outside the groups", "", "| key | default | meaning |", "|---|---|---|"]
    lines.append(f"| `k` | set by `reducer=` | {OUTSIDE_GROUPS['k']} |")
    lines.append(f"| `window` | set by `layout=` | {OUTSIDE_GROUPS['window']} |")
    for key, value in flat(own).items():
        lines.append(f"| `{key}` | {_shown(value)} | {cell(meaning('', '', key))} |")
    return "\n".join(lines)


def _group(group: str, default: str) -> str:
    lines = [f"## {group}", ""]
    names = options(group)
    if len(names) > 1:
        lines += [f"| `{group}=` | what it is |", "|---|---|"]
        for name in names:
            mark = " (default)" if name == default else ""
            lines.append(f"| `{name}`{mark} | {cell(described(group, name))} |")
        lines += ["", NOTES[group], ""] if group in NOTES else [""]
    elif text := described(group, names[0]):
        lines += [text, ""]
    return "\n".join([*lines, *_key_table(group, names)])


def _key_table(group: str, names: list[str]) -> list[str]:
    """A row for each key, default and meaning, with the options that have it."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for name in names:
        for key, value in keys_of(group, name).items():
            if not HIDDEN.search(key) and not str(value).startswith("${"):
                rows.setdefault((key, _shown(value), meaning(group, name, key)), []).append(name)
    if not rows:
        return []
    several = len(names) > 1
    head = "| key | default | meaning |" + (" options |" if several else "")
    lines = [head, "|---|---|---|" + ("---|" if several else "")]
    order = {key: place for place, key in enumerate(dict.fromkeys(key for key, _, _ in rows))}
    for (key, value, text), owners in sorted(rows.items(), key=lambda row: order[row[0][0]]):
        where = f" {_owners(group, owners, names)} |" if several else ""
        lines.append(f"| `{key}` | {value} | {cell(text)} |{where}")
    if group == "dataset":
        lines += ["", "Names, sizes, addresses and checksums of the published files are in `conf/dataset/`."]
    return lines


def _owners(group: str, owners: list[str], names: list[str]) -> str:
    """Options that have a key, in few words where they are many."""
    networks = [name for name in names if "model/shared/network" in _files(f"{group}/{name}")]
    if owners == names:
        return "all"
    if networks and owners == networks:
        return "networks"
    if set(owners) < set(networks) and len(owners) + 1 == len(networks):
        return f"networks but {_codes(sorted(set(networks) - set(owners)))}"
    return _codes(owners)


def meaning(group: str, option: str, key: str) -> str:
    """Comment of a key in the option's file or in a file it builds on, else the docstring of the class.

    A comment that begins with `or` continues the value: there the docstring comes first. One that begins with `of` or
    `by` continues the docstring.

    Args:
        group: Group of the key; empty for a key outside the groups, `sweep` for one of conf/sweep.yaml.
        option: Option of the group; empty for both of these.
        key: Full name of the key.
    """
    if not option:
        note = comments(group or "config").get(key, "")
        return note or (_attribute(owner_of(group, "", key), key.split(".")[-1]) if group else OUTSIDE_GROUPS[key])
    relative = key.removeprefix(f"{group}.")
    notes = [comments(name) for name in _files(f"{group}/{option}")]
    note = next((text for one in notes if (text := one.get(relative) or one.get(key))), "")
    if note and not note.startswith(("or ", "of ", "by ")):
        return note
    text = _documented_key(group, option, key, relative)
    if note.startswith("or "):
        return text or note
    return f"{text} ({note})" if text and note else text or note


def _documented_key(group: str, option: str, key: str, relative: str) -> str:
    """Meaning of a key by the docstring of the class that takes it."""
    if key in OUTSIDE_GROUPS:
        return OUTSIDE_GROUPS[key]
    if (estimator := _estimator(group, option)) and relative != "estimator":
        return f"Parameter of `{estimator}`."
    return _attribute(owner_of(group, option, key), relative.split(".")[-1])


def owner_of(group: str, option: str, key: str) -> Any:
    """Class that takes a key; None if there is none. The arguments are those of `meaning`."""
    if not option:
        content = yaml.safe_load((CONF / f"{group or 'config'}.yaml").read_text(encoding="utf-8"))
        return _class(content[group]["_target_"]) if group and "." in key else None
    *parents, _ = key.removeprefix(f"{group}.").split(".")
    owner: Any = _target(keys_of(group, option))
    for place, part in enumerate(parents):
        made = keys_of(group, option).get(".".join([group, *parents[: place + 1], "_target_"]))
        owner = _class(made) if made else _class_of(owner, part) or owner
    return owner


def _estimator(group: str, option: str) -> str:
    """Class of another library that an option names and whose parameters are its keys; empty if there is none."""
    named = str(keys_of(group, option).get(f"{group}.estimator", ""))
    return named if "." in named and not named.startswith("src.") else ""


def _schemas() -> str:
    """Group of the schemas of data sets, and the keys of a schema."""
    lines = [f"## {SCHEMAS}", "", f"| `{SCHEMAS}=` | what it is |", "|---|---|"]
    lines += [f"| `{name}` | {cell(comments(f'{SCHEMAS}/{name}').get('', ''))} |" for name in options(SCHEMAS)]
    lines += ["", "Each data set chooses its own. [Data](data.md#a-data-set-of-your-own) shows how to write one.", ""]
    lines += ["| key | meaning |", "|---|---|"]
    for owner, place in ((Schema, ""), (Column, "columns.<name>.")):
        for one in fields(owner):
            if one.name != "name":
                lines.append(f"| `dataset.schema.{place}{one.name}` | {cell(_attribute(owner, one.name))} |")
    return "\n".join(lines)


def _teachers() -> str:
    """Group of the teachers of a network, and its keys."""
    group, place = TEACHERS, f"{TEACHERS.replace('/', '.')}."
    lines = [f"## {group}", "", f"| `{group}=` | what it is |", "|---|---|"]
    for name in options(group):
        mark = " (default)" if name == defaults("training/default")["teacher"] else ""
        lines.append(f"| `{name}`{mark} | {cell(comments(f'{group}/{name}').get('', ''))} |")
    lines += ["", "| key | default | meaning |", "|---|---|---|"]
    (name,) = set(options(group)) - {"none"}
    keys = {key.removeprefix(place): value for key, value in keys_of(group, name).items()}
    for key, value in keys.items():
        if not HIDDEN.search(key) and not key.startswith("model."):
            text = comments(f"{group}/{name}").get(key, "") or _attribute(_class(keys["_target_"]), key)
            lines.append(f"| `{place}{key}` | {_shown(value)} | {cell(text)} |")
    lines.append(f"| `{place}model` | `extra_trees` | a file of `conf/model`: `model@{place}model=random_forest` |")
    return "\n".join(lines)


def _recipes() -> str:
    about = "Values tuned on validation for one model on one task. Hydra refuses them for another."
    lines = ["## Recipes", "", about, ""]
    lines += ["| `recipe=` | what it is |", "|---|---|"]
    for name in options("recipe"):
        mark = " (default)" if name == "none" else ""
        lines.append(f"| `{name}`{mark} | {cell(comments(f'recipe/{name}').get('', ''))} |")
    return "\n".join(lines)


def _experiments() -> str:
    about = "Files of `conf/experiment`, chosen with `+experiment=`. One that sweeps is a grid, also without `-m`."
    lines = ["## Experiments", "", about, "", "| `+experiment=` | what it is |", "|---|---|"]
    for folder in EXPERIMENTS:
        for name in options(f"experiment/{folder}"):
            text = comments(f"experiment/{folder}/{name}").get("", "")
            lines.append(f"| `{folder}/{name}` | {cell(text)} |")
    return "\n".join(lines)


def _sweep() -> str:
    """Groups and keys of `python -m src.sweep`."""
    lines = ["## Sweeps", "", "Groups and keys of `python -m src.sweep`, beside all of the above.", ""]
    for group, title in (("sweep", "sweep"), ("sweep/sampler", "sweep/sampler"), ("sweep/pruner", "sweep/pruner")):
        lines += [f"| `{title}=` | what it is |", "|---|---|"]
        chosen = defaults("sweep").get(group)
        for name in options(group):
            mark = " (default)" if name == chosen else ""
            lines.append(f"| `{name}`{mark} | {cell(comments(f'{group}/{name}').get('', ''))} |")
        lines.append("")
    config = yaml.safe_load((CONF / "sweep.yaml").read_text(encoding="utf-8"))
    lines += ["| key | default | meaning |", "|---|---|---|"]
    own = {key: value for key, value in config.items() if key != "defaults"}
    for key, value in flat(own).items():
        if not HIDDEN.search(key):
            lines.append(f"| `{key}` | {_shown(value)} | {cell(meaning('sweep', '', key))} |")
    return "\n".join(lines)


def _renamed() -> str:
    lines = ["## Renamed keys and choices", "", "| earlier | now |", "|---|---|"]
    rows = [(f"`{old}`", new) for old, new in (renamed_keys.RENAMED_KEYS | renamed_keys.RENAMED_CHOICES).items()]
    for choice, renamed in renamed_keys.RENAMED_KEYS_OF_CHOICES.items():
        rows += [(f"`{old}` with `{choice}`", new) for old, new in renamed.items()]
    return "\n".join([*lines, *(f"| {old} | `{new}` |" for old, new in rows)])


@cache
def keys_of(group: str, option: str) -> Values:
    """Keys of one option with those of the files it builds on, by full name, unresolved."""
    config: Any = OmegaConf.to_container(compose(f"{group}/{option}"), resolve=False)
    return flat(config)


@cache
def defaults(name: str) -> dict[str, str]:
    """The option that a primary config chooses for each group."""
    entries = yaml.safe_load((CONF / f"{name}.yaml").read_text(encoding="utf-8"))["defaults"]
    return {group: option for one in entries if isinstance(one, dict) for group, option in one.items()}


@cache
def _files(name: str) -> tuple[str, ...]:
    """A config file and those of its defaults list, nearest first."""
    content = yaml.safe_load((CONF / f"{name}.yaml").read_text(encoding="utf-8")) or {}
    folder, found = name.rpartition("/")[0], [name]
    for entry in reversed(content.get("defaults", [])):
        if isinstance(entry, str) and entry != "_self_":
            found += _files(f"{folder}/{entry.partition('@')[0]}")
    return tuple(found)


def flat(node: Mapping[Any, Any], prefix: str = "") -> Values:
    """Values by full name; an empty mapping is a value."""
    found: Values = {}
    for key, value in node.items():
        name = f"{prefix}{key}"
        keep = not isinstance(value, Mapping) or not value
        found |= {name: value} if keep else flat(value, f"{name}.")
    return found


def _target(config: Values) -> Any:
    name = next((value for key, value in config.items() if key.endswith("_target_") and key.count(".") == 1), None)
    return _class(name) if name else None


@cache
def _class(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def _class_of(owner: Any, field: str) -> Any:
    """Class of this project that a field of a dataclass has, or the values of a field that is a mapping."""
    for base in getattr(owner, "__mro__", ()):
        kind = inspect.get_annotations(base).get(field)
        for one in (kind, *get_args(kind)):
            if isinstance(one, type) and one.__module__.startswith("src."):
                return one
    return None


def _summary(owner: Any) -> str:
    """First paragraph of the docstring of a class."""
    return " ".join((inspect.getdoc(owner) or "").split("\n\n")[0].split()) if owner else ""


def _attribute(owner: Any, name: str) -> str:
    """Text of `name:` under `Attributes:` or `Args:` in the docstring of a class or of a class it inherits from."""
    for base in getattr(owner, "__mro__", ()):
        for key, text in _documented(base):
            if key == name:
                return text
    return ""


def _documented(owner: type) -> Iterator[tuple[str, str]]:
    doc = inspect.cleandoc(owner.__doc__ or "") if owner.__module__.startswith("src.") else ""
    for section in re.findall(r"^(?:Attributes|Args):\n((?:(?: .*)?\n?)+)", doc, re.M):
        for entry in re.split(r"\n(?=    \w)", section.rstrip()):
            key, _, text = entry.strip().partition(":")
            yield key, " ".join(text.split())


def _shown(value: Any) -> str:
    return f"`{as_yaml(value)}`"


def as_yaml(value: Any) -> str:
    """Value as on the command line."""
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, (list, dict)):
        text = yaml.safe_dump(value, default_flow_style=True, width=10**6).strip()
    return text


def cell(text: str) -> str:
    """Text in one line of a table, its commands as code, its first word with a capital."""
    line = COMMAND.sub(r"`\g<0>`", " ".join(text.split()).replace("|", "\\|"))
    return line[:1].upper() + line[1:] if re.match(r"(?!null|true|false)[a-z]{2,}[ ;,]", line) else line


def _codes(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    from docs.command_help import write_pages  # it imports this module

    write_text(PAGE, page())
    with initialize_config_dir(str(CONF)):
        write_pages()
