"""Unfinished files and folders that a killed process left, told from those that a process is writing by a lock.

The system drops the lock of a process however it ends.
"""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from glob import escape
from pathlib import Path

SUFFIX = ".part"


def new_part(path: Path, *, folder: bool = False) -> tuple[Path, int]:
    """Make a temporary file or folder beside `path`, after removing those that killed processes left of it.

    Returns:
        Its path, and the open handle that holds its lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path.parent, path.name)
    while True:
        if folder:
            part = Path(tempfile.mkdtemp(SUFFIX, f".{path.name}.", path.parent))
            handle = os.open(part, os.O_RDONLY)
        else:
            handle, name = tempfile.mkstemp(SUFFIX, f".{path.name}.", path.parent)
            part = Path(name)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if part.exists():
            return part, handle
        os.close(handle)  # another process took it for a leftover before the lock


def remove_leftovers(folder: Path, name: str | None = None) -> None:
    """Remove the unfinished files and folders in a folder that no process is writing.

    Args:
        name: Name that the file or folder was to have; None for all.
    """
    for part in folder.glob(f".{escape(name) if name else '*'}.*{SUFFIX}"):
        with suppress(OSError):  # another process writes it, or has removed it
            handle = os.open(part, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if part.is_dir():
                    shutil.rmtree(part)
                else:
                    part.unlink()
            finally:
                os.close(handle)
