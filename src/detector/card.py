"""Card of a detector, `detector.json`: checked in full before anything else of the detector is read."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StrictStr, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from src.data.layout import HistoryLength, LayoutName, Window
from src.detector.decision import Decision
from src.models.persistence import MOST_CLASSES
from src.utils.archives import AGAIN, read_json
from src.utils.files import write_text
from src.utils.validation import Name, first_fault

FORMAT = 3  # 1 had no decision; 2 had other names for keys of the card and for the classes in its files
_FILE = "detector.json"
_LARGEST = 1 << 20  # bytes


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Teacher:
    """Teacher that a network learned from. The detector does not contain it: the network alone makes the verdicts.

    Attributes:
        config: Config of the teacher and of the records on which it taught, `training.teacher`.
        sha256: Digest of the teacher's file. A teacher that is trained again from the config is the same if it has the
            same digest.
    """

    config: Annotated[dict[str, Any], Field(min_length=1)]
    sha256: Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Card:
    """Origin of a detector: its data, preparation, model and seed."""

    class_names: Annotated[tuple[Name, ...], Field(min_length=2, max_length=MOST_CLASSES)]
    dataset: Name
    simulated: bool
    task: Name
    split: Name
    reducer: Name
    k: Annotated[int, Field(ge=1, le=10_000)]
    model: Name
    seed: int
    scaling: Name = "minmax"
    layout: LayoutName = "record"
    window: Window = 1
    history: tuple[HistoryLength, ...] = ()
    teacher: Teacher | None = None

    @model_validator(mode="after")
    def _check(self) -> "Card":
        if len(set(self.class_names)) < len(self.class_names):
            raise ValueError(f"class_names={list(self.class_names)}, expected names that differ")
        if self.window > 1 and self.layout != "window":
            raise ValueError(f"window={self.window} with layout={self.layout}, expected layout=window")
        if bool(self.history) != (self.layout == "history"):
            raise ValueError(f"history={list(self.history)} with layout={self.layout}, expected lengths with "
                             "layout=history alone")  # fmt: skip
        return self


def previous_records(card: Card) -> int:
    """Number of previous records that a detector reads at most; 0 for one that reads a record alone."""
    return max(card.history) if card.history else card.window - 1


def write_card(folder: Path, card: Card, decision: Decision) -> None:
    """Write the card beside the other files of a detector, with their digests."""
    facts = {"format": FORMAT, **asdict(card), "decision": asdict(decision)}
    if card.teacher is None:  # as earlier versions wrote it, which can then read it
        del facts["teacher"]
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    digests = {path.relative_to(folder).as_posix(): _digest(path.read_bytes()) for path in files}
    facts["sha256"] = digests | {_FILE: _digest_of_card(facts)}
    write_text(folder / _FILE, json.dumps(facts, indent=2) + "\n")


def read_card(folder: Path) -> tuple[Card, Decision, dict[str, str]]:
    """Read the card of a detector.

    Returns:
        The card, the decision, and the digests of the files; none for a detector of an earlier version.
    Raises:
        ValueError: the folder contains no detector, one of another format, or a card with a wrong value.
    """
    path = folder / _FILE
    if not path.is_file():
        raise ValueError(f"{folder}: found no detector.json, expected a folder that a detector was saved to")
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"{path}: found {path.stat().st_size:,} bytes, expected the card of a detector")
    facts = read_json(path, path.read_bytes(), _LARGEST, "the card of a detector")
    if not isinstance(facts, dict) or "format" not in facts:
        raise ValueError(f"{path}: found no format, expected the card of a detector")
    found = facts.pop("format")
    if found != FORMAT or type(found) is not int:
        raise ValueError(
            f"{path}: found format {found!r}, expected {FORMAT}: another version of this project saved the "
            "detector; train it again with this version"
        )
    digests = facts.pop("sha256", {})
    try:
        _DIGESTS.validate_python(digests)
        card, decision = _card(dict(facts)), _decision(facts)
    except ValidationError as error:
        raise ValueError(f"{path}: found {first_fault(error)}, expected the card of a detector; {AGAIN}") from None
    except ValueError as error:
        raise ValueError(f"{path}: found {error}; expected the card of a detector; {AGAIN}") from None
    if decision.cost is not None and len(decision.cost) != len(card.class_names):
        raise ValueError(f"{path}: found decision.cost for {len(decision.cost)} classes, expected "
                         f"{len(card.class_names)}, as many as class_names; {AGAIN}")  # fmt: skip
    if digests and digests.get(_FILE) != _digest_of_card({"format": FORMAT, **facts}):
        raise ValueError(f"{path}: found values that are not those that were saved, expected the card as it was "
                         f"written; its values follow from the config: {AGAIN}")  # fmt: skip
    return card, decision, digests


def check_files(folder: Path, digests: dict[str, str]) -> None:
    """Check that the files of a detector are those that were saved.

    Args:
        folder: Folder of the detector.
        digests: Digests from `read_card`.
    Raises:
        ValueError: a file has another digest, or is missing.
    """
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    for name, digest in digests.items():
        if name != _FILE and (name not in files or _digest(files[name].read_bytes()) != digest):
            raise ValueError(f"{folder / name}: found another file than detector.json names, expected the one that was "
                             f"saved with it; it is damaged or of another detector: {AGAIN}")  # fmt: skip


_DIGESTS = TypeAdapter(dict[StrictStr, StrictStr])


def _card(facts: dict[str, Any]) -> Card:
    """Build the card; JSON has lists for tuples."""
    facts.pop("decision", None)
    for name in ("class_names", "history"):
        if isinstance(facts.get(name), list):
            facts[name] = tuple(facts[name])
    if isinstance(facts.get("teacher"), dict):
        facts["teacher"] = Teacher(**facts["teacher"])
    return Card(**facts)


def _decision(facts: dict[str, Any]) -> Decision:
    """Build the decision, with all its values."""
    values, expected = facts.get("decision"), asdict(Decision())
    if not isinstance(values, dict) or set(values) != set(expected):
        raise ValueError(f"decision={values!r}, expected a value for each of {', '.join(expected)}")
    return Decision(**values)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest_of_card(facts: dict[str, Any]) -> str:
    """Digest of all values of a card, in whatever order and layout the file has them."""
    return _digest(json.dumps(facts, sort_keys=True).encode())
