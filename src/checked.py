"""What every class that a config file builds has in common: unknown keys and wrong values are errors."""

from pydantic import ConfigDict

CHECKED = ConfigDict(extra="forbid")
