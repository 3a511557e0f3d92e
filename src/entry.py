"""`hydra.main` on conf/, as every entry point uses it."""

import functools
import sys
from collections.abc import Callable
from typing import Any

import hydra

from src.build import RENAMED, WHITELIST

Task = Callable[..., Any]


def entry_point(config_name: str = "config") -> Callable[[Task], Task]:
    """Make a function that takes a config the command `python -m src.<its module>`.

    A key of an earlier version ends the command with its new name, which Hydra's own message would not give.
    """

    def decorate(task: Task) -> Task:
        command = hydra.main(config_path="../conf", config_name=config_name, execution_whitelist=WHITELIST)(task)

        @functools.wraps(task)
        def run(*config: Any) -> Any:
            for argument in sys.argv[1:]:
                key = argument.partition("=")[0].lstrip("+~")
                if key in RENAMED and not config:
                    sys.exit(f"{key}: found a key of an earlier version, expected {RENAMED[key]}")
            return command(*config)

        return run

    return decorate
