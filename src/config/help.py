"""Help pages of the commands on the config, and their end where nobody reads on."""

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from src.utils.command_line import asks_for_help, killed_by_closed_pipe, quiet_pipe
from src.utils.paths import PROJECT

PAGES = PROJECT / "docs" / "help"  # written by `make docs`, so that help imports nothing
# Options of Hydra that print something and stop.
PRINTING = {"-c", "--cfg", "-i", "--info", "--hydra-help", "-sc", "--shell-completion"}


def with_help(command: Callable[..., Any], task: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command on the config its help page, and a quiet end where the reader of its output has gone.

    Args:
        command: Function that reads the command line and runs the task.
        task: Function of the config, in the module that the page is named after.
    """

    @functools.wraps(task)
    def run(*config: Any) -> Any:
        if not config and asks_for_help(sys.argv[1:]):
            with quiet_pipe():
                print(help_page(Path(task.__code__.co_filename).stem))
            return None
        prints = not config and any(one.partition("=")[0] in PRINTING for one in sys.argv[1:])
        with killed_by_closed_pipe() if prints else quiet_pipe():
            return command(*config)

    return run


def help_page(name: str) -> str:
    """Read the help page of `python -m src.<name>`."""
    return (PAGES / f"{name}.txt").read_text(encoding="utf-8").rstrip("\n")
