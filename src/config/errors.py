"""Errors that a user can mend, told apart from those of the program."""

import linecache
import os
import sys
import traceback
from pathlib import Path
from types import TracebackType

from src.config.hydra_errors import OF_LIBRARIES, in_words
from src.utils.paths import PROJECT, experiment_in_copy, in_dvc_stage
from src.utils.secrets import redacted
from src.utils.termination import stopping

FULL_ERROR = "HYDRA_FULL_ERROR"  # Hydra's variable; 1 shows every traceback
# Errors that this code raises for its users. Others, such as KeyError and TypeError, are mistakes in the code.
_FOR_USERS = (ValueError, RuntimeError, EOFError, ArithmeticError, OSError)
_NEVER_FOR_USERS = (NotImplementedError, RecursionError, UnicodeError)


def expected(error: BaseException, trace: TracebackType | None = None) -> bool:
    """Tell whether an error needs no traceback, as its message says what a user has to do.

    That is an error that a `raise` statement of this project raised for users, one of the operating system, such as a
    missing file, and one of Hydra on the config. An error that another library raised is a mistake in this code.

    Args:
        trace: Traceback of the error, unless it has its own.
    """
    if isinstance(error, OF_LIBRARIES):
        return True
    if isinstance(error, OSError) and error.errno is not None:
        return True
    if not isinstance(error, _FOR_USERS) or isinstance(error, _NEVER_FOR_USERS):
        return False
    frames = traceback.extract_tb(trace or error.__traceback__)
    if not frames or not Path(frames[-1].filename).is_relative_to(PROJECT / "src"):
        return False
    return linecache.getline(frames[-1].filename, frames[-1].lineno or 0).lstrip().startswith("raise ")


def summary(error: BaseException) -> str:
    """One line on an error: the first line of its message, for an unexpected one with its class."""
    message = redacted(next(iter(in_words(error).strip().splitlines()), ""))  # it is also kept in databases
    name = type(error).__name__
    return (message or name) if expected(error) else f"{name}: {message}".removesuffix(": ")


def report(name: str, error: BaseException, trace: TracebackType | None = None) -> None:
    """Print an error of a command: a message where it is expected, otherwise the traceback.

    Args:
        name: Name of the command.
        trace: Traceback to show, unless the error has its own.
    """
    if stopping() is not None:  # a library may turn the exception of a signal into an error of its own
        return
    if expected(error, trace):
        print(f"{name}: {in_words(error)}", file=sys.stderr)
        if in_dvc_stage() and "DVC_EXP_NAME" in os.environ and experiment_in_copy() is None:
            print(
                "params.yaml has the values of this experiment; git checkout params.yaml takes them back",
                file=sys.stderr,
            )
    else:
        traceback.print_exception(type(error), error, trace or error.__traceback__)
