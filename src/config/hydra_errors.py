"""Messages for the errors of Hydra and OmegaConf on a command line: a line or two, with the name that was meant.

Their own messages have up to 40 lines, with terms of the libraries such as `object_type=dict`.
"""

import re
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from hydra._internal import utils as hydra_internals
from hydra.errors import CompactHydraException, HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from src.config.conf_copy import edited_file
from src.config.flatten import flat
from src.config.targets import text_of
from src.utils.messages import system_words
from src.utils.paths import PROJECT

OF_LIBRARIES = (HydraException, OmegaConfBaseException, yaml.YAMLError)
_OF_OMEGACONF = re.compile(r"^\s*(full_key: |object_type=|reference_type=).*$", re.MULTILINE)
_AMBIGUOUS = re.compile(r"Ambiguous value for argument '(.+)'")
_SHOWN = 12  # keys of a group that has none of a similar name


def in_words(error: BaseException) -> str:
    """Return the message of an error in one or two lines; of an error of another library as it is."""
    cause = error if isinstance(error, OmegaConfBaseException) else error.__cause__
    if isinstance(error, OF_LIBRARIES) and isinstance(cause, ConfigKeyError | ConfigAttributeError) and cause.full_key:
        return _unknown_key(error, cause)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        return _unknown_choice(str(error.missing_cfg_file), error.options or ())
    if isinstance(error, OverrideParseException):
        return (
            f"{error.override}: found an argument that cannot be read, expected key=value; "
            "a value with special characters needs two pairs of quotes: 'key=\"value\"'"
        )
    if isinstance(error, CompactHydraException) and (found := _AMBIGUOUS.match(str(error))):
        return f"{found[1]}: found several values, expected one; -m makes a run of each, and [...] around them a list"
    if isinstance(error, yaml.MarkedYAMLError) and (mark := error.problem_mark):
        file = edited_file(mark.name)
        return f"{file}, line {mark.line + 1}: {error.problem}; expected a file in YAML: correct this line"
    if isinstance(error, OF_LIBRARIES):
        key = f"{error.full_key}: " if isinstance(error, OmegaConfBaseException) and error.full_key else ""
        return key + " ".join(_OF_OMEGACONF.sub("", str(error)).split())
    return system_words(error)


def _of_logging(error: ValueError) -> bool:
    """Tell whether Hydra refused to make a part of its logging that a config names."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and Path(frames[-1].filename).match("hydra/_internal/logging_config.py")


@contextmanager
def raised_by_hydra() -> Iterator[None]:
    """Let `hydra.main` raise its errors on the command line within the block, which it would print, and end itself."""
    shows = hydra_internals.run_and_report

    def raises(call: Any) -> Any:
        raised: list[Exception] = []

        def kept() -> Any:
            try:
                return call()
            except (HydraException, yaml.YAMLError) as error:
                raised.append(error)
            except UnicodeDecodeError:  # of a file of conf/, which the error does not name
                if not (told := _not_utf8(PROJECT / "conf")):
                    raise
                raised.append(HydraException(told))
            except ValueError as error:
                if not _of_logging(error):
                    raise
                raised.append(HydraException(str(error)))

        result = shows(kept)  # other errors are shown by Hydra, with a traceback without its own frames
        if raised:
            raise raised[0]
        return result

    hydra_internals.run_and_report = raises
    try:
        yield
    finally:
        hydra_internals.run_and_report = shows


def _not_utf8(folder: Path) -> str:
    """Message on the first file of a config folder that is not UTF-8; empty if there is none."""
    for path in sorted(folder.rglob("*.yaml")):
        try:
            text_of(path)
        except ValueError as error:
            return str(error)
    return ""


def _unknown_key(error: BaseException, cause: OmegaConfBaseException) -> str:
    """Message on a key that the config does not have."""
    full = str(cause.full_key)
    parent, _, last = full.rpartition(".")
    node: DictConfig = cause.parent_node if isinstance(cause.parent_node, DictConfig) else OmegaConf.create()
    # trainin.epochs: the library names the part that it did not find, its message the whole key
    named = re.search(r"'(.+?)'", str(error))
    asked = named[1] if named and named[1].startswith(full) else full
    beside = [str(key) for key in node if key != "hydra"]
    # epochs for training.epochs, then epoch for epochs
    values = flat(OmegaConf.to_container(node, resolve=False))  # type: ignore[arg-type]
    below = [key for key in values if key.rpartition(".")[2] == asked.rpartition(".")[2]]
    meant = get_close_matches(asked, below, n=2, cutoff=0.5) or get_close_matches(last, beside, n=1)
    prefix = f"{parent}." if parent else ""
    if meant:
        return f"{asked}: found no such key. Did you mean {' or '.join(prefix + one for one in meant)}?"
    if not beside:
        return f"{asked}: found no such key, as {parent} is a value"
    known = ", ".join(prefix + one for one in beside[:_SHOWN]) + (", ..." if len(beside) > _SHOWN else "")
    return f"{asked}: found no such key, expected one such as {known}; --cfg job lists all"


def _unknown_choice(missing: str, options: Sequence[str]) -> str:
    """Message on a file of a config group that is missing."""
    group, _, choice = missing.rpartition("/") if options else missing.partition("/")
    if not group or not choice:
        return f"--config-name={missing}: found no such file in conf/"
    folder = PROJECT / "conf" / group
    known = list(options) or sorted(
        path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yaml")
    )
    near = " or ".join(get_close_matches(choice, known, n=2))
    question = f" Did you mean {near}?" if near else ""
    return f"{group}={choice}: found no such choice.{question}\nexpected one of {', '.join(known)}"
