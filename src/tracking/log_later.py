"""Runs that a store lacks since it went away, logged from the files that they left."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from omegaconf import OmegaConf

from src.config.build import build
from src.tracking.runs import exists, tracked_run
from src.tracking.store import open_store
from src.tracking.unlogged import Unlogged, unlogged_below
from src.utils.paths import PROJECT, Workspace, shown_path

_PLACES = ("outputs", "multirun", "models")  # where the commands of a project leave their outputs


def log_kept(folders: Iterable[Path]) -> Iterator[str]:
    """Log each run that the folders have and the store lacks, and yield a line on it.

    A run goes on under its id. If the store does not have it, a new one takes its place, under the same parent if the
    store has that.

    Args:
        folders: Folders of outputs, or folders above them; none for those of the project.
    Raises:
        ValueError: a folder has no such run.
    """
    given = list(folders)
    if missing := [str(folder) for folder in given if not unlogged_below(folder)]:
        raise ValueError(f"{', '.join(missing)}: found no models/unlogged.json in it, expected one of a run to log")
    found = [path for folder in given or [PROJECT / place for place in _PLACES] for path in unlogged_below(folder)]
    if not found:
        yield "every run is in the store"
    for path in found:
        yield f"{shown_path(path.parent.parent)}: logged as run {_log(path)}"


def _log(path: Path) -> str:
    """Log one run, remove its file, and return its id."""
    unlogged, about = Unlogged.read(path)
    parent = about["parent"]
    with tracked_run(
        build(OmegaConf.create(about["config"])),
        resume=about["run_id"],
        name=about["name"],
        parent=parent if parent and exists(open_store(None), parent) else None,
        extra_tags=about["tags"],
        out=Workspace(path.parent.parent),
    ) as run:
        run.log_unlogged(unlogged)
    path.unlink()
    return run.id
