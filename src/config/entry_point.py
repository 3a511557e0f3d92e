"""Decorator that makes a function a command on the config of conf/, for all entry points that use Hydra."""

import functools
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from src.config.declared_files import check_names, composed_files
from src.config.errors import FULL_ERROR, expected, report
from src.config.help import with_help
from src.config.hydra_errors import raised_by_hydra
from src.config.jobs import multirun_mode
from src.config.passwords import refuse_passwords
from src.config.renamed_keys import RENAMED_CHOICES, refuse_renamed_keys, renamed_keys
from src.config.targets import MADE_BY_HYDRA
from src.utils.command_line import quiet_pipe
from src.utils.memory import keep_freed_memory
from src.utils.paths import PROJECT, in_multirun
from src.utils.secrets import hide_secrets
from src.utils.termination import interruptible

Task = Callable[..., Any]
Result = TypeVar("Result")


def entry_point(config_name: str = "config", *, sweeps: bool = False) -> Callable[[Task], Task]:
    """Make a function of a config the command `python -m src.<its module>`.

    The command ends with an error that gives the new name of a key or choice of an earlier version. The message of
    Hydra itself would not give it. Errors that a user can mend have no traceback (`src.config.errors`), and a signal
    ends the command in two lines (`src.utils.termination`).

    Args:
        config_name: Primary config in conf/.
        sweeps: True if an experiment file that sweeps starts a multirun even without `-m`.
    """

    def decorate(task: Task) -> Task:
        @functools.wraps(task)
        def checked(config: DictConfig) -> Any:
            hide_secrets()  # here too, as workers of a launcher begin here
            keep_freed_memory()
            logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # reports its first start on a machine
            with quiet_pipe(), _expected_errors_end():  # inside of Hydra too, which would show the error
                refuse_renamed_keys(config)
                refuse_passwords(config)
                if "dataset" in config and (files := composed_files()):
                    check_names(config, *files)
                return task(_without_epochs(config) if HydraConfig.initialized() else config)

        command = hydra.main(
            config_path=str(PROJECT / "conf"), config_name=config_name, execution_whitelist=MADE_BY_HYDRA
        )(checked)

        @functools.wraps(task)
        def run(*config: Any) -> Any:
            return in_words(Path(sys.argv[0]).stem, lambda: start(*config))

        def start(*config: Any) -> Any:
            renamed = renamed_keys(sys.argv[1:])
            for argument in [] if config else sys.argv[1:]:
                choice = argument.lstrip("+~")
                key = choice.partition("=")[0]
                if key in renamed:
                    sys.exit(f"{key}: found a key of an earlier version, expected {renamed[key]}")
                if choice in RENAMED_CHOICES:
                    sys.exit(f"{choice}: found a name of an earlier version, expected {RENAMED_CHOICES[choice]}")
            if sweeps:
                sys.argv += multirun_mode(sys.argv[1:])
            return command(*config)

        return with_help(run, task)

    return decorate


@contextmanager
def _expected_errors_end() -> Iterator[None]:
    """End the command at an expected error of a single run: Hydra would print the overrides before its message.

    In a multirun the other jobs go on.
    """
    try:
        yield
    except Exception as error:
        if not HydraConfig.initialized() or in_multirun() or os.environ.get(FULL_ERROR) == "1" or not expected(error):
            raise
        report(HydraConfig.get().job.name, error)
        sys.exit(1)


def _without_epochs(config: DictConfig) -> DictConfig:
    """Config that shows no epochs in a multirun, which prints a line for each run, unless the command asks for them."""
    asked = any(one.startswith("training.progress=") for one in HydraConfig.get().overrides.task)
    if in_multirun() and "training" in config and not asked:
        config.training.progress = False
    return config


def in_words(name: str, command: Callable[[], Result]) -> Result:
    """Run a command so that expected errors and signals end it with a message instead of a traceback.

    Args:
        name: Name of the command for its messages.
    """
    with _errors_in_words(name):
        return interruptible(name, command)


@contextmanager
def _errors_in_words(name: str) -> Iterator[None]:
    """Show expected errors without a traceback. Hydra gives those of a job to the hook, without its own frames."""
    if os.environ.get(FULL_ERROR) == "1":
        yield
        return
    previous = sys.excepthook
    sys.excepthook = lambda kind, error, trace: report(name, error, trace)
    try:
        with raised_by_hydra():
            yield
    except Exception as error:  # from outside of a job
        report(name, error)
        sys.exit(1)
    finally:
        sys.excepthook = previous
