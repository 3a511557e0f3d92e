"""Data that a run has still to log, and the file that keeps them where the store went away."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from src.utils.files import write_text


@dataclass
class Unlogged:
    """Data that a run has still to log, in the order in which they are logged.

    Attributes:
        params: Parameters that are not in the config.
        records: Number of records by part, for the data sets of the run.
        metrics: Metrics by name.
        epochs: Metrics of each epoch.
        description: Markdown for the page of the run; None for the caption that it started with.
        reports: Folder with the reports of an evaluation.
        detector: Folder of the detector.
        class_names: Names of the detector's classes.
    """

    params: dict[str, object] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)
    metrics: dict[str, object] = field(default_factory=dict)
    epochs: list[dict[str, float]] = field(default_factory=list)
    description: str | None = None
    reports: Path | None = None
    detector: Path | None = None
    class_names: tuple[str, ...] = ()

    def write(self, path: Path, about: Mapping[str, object]) -> None:
        """Write everything to a file, folders as paths from the workspace, so that it can be moved.

        Args:
            path: File in a subfolder of the workspace.
            about: Facts on the run: its id, its config, its tags.
        """
        root = path.parent.parent
        folders = {
            name: os.path.relpath(folder, root)
            for name, folder in (("reports", self.reports), ("detector", self.detector))
            if folder
        }
        write_text(path, json.dumps({**asdict(self), **folders, **about}, indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> tuple["Unlogged", dict[str, Any]]:
        """Read a file that `write` wrote: the data to log, and the facts on the run."""
        root = path.parent.parent
        about = json.loads(path.read_text(encoding="utf-8"))
        kept = {name: about.pop(name) for name in cls.__dataclass_fields__}
        for name in ("reports", "detector"):
            kept[name] = root / kept[name] if kept[name] else None
        return cls(**{**kept, "class_names": tuple(kept["class_names"])}), about


def unlogged_below(folder: Path) -> list[Path]:
    """Files that `Unlogged.write` wrote for the workspaces in a folder, the oldest first."""
    found = [path for path in folder.rglob("unlogged.json") if path.parent.name == "models"]
    return sorted(found, key=lambda path: path.stat().st_mtime)
