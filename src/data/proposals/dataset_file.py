"""Text of the file of `conf/dataset` for a user's file of records: where the file is, and what pins its text."""

import gzip
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Final

import yaml

from src.data.formats.kinds import compression
from src.data.parsing.reading import shown
from src.data.sources import MIRROR_VARIABLE

PROPOSED: Final = "# Proposed by `python -m src.describe`"
_PLAIN: Final = re.compile(r"[A-Za-z_][\w .()/%-]*")


def mirror_of(path: Path) -> tuple[Path, str]:
    """Folder of IDS_DATA_MIRROR, and the path of the file below it.

    Raises:
        ValueError: the file has a name that no path of a mirror may have.
    """
    whole, set_to = path.resolve(), os.environ.get(MIRROR_VARIABLE, "")
    mirror = Path(set_to).resolve() if set_to and "://" not in set_to else whole.parent
    mirror = mirror if whole.is_relative_to(mirror) else whole.parent
    below = whole.relative_to(mirror).as_posix()
    if any(one.startswith(".") or not one.isprintable() or "\\" in one or "${" in one for one in below.split("/")):
        raise ValueError(f"{path}: found a name with a dot at its begin or special characters, expected a plain one; "
                         "rename the file")  # fmt: skip
    return mirror, below


def file_line(path: Path) -> str:
    """Line of a file of `conf/dataset` that declares a file of records, with what pins its text.

    Raises:
        ValueError: the file has a name that no path of a mirror may have.
        OSError: the file cannot be read.
    """
    _, below = mirror_of(path)
    digest, lines, size = _facts(path)
    shown_path = json.dumps(below, ensure_ascii=False)
    return f"{{path: {shown_path}, sha256: {digest}, records: {lines}, size: {size}, urls: []}}"


def dataset_text(name: str, path: Path, below: str) -> str:
    """Text of the file of `conf/dataset` for a file of records.

    Args:
        below: Path of the file below the folder of IDS_DATA_MIRROR.
    """
    digest, lines, size = _facts(path)
    return f"""{PROPOSED} from {shown(path.name)!r}.
defaults:
  - schema: {name}
  - _self_

_target_: src.data.sources.PublishedDataset
name: {name}
ordered: false # guess: nothing in the file says that its lines are in the order of the traffic
copies: false # guess: no record is drawn again to reach the counts of a task
train:
  path: {yaml_scalar(below)} # below the folder of {MIRROR_VARIABLE}
  sha256: {digest} # pins the text of the file
  records: {lines} # lines of the text
  size: {size} # bytes of the text
  urls: []
test: null # no further file: split=official is refused; `src.describe FILE --schema {name}` prints the line of one
"""


def _facts(path: Path) -> tuple[str, int, int]:
    """SHA-256, lines and bytes of the text of a file, as a download is checked."""
    digest, lines, size, last = hashlib.sha256(), 0, 0, b""
    with path.open("rb") as raw:
        packed = compression(raw.read(2)) == "gzip"
        raw.seek(0)
        with gzip.open(raw) if packed else raw as text:
            while chunk := text.read(1 << 20):
                digest.update(chunk)
                lines, size, last = lines + chunk.count(b"\n"), size + len(chunk), chunk
    return digest.hexdigest(), lines + (not last.endswith(b"\n")), size


def yaml_scalar(text: str) -> str:
    """Write a text in YAML, in quotes where it would be something else."""
    plain = _PLAIN.fullmatch(text) and text == text.strip() and yaml.safe_load(text) == text
    return text if plain else json.dumps(text, ensure_ascii=False)
