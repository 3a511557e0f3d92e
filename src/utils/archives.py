"""Zip archives and JSON of saved detectors: read within stated limits, whoever wrote them."""

import json
import math
import zipfile
from pathlib import Path
from typing import Any

# Bytes that an archive may unpack to. A larger archive may unpack to its own size: models are saved uncompressed.
UNPACKED_BYTES = 1 << 30
JSON_BYTES = 1 << 27
NESTING = 100  # levels of lists and objects; saved models have up to 25
AGAIN = "get the detector again, or train it again"


class DamagedError(ValueError):
    """A part of a detector is not as it was saved."""


def read_archive(path: Path) -> dict[str, bytes]:
    """Read all members of a zip archive.

    Raises:
        ValueError: the file is missing, is no zip archive, is damaged, or unpacks to more than `UNPACKED_BYTES`.
    """
    if not path.is_file():
        raise ValueError(f"{path}: found no such file, expected a part of a detector; {AGAIN}")
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            size = sum(member.file_size for member in members)
            if size <= max(UNPACKED_BYTES, path.stat().st_size):
                return {member.filename: archive.read(member) for member in members}
    except Exception as error:  # of ten classes: damage is found in the zip, in zlib, and in what they call
        found = str(error) or type(error).__name__
        raise ValueError(f"{path}: found no whole zip archive ({found}), expected a saved model; {AGAIN}") from None
    raise ValueError(
        f"{path}: found an archive of {path.stat().st_size:,} bytes that unpacks to {size:,}, expected at most "
        f"{UNPACKED_BYTES:,}; it is damaged or made to fill the memory"
    )


def read_json(path: Path, text: bytes, most: int = JSON_BYTES, expected: str = "a saved model") -> Any:
    """Read strict JSON of a limited size and nesting, with finite numbers.

    Args:
        path: Name of the file for messages.
        text: Its content.
        most: Largest size in bytes.
        expected: Object that the JSON describes, for messages.
    Raises:
        ValueError: the text is no such JSON.
    """
    if len(text) > most:
        raise ValueError(f"{path}: found {len(text):,} bytes of JSON, expected at most {most:,}; {AGAIN}")
    try:
        found = json.loads(text.decode("utf-8"), object_pairs_hook=_without_repeated_keys)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: found no JSON ({error}), expected {expected}; {AGAIN}") from None
    _check_values(path, found)
    return found


def _without_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"a key is repeated in {list(found)}")
    return found


def _check_values(path: Path, found: Any) -> None:
    """Check nesting and numbers, level by level."""
    level, depth = [("", found)], 0
    while level:
        if depth > NESTING:
            raise ValueError(f"{path}: found JSON nested in more than {NESTING} levels; {AGAIN}")
        below: list[tuple[str, Any]] = []
        for key, value in level:
            if isinstance(value, dict):
                below += value.items()
            elif isinstance(value, list):
                below += [(key, one) for one in value]
            elif isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{path}: found {key}={value}, expected a finite number; {AGAIN}")
        level, depth = below, depth + 1
