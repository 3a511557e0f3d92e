"""Copies of conf/ from which the runs of a grid are composed, so that a file edited meanwhile changes none of them.

Hydra composes a job when it starts. Without a copy, an edited file changes the later runs of a grid, or ends it.
"""

import shutil
from pathlib import Path
from typing import cast

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import ConfigRepository
from hydra.core.global_hydra import GlobalHydra

from src.utils.paths import PROJECT

_FILES = "file://"
_copies: dict[Path, Path] = {}  # folders that each copy of this process was made of


def copy_conf(folder: Path, source: Path = PROJECT / "conf") -> Path:
    """Copy config files as they are now, without hidden files, which editors make, and return the folder.

    Args:
        folder: Folder of the copy, which must not exist.
    Raises:
        ValueError: the folder is in the folder of the files.
    """
    if folder.is_relative_to(source):
        raise ValueError(f"hydra.sweep.dir: found {folder.parent}, expected a folder outside of {source}")
    hidden = shutil.ignore_patterns(".*", "__pycache__")
    shutil.copytree(source, folder, ignore=hidden, ignore_dangling_symlinks=True)
    _copies[folder] = source
    return folder


def compose_from_copy(folder: Path) -> None:
    """Let Hydra compose the jobs of its multirun from a copy of its config files; `folder` must not exist."""
    loader = cast(ConfigLoaderImpl, GlobalHydra.instance().config_loader())
    (files,) = (one for one in loader.config_search_path.get_path() if one.provider == "main")
    copy_conf(folder, Path(str(files.path).removeprefix(_FILES)))
    files.path = f"{_FILES}{folder}"
    loader.repository = ConfigRepository(loader.config_search_path)


def edited_file(path: str) -> str:
    """Return the file that a user edits, for one that may be in a copy."""
    file = Path(path)
    for copy, source in reversed(_copies.items()):  # a copy may be one of a copy
        if file.is_relative_to(copy):
            file = source / file.relative_to(copy)
    return str(file)
