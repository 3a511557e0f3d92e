"""Shared pydantic settings of the classes that config files build: unknown keys and wrong values are errors."""

import re
from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Annotated

from pydantic import ConfigDict, Field, ValidationError

CHECKED = ConfigDict(extra="forbid")
Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
# Name in a CSV file or a message: no comma, quote or control character.
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r'^[^\x00-\x1f\x7f,"]+$')]


def whole_number_from(least: int) -> Callable[[str], int]:
    """Return a reader of an argument of a command, as a type for `argparse`."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise ArgumentTypeError(f"found {text!r}, expected a whole number from {least}")
        return int(text)

    return read


def port_number(text: str) -> int:
    """Read an argument of a command that is a port, as a type for `argparse`."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ArgumentTypeError(f"found {text!r}, expected a port from 1 to 65535")
    return int(text)


def first_fault(error: ValidationError) -> str:
    """Describe the first of the values that pydantic refused: where it is, what was found, and what is wrong."""
    fault = error.errors(include_url=False)[0]
    where = ".".join(map(str, fault["loc"]))
    if fault["type"] in ("missing", "missing_argument"):
        return f"no {where}"
    message, found = fault["msg"].removeprefix("Value error, "), repr(fault["input"])
    if not where and fault["type"] == "value_error":  # values that do not fit each other: the message has them
        return message
    return f"{where + '=' if where else ''}{found[:80] + '...' if len(found) > 80 else found} ({message})"


def key_fault(error: ValidationError) -> str:
    """Describe the first wrong value of a file: its key, what was found, and what was expected.

    >>> from pydantic import TypeAdapter
    >>> try:
    ...     _ = TypeAdapter(dict[str, Count]).validate_python({"records": "x"}, strict=True)
    ... except ValidationError as error:
    ...     key_fault(error)
    "records: found 'x', expected a valid integer"
    """
    fault = error.errors(include_url=False)[0]
    where, found = ".".join(map(str, fault["loc"])), repr(fault["input"])
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] in ("missing", "missing_argument"):
        return f"{where}: found nothing, expected a value"
    if fault["type"] == "unexpected_keyword_argument":
        return f"{where}: found a key that has no meaning here, expected another or none"
    if not where:  # values that do not fit each other: the message has key, value and expectation
        return message
    expected = re.sub(r"^\w+ should (be |match )?", "", message)
    shown = found[:80] + "..." if len(found) > 80 else found
    return f"{where}: {message}" if message.startswith("found ") else f"{where}: found {shown}, expected {expected}"


def is_number(value: object, least: float, most: float) -> bool:
    """Tell whether a value is a number in a range; NaN is in none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most
