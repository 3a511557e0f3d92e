"""Decorator that makes a function a command on the config of conf/, for all entry points that use Hydra."""

import functools
import sys
from collections.abc import Callable
from typing import Any

import hydra
from omegaconf import DictConfig

from src.config.build import WHITELIST
from src.config.help import with_help
from src.config.jobs import multirun_mode
from src.config.renamed_keys import RENAMED_CHOICES, refuse_renamed_keys, renamed_keys
from src.utils.command_line import quiet_pipe

Task = Callable[..., Any]


def entry_point(config_name: str = "config", *, sweeps: bool = False) -> Callable[[Task], Task]:
    """Make a function of a config the command `python -m src.<its module>`.

    The command ends with an error that gives the new name of a key or choice of an earlier version. The message of
    Hydra itself would not give it.

    Args:
        config_name: Primary config in conf/.
        sweeps: True if an experiment file that sweeps starts a multirun even without `-m`.
    """

    def decorate(task: Task) -> Task:
        @functools.wraps(task)
        def checked(config: DictConfig) -> Any:
            refuse_renamed_keys(config)
            with quiet_pipe():  # inside of Hydra too, which would show the error
                return task(config)

        command = hydra.main(config_path="../conf", config_name=config_name, execution_whitelist=WHITELIST)(checked)

        @functools.wraps(task)
        def run(*config: Any) -> Any:
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
