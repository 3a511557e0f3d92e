"""Shared pydantic settings of the classes that config files build: unknown keys and wrong values are errors."""

from argparse import ArgumentTypeError
from typing import Annotated

from pydantic import ConfigDict, Field

CHECKED = ConfigDict(extra="forbid")
Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def whole_number_from_1(text: str) -> int:
    """Read an argument of a command, as a type for `argparse`."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"found {text!r}, expected a whole number from 1")
    return int(text)


def port_number(text: str) -> int:
    """Read an argument of a command that is a port, as a type for `argparse`."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ArgumentTypeError(f"found {text!r}, expected a port from 1 to 65535")
    return int(text)
