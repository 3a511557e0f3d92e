"""Files and folders that are written whole or not at all."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from src.utils.leftovers import new_part


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it takes the final name only if the block ends without an error.

    A device or pipe is not replaced: it is yielded itself. A link stays, and the file it leads to is replaced.

    Raises:
        IsADirectoryError: there is a folder of this name.
    """
    if not is_replaceable(path):
        yield path
        return
    path = Path(os.path.realpath(path)) if path.is_symlink() else path
    part, handle = new_part(path)
    try:
        yield part
        part.chmod(permitted(0o666))  # with the 0600 of mkstemp, colleagues could not read shared results
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
        os.close(handle)


def is_replaceable(path: Path) -> bool:
    """Check for a plain file, a link to one, or nothing; not for a device, a pipe or a socket.

    Raises:
        IsADirectoryError: there is a folder of this name.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return True
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(f"{path}: found a folder, expected a file to write, or none; choose another name")
    return stat.S_ISREG(mode)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; it replaces `path` only if the block ends without an error."""
    part, handle = new_part(path, folder=True)
    try:
        yield part
        part.chmod(permitted(0o777))
        if path.exists():
            shutil.rmtree(path)
        part.replace(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        os.close(handle)


def permitted(mode: int) -> int:
    """Bits of `mode` that the umask allows; the umask can only be read by setting it."""
    umask = os.umask(0)
    os.umask(umask)
    return mode & ~umask


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8")
